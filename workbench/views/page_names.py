"""Gives a role to the one part of the page that Panel leaves without."""

from panel.custom import JSComponent


class PageNames(JSComponent):
    """Makes the edge of the left column, which is dragged, a separator.

    Panel Material gives it a name but no role, so that screen readers skip the name.
    """

    _esm = """
export function render({ view }) {
  const edges = root => [...root.querySelectorAll("*")].flatMap(node => [
    ...node.matches('[aria-label="Resize sidebar"]') ? [node] : [],
    ...node.shadowRoot ? edges(node.shadowRoot) : [],
  ])
  const name = () => {
    for (const edge of edges(document)) {
      edge.setAttribute("role", "separator")
      edge.setAttribute("aria-orientation", "vertical")
    }
  }
  const page = view.model.document
  if (page.is_idle) name()
  else page.idle.connect(name)
}"""

    def __init__(self) -> None:
        super().__init__(width=1, height=1, margin=0)

"""How wide the window is: below a limit there is no room for three columns."""

import param
from panel.custom import JSComponent

#: Below this width, px, the inspector becomes a drawer.
NARROW = 1200


class Screen(JSComponent):
    """Reports whether the window is narrow."""

    narrow = param.Boolean(default=False)
    limit = param.Integer(default=NARROW)

    _esm = """
export function render({ model, view }) {
  const query = window.matchMedia(`(max-width: ${model.limit - 1}px)`)
  const tell = () => { model.narrow = query.matches }
  query.addEventListener('change', tell)
  model.on('remove', () => query.removeEventListener('change', tell))
  // An answer to what is sent while the page is still being drawn would be lost.
  const page = view.model.document
  if (page.is_idle) tell()
  else page.idle.connect(tell)
}"""

    def __init__(self) -> None:
        super().__init__(width=1, height=1, margin=0)

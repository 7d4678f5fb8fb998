"""How wide the window is: below a limit there is no room for three columns."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

#: Below this width, px, the inspector becomes a drawer.
NARROW = 1200


class Screen(JSComponent):
    """Calls ``on_width(narrow)`` when the page is drawn, and when it changes."""

    limit = param.Integer(default=NARROW)

    _esm = """
export function render({ model, view }) {
  const query = window.matchMedia(`(max-width: ${model.limit - 1}px)`)
  const tell = () => model.send_msg(query.matches)
  query.addEventListener('change', tell)
  model.on('remove', () => query.removeEventListener('change', tell))
  // An answer that comes while the page is still being drawn can get lost.
  const page = view.model.document
  const tellTwice = () => { tell(); setTimeout(tell, 700) }
  if (page.is_idle) tellTwice()
  else page.idle.connect(tellTwice)
}"""

    def __init__(self, on_width: Callable[[bool], None]) -> None:
        self._on_width = on_width
        super().__init__(width=1, height=1, margin=0)

    def _handle_msg(self, msg: Any) -> None:
        self._on_width(bool(msg))

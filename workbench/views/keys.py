"""Keyboard shortcuts of the page; ignored while the user types in a field."""

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent


class Keys(JSComponent):
    """Calls ``handlers[name]`` for a key such as ``"ctrl+z"`` or ``" "``.

    Single keys act only when the focus is on the page or the canvas.
    """

    names: list[str] = param.List(default=[])

    _esm = """
export function render({ model }) {
  const tags = e => e.composedPath().filter(n => n.tagName)
  const typing = e => tags(e).some(
    n => n.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(n.tagName) && n.type !== 'range'),
  )
  const control = e => tags(e).some(n => /^(INPUT|BUTTON|A|SELECT)$/.test(n.tagName)
    || ['button', 'slider', 'combobox', 'option', 'menuitem'].includes(n.getAttribute('role')))
  const press = e => {
    const key = e.key.toLowerCase()
    const held = e.ctrlKey || e.metaKey
    const name = (held ? 'ctrl+' : '') + (held && e.shiftKey ? 'shift+' : '') + key
    if (!model.names.includes(name) || e.altKey || typing(e) || (!held && control(e))) return
    e.preventDefault()
    model.send_msg(name)
  }
  document.addEventListener('keydown', press)
  model.on('remove', () => document.removeEventListener('keydown', press))
}"""

    def __init__(self, handlers: dict[str, Callable[[], None]], **params: Any) -> None:
        self._handlers = handlers
        super().__init__(names=list(handlers), width=1, height=1, margin=0, **params)

    def _handle_msg(self, msg: Any) -> None:
        act = self._handlers.get(str(msg))
        if act is not None:
            act()

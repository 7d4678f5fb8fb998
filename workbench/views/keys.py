"""Keyboard shortcuts of the page; ignored while the user types in a field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent


class Keys(JSComponent):
    """Calls ``handlers[name]`` for a key such as ``"ctrl+z"`` or ``" "``.

    Single keys act only when the focus is on the page or the canvas.
    """

    names: list[str] = param.List(default=[])
    unsaved: bool = param.Boolean(default=False, doc="Ask before the page is left.")

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self, handlers: dict[str, Callable[[], None]], **params: Any) -> None:
        self._handlers = handlers
        super().__init__(names=list(handlers), width=1, height=1, margin=0, **params)

    def focus(self, css_class: str) -> None:
        """Put the focus on the first control inside an element with this class."""
        self._send_msg({"focus": css_class})

    def _handle_msg(self, msg: Any) -> None:
        act = self._handlers.get(str(msg))
        if act is not None:
            act()

"""The tools beside the plots: a column of buttons, and the one tool that is open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import JSComponent

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tool:
    """One tool of the page.

    :param label: one short word, under the icon
    :param help: what it is for, with its key
    :param icon: outline in a square of 24
    :param make: makes the view, at the first opening
    :param width: room that it needs, px
    """

    name: str
    label: str
    help: str
    icon: str
    make: Callable[[], Any]
    width: int = 332


class Rail(JSComponent):
    """Buttons of the tools; calls ``on_press(name)``."""

    tools: list[dict[str, str]] = param.List(default=[])
    pressed: str = param.String(default="")

    _esm = HERE / "rail.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "rail.css"]

    def __init__(self, on_press: Callable[[str], None], **params: Any) -> None:
        self._on_press = on_press
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        self._on_press(str(msg))


class Tools(pn.viewable.Viewer):
    """Shows at most one tool at a time, and keeps what was made.

    Views that have a parameter ``active`` hear whether they are seen, and ``dark``.
    """

    open: str = param.String(default="", doc="Name of the open tool; empty: none.")
    dark = param.Boolean(default=False)

    def __init__(self, tools: Sequence[Tool], **params: Any) -> None:
        super().__init__(**params)
        self._tools = {tool.name: tool for tool in tools}
        self._only: tuple[str, ...] = ()
        self._made: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}
        shown = [
            {"name": t.name, "label": t.label, "help": t.help, "icon": t.icon}
            for t in tools
        ]
        self.rail = Rail(
            self.toggle, tools=shown, width=60, sizing_mode="stretch_height", margin=0
        )
        self.panel = pn.Column(sizing_mode="stretch_both", margin=0, scroll="y-auto")
        self.param.watch(lambda *_: self._show(), "open")
        self.param.watch(lambda *_: self._pass_on(), "dark")
        self._show()

    def __panel__(self) -> Any:
        return pn.Row(self.panel, self.rail)

    @property
    def width(self) -> int:
        """Room for the open tool, px; 0 if none is open."""
        return self._tools[self.open].width if self.open else 0

    def toggle(self, name: str) -> None:
        """Open the tool ``name``, or close it if it is open."""
        if name in self._tools and (not self._only or name in self._only):
            self.open = "" if name == self.open else name

    def keep(self, *names: str) -> None:
        """Offer the tools ``names`` alone and open the first: a teacher's link."""
        self._only = names
        self.rail.tools = [tool for tool in self.rail.tools if tool["name"] in names]
        self.open = names[0]

    def view(self, name: str) -> Any:
        """Return the view of the tool ``name``; it is made at the first call."""
        if name not in self._made:
            self._made[name] = self._tools[name].make()
        return self._made[name]

    def _show(self) -> None:
        if self._only and self.open not in ("", *self._only):
            self.open = self._only[0]
            return
        if self.open and self.open not in self._shown:
            made = pn.panel(self.view(self.open))
            self._shown[self.open] = made
            self.panel.append(made)
        for name, made in self._shown.items():
            made.visible = name == self.open
        self._pass_on()
        self.rail.pressed = self.open

    def _pass_on(self) -> None:
        """Tell the views whether they are seen, and on which background."""
        for name, view in self._made.items():
            if "active" in view.param:
                view.active = name == self.open
            if "dark" in view.param:
                view.dark = self.dark

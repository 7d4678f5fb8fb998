"""The drawer under the plots: one view at a time, made when it is first opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import JSComponent

STYLE = """
.tabs {
  display: flex; align-items: center; min-height: 30px; width: 100%;
  font: 400 13px Roboto, Helvetica, Arial, sans-serif;
  border-top: 1px solid color-mix(in srgb, var(--panel-on-background-color) 14%,
    transparent);
}
.names { display: flex; gap: 2px; overflow-x: auto; }
button {
  font: inherit; padding: 4px 8px; border: 0; background: none; cursor: pointer;
  color: color-mix(in srgb, var(--panel-on-background-color) 72%, transparent);
  border-radius: 5px; white-space: nowrap;
}
button:hover { background: color-mix(in srgb, var(--panel-on-background-color) 7%,
  transparent); }
[aria-selected="true"] {
  color: var(--panel-on-background-color); font-weight: 500; border-radius: 0;
  box-shadow: inset 0 -2px var(--panel-primary-color);
}
[hidden] { display: none; }
.close { margin-left: auto; font-size: 17px; line-height: 1; padding: 3px 10px; }
:focus-visible { outline: 2px solid var(--panel-primary-color); outline-offset: -2px; }
"""

#: Height of what is open, px.
HEIGHT = 250


class DrawerPage(pn.viewable.Viewer):
    """What a drawer shows: ``_view``, drawn only between `show` and `hide`."""

    dark = param.Boolean(default=False)
    _open = False
    _view: Any

    def __panel__(self) -> Any:
        return self._view

    def show(self) -> None:
        """Draw, and follow what is shown from now on."""
        self._open = True
        self._draw()

    def hide(self) -> None:
        """Stop following; work under way goes on."""
        self._open = False

    def _draw(self) -> None:
        raise NotImplementedError


class Tabs(JSComponent):
    """The row of tabs."""

    names: list[str] = param.List(default=[])
    shown: str = param.String(default="")

    _esm = Path(__file__).with_suffix(".js")
    _stylesheets: ClassVar[list[str]] = [STYLE]

    def __init__(self, on_open: Callable[[str], None], **params: Any) -> None:
        self._on_open = on_open
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if msg == "" or msg in self.names:
            self._on_open(str(msg))


class Drawer(pn.viewable.Viewer):
    """Tabs that open one page at a time below them; closed by default.

    :param pages: by the name on their tab, how each is made
    """

    dark = param.Boolean(default=False)

    def __init__(
        self, pages: dict[str, Callable[[], DrawerPage]], **params: Any
    ) -> None:
        super().__init__(**params)
        self._makers = pages
        self.pages: dict[str, DrawerPage] = {}
        self.tabs = Tabs(
            self.open, names=list(pages), sizing_mode="stretch_width", margin=(0, 8)
        )
        self._place = pn.Column(
            sizing_mode="stretch_width", height=HEIGHT, visible=False, margin=(0, 8)
        )
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._view = pn.Column(self.tabs, self._place, sizing_mode="stretch_width")

    def __panel__(self) -> Any:
        return self._view

    def page(self, name: str) -> DrawerPage:
        """Return the page ``name``, made now if it was not."""
        if name not in self.pages:
            self.pages[name] = self._makers[name]()
            self._restyle()
        return self.pages[name]

    def open(self, name: str) -> None:
        """Open a page, or close the drawer if ``name`` is empty."""
        before = self.tabs.shown
        if name == before:
            return
        if before:
            self.pages[before].hide()
        self.tabs.shown = name
        if name:
            page = self.page(name)
            page.show()
            self._place.objects = [page]
        self._place.visible = bool(name)

    def _restyle(self) -> None:
        for page in self.pages.values():
            page.dark = self.dark

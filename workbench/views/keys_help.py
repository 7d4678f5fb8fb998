"""The map of the keyboard, opened with "?"."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from workbench.theme import MATERIAL, SURFACES, TEXT, mode

#: Where the keys act, then key and what it does.
KEYS = {
    "Everywhere": (
        ("Space", "run once"),
        ("L", "live on or off"),
        ("R", "rewind: the same seeds again"),
        ("N", "another chip"),
        ("G", "go to the graph"),
        ("I, H, K", "parameters, chip, program"),
        ("Ctrl+Z, Ctrl+Y", "undo, redo"),
        ("?", "this map"),
    ),
    "In the graph": (
        ("Tab, Shift+Tab", "next, previous box or arrow"),
        ("Enter", "select; again: its parameters"),
        ("Shift+click, Shift+drag", "select several"),
        ("Ctrl+A", "select all"),
        ("Arrow keys", "move what is selected"),
        ("C", "connect to the box that is chosen next"),
        ("F2, double click", "rename"),
        ("W, double click on an arrow", "weights"),
        ("Ctrl+C, X, V, D", "copy, cut, paste, duplicate"),
        ("Delete", "remove"),
        ("+, −, F", "zoom in, out, fit into view"),
        ("Esc", "leave what is under way"),
    ),
}


class KeysHelp(pn.viewable.Viewer):
    """A dialog with all keys; they act while no field has the focus."""

    dark: bool = param.Boolean(default=False)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.dialog = pmui.Dialog(
            title="Keyboard",
            width_option="sm",
            show_close_button=True,
            close_on_click=True,
        )
        self.dialog.param.watch(lambda *_: self._closed(), "open")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()

    def __panel__(self) -> Any:
        return self.dialog

    def show(self) -> None:
        """Open the dialog."""
        color = TEXT[mode(self.dark)]["main"]
        table = pn.pane.HTML(
            f'<div style="color:{color}">{_tables()}</div>',
            sizing_mode="stretch_width",
        )
        self.dialog.objects = [table]
        self.dialog.open = True

    def _closed(self) -> None:
        if not self.dialog.open:
            self.dialog.objects = []

    def _restyle(self) -> None:
        paper = {
            "backgroundImage": "none",
            "backgroundColor": SURFACES[mode(self.dark)]["card"],
        }
        self.dialog.param.update(
            dark_theme=self.dark,
            theme_config=MATERIAL,
            sx={".MuiDialog-paper": paper, ".MuiPaper-root": paper},
        )


def _tables() -> str:
    parts = []
    for where, keys in KEYS.items():
        rows = "".join(
            f'<tr><td style="padding:2px 18px 2px 0;white-space:nowrap">'
            f'<kbd>{key}</kbd></td><td style="padding:2px 0">{does}</td></tr>'
            for key, does in keys
        )
        parts.append(
            f'<div style="font-weight:600;margin:8px 0 4px">{where}</div>'
            f'<table style="border-collapse:collapse;font-size:14px">{rows}</table>'
        )
    return "".join(parts)

"""The toolbar of the graph: the Edit menu, undo and redo.

Every gesture of the canvas is here, too, for those who use neither mouse nor keys.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

if TYPE_CHECKING:
    from workbench.views.graph_editor import GraphEditor

#: Label of the menu, command, key.
ENTRIES = (
    ("Copy", "copy", "Ctrl+C"),
    ("Cut", "cut", "Ctrl+X"),
    ("Paste", "paste", "Ctrl+V"),
    ("Duplicate", "duplicate", "Ctrl+D"),
    ("Delete", "delete", "Del"),
    ("Select all", "all", "Ctrl+A"),
    ("Rename", "rename", "F2"),
    ("Connect to…", "join", "C"),
    ("New connection…", "connection", ""),
    ("Weights…", "weights", "W"),
    ("Align left", "align left", ""),
    ("Align top", "align top", ""),
    ("Distribute horizontally", "distribute horizontally", ""),
    ("Distribute vertically", "distribute vertically", ""),
    ("Next colour", "color", ""),
    ("Reset parameters", "reset", ""),
    ("Reverse connection", "reverse", ""),
    ("Invert signs", "invert", ""),
    ("Lay out", "layout", ""),
    ("Fit into view", "fit", "F"),
)


class GraphToolbar(pn.viewable.Viewer):
    """Edit menu, connection and weights, undo and redo."""

    visible: bool = param.Boolean(default=True)

    def __init__(self, editor: "GraphEditor", **params: Any) -> None:
        super().__init__(**params)
        self._editor = editor
        project = editor.project
        self._labels = {_label(text, key): name for text, name, key in ENTRIES}
        self._menu = pmui.MenuButton(
            label="Edit",
            items=[{"label": label} for label in self._labels],
            size="small",
            variant="outlined",
            margin=(8, 3),
        )
        self._menu.on_click(self._clicked)
        self.undo = _icon("undo", "Undo", project.undo)
        self.redo = _icon("redo", "Redo", project.redo)
        keys = _icon("keyboard", "Keyboard map (?)", editor.help.show)
        self._row = pn.Row(
            self._menu, pn.HSpacer(), keys, self.undo, self.redo, margin=(0, 8)
        )
        self.param.watch(lambda e: setattr(self._row, "visible", e.new), "visible")
        project.param.watch(lambda *_: self._enable(), ["can_undo", "can_redo"])
        self._enable()

    def __panel__(self) -> Any:
        return self._row

    def _enable(self) -> None:
        project = self._editor.project
        self.undo.disabled = not project.can_undo
        self.redo.disabled = not project.can_redo

    def _clicked(self, item: Any) -> None:
        label = item.get("label") if isinstance(item, dict) else item
        self._editor.commands.run(self._labels.get(str(label), ""))


def _label(text: str, key: str) -> str:
    return f"{text} ({key})" if key else text


def _icon(name: str, label: str, act: Callable[[], None]) -> Any:
    made = pmui.IconButton(icon=name, description=label, size="small", margin=(6, 0))
    made.on_click(lambda _: act())
    return made

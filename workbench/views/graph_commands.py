"""What the Edit menu and the keys of the canvas do, by name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.spec import edit, rework
from core.spec.experiment import ExperimentSpec
from workbench.views import graph_gestures as gestures

if TYPE_CHECKING:
    from workbench.views.graph_editor import GraphEditor

#: What a copy is moved by, px; each further paste goes as far again.
STEP = 30.0


class Commands:
    """The commands of one editor; they act on its selection unless told on what."""

    def __init__(self, editor: "GraphEditor") -> None:
        self._editor = editor
        self._copied: tuple[ExperimentSpec, tuple[str, ...]] | None = None
        self._pasted = 0
        self._acts: dict[str, Callable[[tuple[str, ...]], None]] = {
            "all": lambda _: self._select_all(),
            "copy": self._copy,
            "cut": self._cut,
            "paste": lambda _: self._paste(),
            "duplicate": self._duplicate,
            "delete": self._delete,
            "layout": self._lay_out,
            "rename": self._rename,
            "join": self._join,
            "fit": lambda _: editor.canvas.tell("fit"),
            "connection": self._connection,
            "weights": self._weights,
            "color": self._reworker(rework.recolor),
            "reset": self._reworker(rework.reset),
            "invert": self._reworker(rework.invert),
            "reverse": self._reverse,
        }
        for edge in edit.ALIGNMENTS:
            self._acts[f"align {edge}"] = self._arranger(edit.align, edge)
        for axis in edit.AXES:
            self._acts[f"distribute {axis}"] = self._arranger(edit.distribute, axis)

    def run(self, name: str, names: list[str] | None = None) -> None:
        """Run the command ``name``, on ``names`` or on the selection."""
        act = self._acts.get(name)
        if act is not None:
            act(tuple(names) if names else self._editor.selection)

    @property
    def can_paste(self) -> bool:
        """Whether something has been copied."""
        return self._copied is not None

    @property
    def _spec(self) -> ExperimentSpec:
        return self._editor.project.spec

    def _boxes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(gestures.boxes_of(self._spec, names))

    def _select_all(self) -> None:
        self._editor.choose(self._spec.network.names)

    def _copy(self, names: tuple[str, ...]) -> None:
        boxes = self._boxes(names)
        if boxes:
            self._copied, self._pasted = (self._spec, boxes), 0

    def _cut(self, names: tuple[str, ...]) -> None:
        self._copy(names)
        self._delete(names)

    def _paste(self) -> None:
        if self._copied is not None:
            self._pasted += 1
            self._add_copies(*self._copied, self._pasted * STEP)

    def _duplicate(self, names: tuple[str, ...]) -> None:
        self._add_copies(self._spec, self._boxes(names), STEP)

    def _add_copies(
        self, source: ExperimentSpec, names: tuple[str, ...], by: float
    ) -> None:
        if not names:
            return
        spec, made = edit.paste(self._spec, source, names, (by, by))
        # What is selected belongs to the same step: it is seen where it appears.
        alone = made[0] if len(made) == 1 else None
        spec = spec.replace(view=spec.view.replace(selected=alone))
        self._editor.project.edit(spec)
        self._editor.choose(made)

    def _delete(self, names: tuple[str, ...]) -> None:
        self._editor.attempt(lambda: edit.remove(self._spec, names))

    def _lay_out(self, names: tuple[str, ...]) -> None:
        boxes = self._boxes(names)
        some = boxes if len(boxes) > 1 else None
        self._editor.attempt(
            lambda: edit.move(self._spec, gestures.layered(self._spec, some))
        )
        if some is None:
            self._editor.canvas.tell("fit")

    def _arranger(
        self, arrange: Callable[..., ExperimentSpec], how: str
    ) -> Callable[[tuple[str, ...]], None]:
        return lambda names: self._editor.project.edit(
            arrange(self._spec, self._boxes(names), how)
        )

    def _reworker(
        self, change: Callable[..., ExperimentSpec]
    ) -> Callable[[tuple[str, ...]], None]:
        def act(names: tuple[str, ...]) -> None:
            self._editor.attempt(lambda: change(self._spec, names))

        return act

    def _reverse(self, names: tuple[str, ...]) -> None:
        made: list[str] = []

        def turned() -> ExperimentSpec:
            spec, made[:] = rework.reverse(self._spec, names)
            return spec

        self._editor.attempt(turned)
        if made:
            self._editor.choose(tuple(made))

    def _rename(self, names: tuple[str, ...]) -> None:
        for name in self._boxes(names)[:1]:
            self._editor.canvas.tell("rename", name=name)

    def _join(self, names: tuple[str, ...]) -> None:
        for name in self._boxes(names)[:1]:
            self._editor.canvas.tell("join", name=name)

    def _connection(self, names: tuple[str, ...]) -> None:
        self._editor.connection.open(source=next(iter(self._boxes(names)), None))

    def _weights(self, names: tuple[str, ...]) -> None:
        for projection in self._spec.network.projections:
            if projection.name in names[:1]:
                self._editor.connection.open(projection.name)

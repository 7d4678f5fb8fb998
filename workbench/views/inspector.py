"""The inspector: what is selected, its parameters, and the forms of canvas gestures."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from core.chip.results import Execution
from core.errors import Problem
from core.spec import edit
from core.spec.edit import color_of
from core.spec.network import InputSpec
from workbench.forms import Line, common_lines, lines, subjects
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, mode, population_color
from workbench.views.parameter_form import ParameterForm
from workbench.views.select import Select
from workbench.views.stimulus_view import StimulusView

EXPERIMENT, SEVERAL = "experiment", "several"


class Inspector(pn.viewable.Viewer):
    """Sliders of the selected population or projection, or of the experiment.

    :param runner: whose last run on the chip tells the codes; None: nobody does
    """

    dark = param.Boolean(default=False)
    chosen: tuple[str, ...] = param.ClassSelector(
        class_=tuple, default=(), doc="What is selected on the canvas; may be several."
    )

    def __init__(
        self, project: Project, runner: Runner | None = None, **params: Any
    ) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._execution: Execution | None = None  # of the last run on the chip
        self._lines: dict[str, Line] = {}
        self._offered: Any = None
        self.stimulus: StimulusView | None = None  # made for the first input
        self._place = pn.Column(sizing_mode="stretch_width", margin=0)
        self._form = ParameterForm(self._edited, sizing_mode="stretch_width")
        self._subject = Select(
            label="Selected", size="small", sizing_mode="stretch_width", margin=(8, 12)
        )
        self._connect = Select(
            label="Connect to…",
            size="small",
            sizing_mode="stretch_width",
            margin=(0, 8, 0, 0),
        )
        self._delete = pmui.Button(
            label="Delete", size="small", variant="outlined", color="error", margin=0
        )
        self._actions = pn.Row(
            self._connect, self._delete, margin=(4, 12), align="center"
        )
        self._subject.param.watch(self._chosen, "value")
        self._connect.param.watch(self._connected, "value")
        self._delete.on_click(lambda _: self._deleted())
        self._view = pn.Column(
            self._subject,
            pn.Column(self._form, margin=(0, 12), sizing_mode="stretch_width"),
            self._place,
            self._actions,
            sizing_mode="stretch_width",
            css_classes=["hx-inspector"],
        )
        project.param.watch(lambda *_: self._draw(), ["spec", "problems"])
        project.param.watch(lambda *_: setattr(self, "_execution", None), "opened")
        self.param.watch(lambda *_: self._draw(), ["dark", "chosen"])
        if runner is not None:
            runner.param.watch(lambda *_: self._ran(), "result")
        self._draw()

    def __panel__(self) -> Any:
        return self._view

    @property
    def together(self) -> tuple[str, ...]:
        """What is edited together; empty if it is one thing, or the experiment."""
        found = subjects(self.project.spec, self.chosen)
        alone = self.project.spec.view.selected is not None or len(found) < 2
        return () if alone else found

    def _draw(self) -> None:
        spec, problems = self.project.spec, self.project.problems
        selected = spec.view.selected
        together = self.together
        if together:
            found = common_lines(spec, together, self._execution)
        else:
            found = lines(spec, problems, self._execution)
        self._lines = {line.id: line for line in found}
        accent = self._accent(selected)
        style = f":host {{--accent: {accent}; --problem: {PROBLEM[mode(self.dark)]}}}"
        self._form.param.update(
            lines=[line.shown() for line in found],
            subject=" ".join(together) or f"{type(spec).__name__} {selected}",
            stylesheets=[style],
        )
        self._draw_stimulus(selected, accent)
        self._offer(selected)

    def _draw_stimulus(self, selected: str | None, accent: str) -> None:
        populations = self.project.spec.network.populations
        inputs = {p.name for p in populations if isinstance(p, InputSpec)}
        if self.stimulus is None and selected in inputs:
            self.stimulus = StimulusView(self.project, self.runner)
            self._place.append(self.stimulus)
        if self.stimulus is not None:
            self.stimulus.param.update(dark=self.dark, accent=accent)

    def _ran(self) -> None:
        """Show the codes of a new run on the chip."""
        result = self.runner.result if self.runner is not None else None
        if result is not None and result.execution is not None:
            self._execution = result.execution
            self._draw()

    def _accent(self, selected: str | None) -> str:
        network = self.project.spec.network
        for projection in network.projections:
            if projection.name == selected:
                selected = projection.source
        if selected is None or selected not in {p.name for p in network.populations}:
            return "var(--panel-primary-color)"
        return population_color(color_of(network, selected), self.dark)

    def _offer(self, selected: str | None) -> None:
        """Fill the menus with what there is."""
        network = self.project.spec.network
        ends = [(p.name, p.source, p.target) for p in network.projections]
        together = self.together
        offered = (
            selected,
            together,
            [(p.name, p.kind) for p in network.populations],
            ends,
        )
        if offered == self._offered:
            return
        self._offered = offered
        kinds = {p.name: f"{p.name} · {p.kind}" for p in network.populations}
        edges = {p.name: f"{p.source} → {p.target}" for p in network.projections}
        options = {"whole experiment": EXPERIMENT}
        if together:
            options |= {f"{len(together)} together: {', '.join(together)}": SEVERAL}
        options |= {text: name for name, text in kinds.items()}
        options |= {self._free(text, options): name for name, text in edges.items()}
        self._subject.param.update(
            options=options, value=SEVERAL if together else selected or EXPERIMENT
        )
        self._actions.visible = selected is not None or bool(together)
        can_send = selected in kinds and network.population(str(selected)).spiking
        self._connect.visible = can_send
        if can_send:
            targets = [
                name
                for name in kinds
                if edit.refusal(network, str(selected), name) is None
            ]
            self._connect.param.update(options=["", *targets], value="")

    @staticmethod
    def _free(text: str, taken: dict[str, str]) -> str:
        while text in taken:
            text += " (again)"
        return text

    def _chosen(self, event: Any) -> None:
        if event.new == SEVERAL:
            return
        if event.new in (None, EXPERIMENT):
            self.chosen = ()
            self.project.select(None)
        else:
            self.project.select(event.new)

    def _connected(self, event: Any) -> None:
        source = self.project.spec.view.selected
        if event.new and source:
            self.project.attempt(
                lambda: edit.connect(self.project.spec, source, event.new)
            )

    def _deleted(self) -> None:
        selected = self.project.spec.view.selected
        names = self.together or (() if selected is None else (selected,))
        if names:
            self.project.edit(edit.remove(self.project.spec, names))

    def _edited(self, name: str, value: Any) -> None:
        """Put an edited value into the document; what browsers send is checked."""
        name, _, act = name.partition(":") if isinstance(name, str) else ("", "", "")
        line = self._lines.get(name)
        if line is None or (act and act not in line.acts):
            return
        if act:
            put = line.acts[act]
            self.project.attempt(lambda: put(self.project.spec, value))
            return
        if not line.accepts(value):
            kind = {"number": "number", "switch": "switch"}.get(line.kind, "text")
            self.project.message = Problem(line.label, f"that is no {kind} for it.")
            return
        subject = self.together or self.project.spec.view.selected
        self.project.attempt(
            lambda: line.put(self.project.spec, value), key=(subject, name)
        )
        if line.id == "name":
            self._draw()  # a refused name must not stay in the field

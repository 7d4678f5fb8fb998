"""What the lab sees, and what really happens: a switch over one neuron."""

from html import escape
from typing import Any, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui

from core.chip.readout import MADC_OFFSET, MADC_PER_LSB
from core.chip.results import Execution, Observables, Truth
from core.errors import HXError
from core.inside import look_inside, of_circuit
from core.spec.network import LISpec
from core.units import CYCLE
from workbench.plots.inside import InsidePlots, Samples
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.chip_tab import ONE_LINE, Newest, Tab

LAB: Final = "What the lab sees"
REAL: Final = "What really happens"


class InsideTab(Tab):
    """Converters against the true membrane, and the currents nobody can measure."""

    title = "Inside"

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(project, runner, **params)
        self._truth: Truth | str | None = None  # a str is why there is none
        self._of: Execution | None = None
        self._work = Newest[tuple[Execution, Truth | str]](runner, self._took)
        self.plots = InsidePlots()
        self._color = ""
        self._fitted: Any = None
        self._switch = pmui.RadioButtonGroup(
            options=[LAB, REAL], value=LAB, size="small", sx=ONE_LINE, margin=(6, 8)
        )
        self._run = pmui.Button(
            label="Run on the chip",
            description="Run on the chip: so that there is something to see",
            size="small",
            variant="outlined",
            margin=(6, 8),
        )
        self._said = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        wide = {"sizing_mode": "stretch_width", "margin": (0, 4)}
        # A column, because Panel shows a pane of Bokeh whatever its ``visible`` says.
        self._currents = pn.Column(
            pn.pane.Bokeh(self.plots.currents, **wide),
            visible=False,
            sizing_mode="stretch_width",
        )
        self._figures = pn.Column(
            pn.pane.Bokeh(self.plots.membrane, **wide),
            self._currents,
            sizing_mode="stretch_width",
        )
        self._view = pn.Column(
            pn.Row(self._switch, self._run, sizing_mode="stretch_width"),
            self._said,
            self._figures,
            sizing_mode="stretch_width",
        )
        self._switch.param.watch(lambda *_: runner.later(self._draw), "value")
        self._run.on_click(lambda _: self._on_chip())

    def __panel__(self) -> Any:
        return self._view

    def refresh(self) -> None:
        """Draw one neuron of the last run on the chip."""
        execution = self.execution()
        name, neuron = self._neuron()
        self._run.visible = self.spec.run.mode == "mock"
        self._figures.visible = execution is not None and name in execution.observables
        if execution is None or name not in execution.observables:
            self._said.object = self.quiet(
                "There is nothing to measure in mock."
                if self.spec.run.mode == "mock"
                else "Shown as soon as the document has run on the chip."
            )
            return
        if execution is not self._of:
            self._of, self._truth = execution, None
        real = self._switch.value == REAL
        if real and self._truth is None:
            chip, trial = self.spec.chip, self.spec.run.trial
            self._work.ask(lambda: (execution, _truth(execution, chip, trial)))
        self._currents.visible = real
        self._draw_neuron(execution, name, neuron, real)

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self._color = ""

    def _draw_neuron(
        self, execution: Execution, name: str, neuron: int, real: bool
    ) -> None:
        color = self.colors()[name]
        if color != self._color:
            self._color = color
            self.plots.style(color, self.dark)
        assert execution.placement is not None, "observed"
        circuit = int(execution.placement.circuits[name][neuron])
        why = self._truth if isinstance(self._truth, str) else ""
        inside = None
        if real and isinstance(self._truth, Truth):
            inside = of_circuit(self._truth, circuit)
        cadc, madc = _samples(execution.observables[name], neuron, self._is_madc(name))
        self.plots.draw(cadc, madc, inside)
        fitted = (name, neuron, real, inside is None, execution.network.madc)
        if fitted != self._fitted:
            self._fitted = fitted
            self.plots.fit()
        self.plots.membrane.title.text = (
            f"membrane of {name} {neuron}, circuit {circuit}"
        )
        self._said.object = self.quiet(why or self._words(cadc, inside))

    def _words(self, cadc: Samples | None, inside: Any) -> str:
        count = 0 if cadc is None else len(cadc[0])
        if self._switch.value == LAB:
            return (
                f"A lab has {count} CADC samples of each neuron and the MADC of one."
                " All else is guessed. Choose a neuron on the map."
            )
        if inside is None or cadc is None or not count:
            return "The run is repeated with everything kept …"
        at = np.interp(cadc[0], inside.time, inside.membrane)
        off = float(np.sqrt(np.mean((cadc[1] - at) ** 2)))
        return (
            "The same run with everything kept, which no silicon allows. The CADC is"
            f" off by {off:.2g} LSB (RMS) and misses what is between its samples."
        )

    def _neuron(self) -> tuple[str, int]:
        """Return the neuron whose membrane is shown on the page."""
        recording = self.spec.recording
        neurons = [p for p in self.spec.network.populations if isinstance(p, LISpec)]
        for population in neurons:
            if population.name == recording.madc_population:
                return population.name, min(recording.madc_neuron, population.size - 1)
        return (neurons[0].name, 0) if neurons else ("", 0)

    def _is_madc(self, name: str) -> bool:
        return self.spec.recording.madc_population == name

    def _took(self, found: tuple[Execution, Truth | str]) -> None:
        of, truth = found
        if of is self._of:
            self._truth = truth
            self._draw()

    def _on_chip(self) -> None:
        run = self.spec.run.replace(mode="both")
        self.project.edit(self.spec.replace(run=run))


def _truth(execution: Execution, chip: Any, trial: int) -> Truth | str:
    """Return what is true of a run, or why it cannot be shown."""
    try:
        return look_inside(execution, chip, trial)
    except HXError as error:
        return escape(str(error))


def _samples(
    observed: Observables, neuron: int, reads_madc: bool
) -> tuple[Samples | None, Samples | None]:
    """Return what the CADC and the MADC read: times in s, raw values in LSB."""
    cadc = madc = None
    if len(observed.cadc):
        side = int(observed.hemisphere[neuron])
        time = observed.cadc_cycles[:, 0, side] * CYCLE
        cadc = time, observed.cadc[:, 0, neuron].astype(np.float64)
    if reads_madc and observed.madc is not None and observed.madc.size:
        lsb = (observed.madc[1, :, 0] - MADC_OFFSET) / MADC_PER_LSB
        madc = observed.madc[0, :, 0] * CYCLE, lsb
    return cadc, madc

"""Whose membranes are drawn: a population, and its neurons by index or circuit."""

from typing import Any

import panel as pn

from core.errors import Problem
from core.spec.network import LISpec
from workbench.plots.traces import format_indices
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.select import Select
from workbench.views.shown import named_neurons, shown_neurons

HELP = (
    "Neurons by index, for example 0, 3-5 (at most eight; the first is read by the "
    "MADC), or by circuit of the chip, for example c131."
)


class PlotChoice(pn.viewable.Viewer):
    """*Membrane of* a population, *neurons* as a list of indices."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.population = Select(
            label="Membrane of", size="small", width=150, margin=(6, 6, 2, 8)
        )
        # Panel's own field: the Material ones take only the first Enter.
        self.neurons = pn.widgets.TextInput(
            label="neurons", description=HELP, width=104, margin=(2, 8, 2, 0)
        )
        self.population.param.watch(lambda e: self._choose(e.new), "value")
        self.neurons.param.watch(lambda e: self._type(e.new), "value")
        project.param.watch(lambda *_: self._offer(), "spec")
        self._view = pn.Row(self.population, self.neurons, margin=0)
        self._offer()

    def __panel__(self) -> Any:
        return self._view

    def _offer(self) -> None:
        populations = self.project.spec.network.populations
        names = [p.name for p in populations if isinstance(p, LISpec)]
        shown = shown_neurons(self.project.spec)
        if self.population.options != names:
            self.population.options = names
        if shown is not None:
            self.neurons.value = format_indices(shown[1])
            self.population.value = shown[0].name

    def _choose(self, name: str | None) -> None:
        shown = shown_neurons(self.project.spec)
        if name and (shown is None or name != shown[0].name):
            self.project.look(neurons=())
            self.project.record(name, 0)

    def _type(self, text: str) -> None:
        shown = shown_neurons(self.project.spec)
        if shown is None or text == format_indices(shown[1]):
            return
        try:
            name, neurons = named_neurons(text, self.project.spec, self.runner.result)
        except ValueError as error:
            self.project.message = Problem("neurons to draw", str(error))
            self._offer()
            return
        self.project.message = None
        self.project.look(neurons=neurons[1:])
        self.project.record(name, neurons[0])
        self._offer()  # the same neurons may have been typed in other words

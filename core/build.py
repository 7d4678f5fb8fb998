"""From a document to a network of modules: `ExperimentSpec` → `SNN`.

Inputs become handles with spikes, populations `LIF` or `LI` modules, projections
`Synapse` modules; the result is a torch module with an `Experiment` inside.
"""

from functools import partial
from typing import Any

import networkx as nx
import torch

from core.chip.pipeline import StageMemory
from core.chip.results import Execution
from core.experiment import Experiment
from core.handle import LIFObservables, SynapseHandle
from core.modules import LI, LIF, Synapse
from core.parameter import HXParameter, MixedHXModelParameter
from core.run import run
from core.spec.check import refuse_errors
from core.spec.experiment import ExperimentSpec
from core.spec.network import LIFSpec, LISpec, ProjectionSpec, Value
from core.transforms.weight_transforms import linear_saturating


class SNN(torch.nn.Module):
    """The network of a document, ready to run and to train.

    ``snn(inputs)`` takes the spikes of each input by name, shape
    (time, batch, channels), runs, and returns the handles of the neurons by name.
    """

    def __init__(
        self, spec: ExperimentSpec, *, mock: bool, memory: StageMemory | None = None
    ) -> None:
        super().__init__()
        self.spec = spec
        settings = spec.run
        self.exp = Experiment(
            mock=mock,
            dt=settings.dt,
            chip_spec=spec.chip,
            trial=settings.trial,
            calibrated=settings.calibration == "calibrated",
            memory=memory,
        )
        self.modules_by_name: dict[str, Any] = {}
        for population in spec.network.populations:
            if isinstance(population, LISpec):
                self._add(population.name, neuron(population, spec, self.exp))
        for projection in spec.network.projections:
            self._add(projection.name, synapse(projection, self.exp))
        self._order = _order(spec)

    def _add(self, name: str, module: Any) -> None:
        module.name = name  # what chip views and errors call it
        self.modules_by_name[name] = module
        # Torch refuses names with dots, a population may have any.
        self.add_module(f"hx{len(self.modules_by_name)}", module)

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Run the network.

        :param inputs: spikes of each input, shape (time, batch, channels)
        :returns: the filled handle of each population of neurons
        """
        neurons = self._connect(inputs)
        run(self.exp, self.spec.run.steps)
        return neurons

    def measure(self, inputs: dict[str, torch.Tensor]) -> Execution | None:
        """Run the chip only: no model beside it, no handles, no gradients.

        :param inputs: spikes of each input, shape (time, batch, channels)
        :returns: all stages of the run; None in mock
        """
        self._connect(inputs)
        try:
            self.exp.get_hw_results(self.spec.run.steps)
        finally:
            self.exp.modules.clear()
        return self.exp.last_execution

    def _connect(self, inputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Call the modules; return the handles of the neurons, still empty."""
        steps = self.spec.run.steps
        batch = next((s.shape[1] for s in inputs.values()), 1)
        handles: dict[str, Any] = {
            name: LIFObservables(spikes=spikes) for name, spikes in inputs.items()
        }
        neurons: dict[str, Any] = {}
        for name in self._order:
            incoming = self.spec.network.incoming(name)
            drive = [self.modules_by_name[p.name](handles[p.source]) for p in incoming]
            if not drive:
                size = self.spec.network.population(name).size
                silence = torch.zeros(steps, batch, size)
                drive = [SynapseHandle(graded_spikes=silence)]
            handles[name] = neurons[name] = self.modules_by_name[name](*drive)
        return neurons


def build(
    spec: ExperimentSpec, *, mock: bool, memory: StageMemory | None = None
) -> SNN:
    """Build the network of a document.

    :raises NetworkError: if `check` finds an error; lists all of them
    """
    refuse_errors(spec)
    return SNN(spec, mock=mock, memory=memory)


def neuron(population: LISpec, spec: ExperimentSpec, exp: Experiment) -> LI | LIF:
    """Return the module of a population of neurons."""
    scale, recording = population.scale, spec.recording
    madc = recording.madc_population == population.name

    def both(value: Value) -> MixedHXModelParameter:
        return MixedHXModelParameter(value.model, scale.lsb(value))

    values: dict[str, Any] = {
        "leak": both(population.leak),
        "tau_mem": HXParameter(population.tau_mem),
        "tau_syn": HXParameter(population.tau_syn),
        "membrane_capacitance": MixedHXModelParameter(
            population.membrane_capacitance, population.capacitor
        ),
        "i_synin_gm": spec.run.i_synin_gm,
        "synapse_dac_bias": spec.run.synapse_dac_bias,
        "enable_cadc_recording": recording.cadc,
        "enable_madc_recording": madc,
        "record_neuron_id": recording.madc_neuron if madc else None,
        "trace_offset": scale.trace_offset,
        "trace_scale": scale.trace_scale,
    }
    potentials = {"leak": population.leak}
    module: LI | LIF
    if isinstance(population, LIFSpec):
        potentials |= {"reset": population.reset, "threshold": population.threshold}
        module = LIF(
            population.size,
            exp,
            reset=both(population.reset),
            threshold=both(population.threshold),
            refractory_time=HXParameter(population.refractory_time),
            **values,
        )
    else:
        module = LI(population.size, exp, **values)
    codes: dict[str, Any] = {k: v.code for k, v in potentials.items()}
    module.codes = {k: code for k, code in codes.items() if code is not None}
    return module


def synapse(projection: ProjectionSpec, exp: Experiment) -> Synapse:
    """Return the module of a projection, with its weights."""
    targets, sources = projection.weights.shape
    transform = partial(linear_saturating, scale=projection.weight_scale)
    module = Synapse(sources, targets, exp, transform=transform)
    module.weight.data = torch.tensor(projection.weights)
    return module


def _order(spec: ExperimentSpec) -> list[str]:
    """Return the populations of neurons, sources before targets."""
    graph = nx.DiGraph()
    graph.add_nodes_from(p.name for p in spec.network.populations if p.accepts_input)
    names = set(graph)
    graph.add_edges_from(
        (p.source, p.target) for p in spec.network.projections if p.source in names
    )
    return list(nx.lexicographical_topological_sort(graph))

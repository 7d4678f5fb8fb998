"""From a document to a network of modules: `ExperimentSpec` → `SNN`.

Inputs become handles with spikes, populations `LIF`, `LI` or `AELIF` modules,
projections `Synapse` modules; the result is a torch module with an `Experiment` inside.
Populations that depend on each other in a circle become one `core.loops.Loop`.
"""

from collections import Counter
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
import torch

from core import on_chip
from core.chip.pipeline import StageMemory
from core.chip.results import Execution
from core.errors import NetworkError
from core.experiment import Experiment
from core.handle import LIFObservables, SynapseHandle
from core.loops import Link, Loop, shifted
from core.modules import AELIF, LI, LIF, InputNeuron, Synapse
from core.modules.neuron.driven import DRIVEN
from core.modules.neuron.in_model import LI_TERMS, LIF_TERMS
from core.observables import ReadoutSource
from core.parameter import HXBaseParameter, HXParameter, MixedHXModelParameter
from core.run import run
from core.spec.check import check, delay_steps
from core.spec.check_chip import chip_problems
from core.spec.experiment import ExperimentSpec
from core.spec.network import AELIFSpec, LIFSpec, LISpec, ProjectionSpec, Value
from core.spec.stimulus import current
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
            self._add(projection.name, synapse(projection, spec, self.exp))
        self._shared: dict[str, InputNeuron] = {} if mock else self._shared_inputs()
        self._currents = _currents(spec)
        # A list, because their modules are registered here already.
        self._groups = [(names, self._loop(names)) for names in groups(spec)]

    def _shared_inputs(self) -> dict[str, InputNeuron]:
        """Return a source on the chip for each input that several projections read.

        Without it each of them would be sent the same spikes once more.
        """
        network = self.spec.network
        read = Counter(projection.source for projection in network.projections)
        shared: dict[str, InputNeuron] = {}
        for p in network.populations:
            if not isinstance(p, LISpec) and read[p.name] > 1:
                source = InputNeuron(p.size, self.exp)
                source.name = p.name
                self.add_module(f"input{len(shared)}", source)
                shared[p.name] = source
        return shared

    def _loop(self, names: list[str]) -> Loop | None:
        """Return what runs populations that depend on each other, None for others."""
        network, dt = self.spec.network, self.spec.run.dt
        links = [
            Link(
                self.modules_by_name[p.name],
                names.index(p.source),
                names.index(p.target),
                delay_steps(p, dt),
            )
            for name in names
            for p in network.incoming(name)
            if p.source in names
        ]
        if not links:
            return None
        neurons = [self.modules_by_name[name] for name in names]
        entering = []
        for name in names:
            count = len(self._entering(name, names))
            driven = name in self._currents or count == 0
            entering.append(count + driven)
        prompt = self.spec.run.loops == "prompt"
        return Loop(self.exp, neurons, links, entering, prompt)

    def _entering(self, name: str, group: list[str]) -> list[ProjectionSpec]:
        """Return the projections into a population from outside of its group."""
        incoming = self.spec.network.incoming(name)
        return [p for p in incoming if p.source not in group]

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
        handles |= {name: send(handles[name]) for name, send in self._shared.items()}
        neurons: dict[str, Any] = {}
        modules = self.modules_by_name
        for names, loop in self._groups:
            for name in names:
                entering = self._entering(name, names)
                drive = [modules[p.name](handles[p.source]) for p in entering]
                if name in self._currents or not drive:
                    size = self.spec.network.population(name).size
                    silence = torch.zeros(steps, 1, size)
                    steady = self._currents.get(name, silence).expand(-1, batch, -1)
                    drive.append(SynapseHandle(graded_spikes=steady))
                handles[name] = neurons[name] = modules[name](*drive)
            if loop is not None:
                for name in names:
                    for p in self.spec.network.incoming(name):
                        if p.source in names:
                            modules[name](modules[p.name](handles[p.source]))
                loop()
        return neurons


def build(
    spec: ExperimentSpec, *, mock: bool, memory: StageMemory | None = None
) -> SNN:
    """Build the network of a document.

    :raises NetworkError: if `check` finds an error, or the chip cannot do it; lists
        all of them
    """
    refuse(spec, mock=mock)
    return SNN(spec, mock=mock, memory=memory)


def refuse(spec: ExperimentSpec, *, mock: bool) -> None:
    """Raise if a document cannot be built.

    :raises NetworkError: lists all errors of the document and, unless ``mock``, all
        that the chip does not have
    """
    beyond = list(chip_problems(spec))
    errors = [p for p in check(spec) if p.is_error and p not in beyond]
    if not mock:
        # Codes are computed of a document that is right otherwise.
        errors += [*beyond, *([] if errors else on_chip.problems(spec))]
    if errors:
        raise NetworkError.of(errors)


def neuron(population: LISpec, spec: ExperimentSpec, exp: Experiment) -> AELIF:
    """Return the module of a population of neurons."""
    recording = spec.recording
    madc = recording.madc_population == population.name
    values: dict[str, Any] = {
        "leak": _potential(population, population.leak),
        "tau_mem": HXParameter(_plain(population.tau_mem)),
        "tau_syn": _tau_syn(population, spec),
        "membrane_capacitance": MixedHXModelParameter(
            _plain(population.membrane_capacitance), _plain(population.capacitor)
        ),
        "i_synin_gm": spec.run.i_synin_gm,
        "synapse_dac_bias": spec.run.synapse_dac_bias,
        "enable_cadc_recording": recording.cadc,
        "enable_madc_recording": madc,
        "record_neuron_id": recording.madc_neuron if madc else None,
        "placement_constraint": population.circuits,
        "trace_offset": population.scale.trace_offset,
        "trace_scale": population.scale.trace_scale,
    }
    if isinstance(population, LIFSpec):
        values |= {
            "reset": _potential(population, population.reset),
            "threshold": _potential(population, population.threshold),
            "refractory_time": HXParameter(_plain(population.refractory_time)),
        }
    terms: dict[str, Any] = {}
    kind: type[AELIF] = LIF if population.spiking else LI
    if isinstance(population, AELIFSpec):
        kind, terms = AELIF, _terms(population, exp)
    elif not population.leaky:
        kind, terms = AELIF, LIF_TERMS if population.spiking else LI_TERMS
        terms = terms | {"leaky": False}
    currents = None if exp.mock else on_chip.current_codes(spec, population)
    if currents is not None:
        kind = DRIVEN[kind]
    module = kind(population.size, exp, **values, **terms)
    if currents is not None:
        module.current_codes = currents  # type: ignore[assignment]
    if madc and recording.madc_source == "adaptation":
        module.madc_readout_source = ReadoutSource.ADAPTATION
    codes: dict[str, Any] = {
        name: getattr(population, name).code
        for name in ("leak", "reset", "threshold")
        if hasattr(population, name)
    }
    module.codes = {k: code for k, code in codes.items() if code is not None}
    return module


def _plain(value: Any) -> Any:
    """Return a number, or a tensor (neurons,) of an array."""
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def _potential(population: LISpec, value: Value) -> HXBaseParameter:
    return MixedHXModelParameter(
        _plain(value.model), _plain(population.scale.lsb(value))
    )


def _tau_syn(population: LISpec, spec: ExperimentSpec) -> HXBaseParameter:
    """Return the synaptic time constant; a current of one step decays in one."""
    if population.tau_syn is None:
        return MixedHXModelParameter(spec.run.dt, on_chip.SHORTEST_TAU_SYN)
    return HXParameter(_plain(population.tau_syn))


def _terms(population: AELIFSpec, exp: Experiment) -> dict[str, Any]:
    """Return the switches of an `AELIF` and their parameters."""
    names = (
        "exponential_slope",
        "exponential_threshold",
        "subthreshold_adaptation_strength",
        "spike_triggered_adaptation_increment",
        "tau_adap",
    )
    found: dict[str, Any] = {
        "exponential": population.exponential,
        "subthreshold_adaptation": population.subthreshold_adaptation,
        "spike_triggered_adaptation": population.spike_triggered_adaptation,
    }
    codes = None if exp.mock else on_chip.adex_codes(population)
    for name in names:
        value = getattr(population, name)
        model = _plain(value.model if isinstance(value, Value) else value)
        written = model if codes is None else torch.tensor(codes.codes[name])
        found[name] = MixedHXModelParameter(model, written)
    if codes is not None:
        found["clock_scale_adaptation_pulse"] = (codes.clock_scale, codes.clock_scale)
    return found


class DelayedSynapse(Synapse):
    """A synapse whose spikes arrive later, in the model only.

    :ivar delay: steps
    """

    delay = 0

    def _graded(self, spikes: torch.Tensor) -> torch.Tensor:
        return shifted(super()._graded(spikes), self.delay)


def synapse(
    projection: ProjectionSpec, spec: ExperimentSpec, exp: Experiment
) -> Synapse:
    """Return the module of a projection, with its weights."""
    targets, sources = projection.weights.shape
    transform = partial(linear_saturating, scale=on_chip.weight_scale(projection, spec))
    delay = delay_steps(projection, spec.run.dt)
    kind = DelayedSynapse if delay else Synapse
    module = kind(sources, targets, exp, transform=transform)
    if isinstance(module, DelayedSynapse):
        module.delay = delay
    module.weight.data = torch.tensor(projection.weights)
    return module


def _currents(spec: ExperimentSpec) -> dict[str, torch.Tensor]:
    """Return graded spikes that make the constant currents, by population.

    Shape (time, 1, neurons): what is added in each step to a current that decays.
    """
    found = {}
    run = spec.run
    for population in spec.network.populations:
        if not isinstance(population, LISpec):
            continue
        wanted = current(
            spec.stimuli, population.name, population.size, run.steps, run.dt
        )
        if wanted is not None:
            tau = run.dt if population.tau_syn is None else population.tau_syn
            wanted[1:] -= (1 - run.dt / tau) * wanted[:-1].copy()
            found[population.name] = torch.tensor(wanted, dtype=torch.float32)[:, None]
    return found


def groups(spec: ExperimentSpec) -> list[list[str]]:
    """Return the populations of neurons, sources first, those in a loop together."""
    names = [p.name for p in spec.network.populations if p.accepts_input]
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(
        (p.source, p.target) for p in spec.network.projections if p.source in graph
    )
    parts = nx.condensation(graph)
    members = {n: sorted(parts.nodes[n]["members"], key=names.index) for n in parts}
    order = nx.lexicographical_topological_sort(parts, key=lambda n: min(members[n]))
    return [members[n] for n in order]

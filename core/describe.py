"""From the modules of an experiment to a document: the inverse of `core.build`.

Read is the graph of the last run, or of the one that was prepared: populations, the
projections between them, spikes that entered (batch entry 0) and settings. Values of
the chip that a document computes from those of the model stay out of it; others are
kept beside them. Places of neurons are kept where they are circuits in a row, one for
each neuron; others are found anew. Inputs of a model have no names of their own: they
become ``input``, ``input2`` ..., modules keep theirs.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import on_chip
from core.backend.graph import is_open
from core.build import DelayedSynapse
from core.errors import NetworkError, Problem
from core.experiment import Experiment
from core.loops import Loop
from core.module_values import (
    array,
    chip_value,
    clean,
    close,
    is_delta,
    model_value,
    potential,
    weight_scale,
    with_codes,
)
from core.modules import AELIF, InputNeuron, Projection
from core.modules.calibration import circuits
from core.modules.neuron import EventPropLIF, NeuronExp, ReadoutNeuronExp
from core.observables import ReadoutSource
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec
from core.spec.fields import each
from core.spec.network import (
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.nir_layout import placed
from core.spec.stimulus import ConstantCurrent, SpikeTimes, Stimulus
from core.units import CADC_SIGNED_OFFSET

#: More changes of a current than this are no steps.
_MAX_STEPS = 20
_PLAIN_KINDS = (AELIF, Projection, InputNeuron)


def describe(exp: Experiment, title: str = "untitled") -> ExperimentSpec:
    """Return the document of what ``exp`` ran last.

    :raises NetworkError: if it ran nothing, or has what no document can say; lists all

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse, neuron = core.Synapse(2, 3, experiment), core.LI(3, experiment, leak=0)
    >>> _ = neuron(synapse(core.LIFObservables(spikes=torch.ones(30, 1, 2))))
    >>> core.run(experiment, 30)
    >>> network = describe(experiment).network
    >>> [(p.name, p.kind, p.size) for p in network.populations]
    [('input', 'input', 2), ('LI', 'LI', 3)]
    """
    found = ModuleReader(exp)
    problems = [*found.problems(), *found.data_problems()]
    if problems:
        raise NetworkError.of(problems)
    return found.document(title)


class ModuleReader:
    """Reads the graph of the last run.

    Nodes of the graph are numbers of modules, or ``"s_..."`` where data enter.
    """

    def __init__(self, exp: Experiment) -> None:
        self.exp = exp
        self.graph: Any = exp.modules.graph
        if not len(self.graph):
            self.graph = exp.modules.prev_graph
        if self.graph is None or not len(self.graph):
            raise NetworkError(
                "experiment", "it ran no modules.", "Run it, then describe it."
            )
        self.modules: dict[int, Any] = {
            n: exp.modules.get_module_by_id(n) for n in self.graph if not is_open(n)
        }
        self.neurons = {n: m for n, m in self.modules.items() if isinstance(m, AELIF)}
        self.synapses = {
            n: m for n, m in self.modules.items() if isinstance(m, Projection)
        }
        self.inputs = list(
            dict.fromkeys(
                self._origin(n)
                for s in self.synapses
                for n in self.graph.predecessors(s)
                if self._origin(n) not in self.modules
            )
        )
        self.names = self._names()

    def _origin(self, node: Any) -> Any:
        """Return where the spikes of a node come from: input neurons pass them on."""
        if isinstance(self.modules.get(node), InputNeuron):
            return next(iter(self.graph.predecessors(node)))
        return node

    def _names(self) -> dict[Any, str]:
        taken: dict[Any, str] = {}
        for node in (*self.neurons, *self.synapses, *self.inputs):
            module = self.modules.get(node)
            base = "input"
            if module is not None:
                base = module.name or module.descriptor or type(module).__name__
            name, count = base, 1
            while name in taken.values():
                count += 1
                name = f"{base}{count}"
            taken[node] = name
        return taken

    # -- what cannot be said -------------------------------------------------------

    def problems(self) -> Iterator[Problem]:
        """Yield a problem for each thing that no network can say."""
        for node, module in self.modules.items():
            where = f"module '{self.names.get(node, type(module).__name__)}'"
            if not isinstance(module, _PLAIN_KINDS):
                what = f"a {type(module).__name__} has no place in a document."
                yield Problem(where, what, "Use Synapse, LIF, LI and AELIF.")
            elif isinstance(module, AELIF):
                yield from _neuron_problems(where, module)
            elif isinstance(module, Projection) and len(self._ends(node)) != 2:
                what = "it is not between two populations."
                yield Problem(where, what, "Put each synapse between two.")

    def data_problems(self) -> Iterator[Problem]:
        """Yield a problem for each thing that a document cannot say, a network can."""
        for node, module in self.neurons.items():
            if not _one_scale(module):
                where = f"population '{self.names[node]}'"
                what = "its traces have a scale or an offset for each neuron."
                yield Problem(where, what, "Give one for the population.")
        if len({loop.prompt for loop in self._loops()}) > 1:
            what = "some loops of it are prompt and some are not."
            yield Problem("experiment", what, "Give all Loops the same prompt.")
        for node in self.neurons:
            where = f"population '{self.names[node]}'"
            steps = [current for current, _ in self._currents(node)]
            if sum(len(found) for found in steps) > _MAX_STEPS:
                what = "it is driven by graded data that are no current in steps."
                yield Problem(where, what, "Drive it with spikes through a synapse.")

    def _loops(self) -> list[Loop]:
        """Return what runs populations of this graph that depend on each other."""
        running = {id(module) for module in self.modules.values()}
        return [
            wrapper
            for wrapper in self.exp.modules.wrappers
            if isinstance(wrapper, Loop)
            and any(id(member) in running for member in wrapper.members)
        ]

    def _ends(self, node: int) -> list[Any]:
        """Return source and target of a projection, as far as there are any."""
        before = [self._origin(n) for n in self.graph.predecessors(node)]
        after = [n for n in self.graph.successors(node) if n in self.neurons]
        return [n for n in before if n in self.neurons or is_open(n)] + after

    # -- the document ----------------------------------------------------------------

    def document(self, title: str) -> ExperimentSpec:
        """Return the document."""
        return ExperimentSpec(
            network=self.network(),
            stimuli=tuple(self._stimuli()),
            recording=self._recording(),
            run=self._run(),
            chip=self.exp.chip_spec,
            title=title,
        )

    def network(self, outputs: Iterable[Any] = ()) -> NetworkSpec:
        """Return the network.

        :param outputs: modules that are read; none: those that send nothing
        """
        populations: list[PopulationSpec] = [
            InputSpec(self.names[node], self._channels(node)) for node in self.inputs
        ]
        populations += [
            population_of(self.names[node], m, self.exp)
            for node, m in self.neurons.items()
        ]
        projections = [self._projection(n, m) for n, m in self.synapses.items()]
        sending = {p.source for p in projections}
        ends = tuple(
            self.names[n] for n in self.neurons if self.names[n] not in sending
        )
        number_of = {id(m): node for node, m in self.modules.items()}
        read = tuple(self.names[self._origin(number_of[id(m)])] for m in outputs)
        network = NetworkSpec(tuple(populations), tuple(projections), read or ends)
        return placed(network, set(network.names))

    @property
    def loops(self) -> str:
        """When spikes in loops arrive, as of `RunSpec`."""
        return "prompt" if any(w.prompt for w in self._loops()) else "late"

    def _handle(self, node: Any) -> Any:
        """Return the handle that enters at an open node."""
        return next(h for _, _, h in self.graph.out_edges(node, data="handle"))

    def _channels(self, node: Any) -> int:
        return int(self._handle(node).spikes.shape[-1])

    def _projection(self, node: int, module: Any) -> ProjectionSpec:
        source, target = self._ends(node)
        scale = weight_scale(module.weight_transform)
        if is_delta(self.neurons[target], self.exp.dt):
            scale = scale * on_chip.SHORTEST_TAU_SYN / self.exp.dt
        delay = module.delay if isinstance(module, DelayedSynapse) else 0
        return ProjectionSpec(
            self.names[node],
            self.names[source],
            self.names[target],
            weights_of(module),
            weight_scale=clean(scale),
            delay=clean(delay * self.exp.dt),
        )

    def _stimuli(self) -> Iterator[Stimulus]:
        dt = self.exp.dt
        for node in self.inputs:
            trains = self._handle(node).spikes.detach()[:, 0].T.numpy()
            yield SpikeTimes(
                self.names[node],
                tuple(
                    tuple(clean(row * dt) for row in np.flatnonzero(train > 0.5))
                    for train in trains
                ),
            )
        for node in self.neurons:
            for found, steps in self._currents(node):
                for first, last, values in found:
                    yield ConstantCurrent(
                        self.names[node],
                        current=values,
                        start=clean(first * dt),
                        stop=None if last == steps else clean(last * dt),
                    )

    def _currents(
        self, node: int
    ) -> list[tuple[list[tuple[int, int, NDArray[Any]]], int]]:
        """Return the steps of each current that enters: first, last + 1 and value."""
        module, found = self.neurons[node], []
        for source in self.graph.predecessors(node):
            if not is_open(source):
                continue
            graded = self._handle(source).graded_spikes.detach()[:, 0].double().numpy()
            if not graded.any():
                continue
            decay = 1 - self.exp.dt / each(model_value(module, "tau_syn"), module.size)
            wave = np.zeros_like(graded)
            for t, jump in enumerate(graded):
                wave[t] = (wave[t - 1] * decay if t else 0) + jump
            # Single precision lets a constant current drift by this much.
            slack = 1e-4 * np.abs(wave).max()
            cuts = np.flatnonzero(np.abs(np.diff(wave, axis=0)).max(1) > slack) + 1
            ends = [0, *cuts.tolist(), len(wave)]
            parts = [
                (a, b, wave[a:b].mean(0))
                for a, b in pairwise(ends)
                if np.abs(wave[a:b]).max() > slack
            ]
            found.append((parts, len(wave)))
        return found

    def _recording(self) -> RecordingSpec:
        read = [(n, m) for n, m in self.neurons.items() if m.enable_madc_recording]
        cadc = any(m.enable_cadc_recording for m in self.neurons.values())
        if not read:
            return RecordingSpec(cadc=cadc)
        node, module = read[0]
        adaptation = module.madc_readout_source is ReadoutSource.ADAPTATION
        return RecordingSpec(
            self.names[node],
            int(module.record_neuron_id or 0),
            cadc=cadc,
            madc_source="adaptation" if adaptation else "membrane",
        )

    def _run(self) -> RunSpec:
        exp, shared = self.exp, next(iter(self.neurons.values()))
        lengths = [len(self._handle(node).spikes) for node in self.inputs]
        lengths += [
            len(self._handle(source).graded_spikes)
            for node in self.neurons
            for source in self.graph.predecessors(node)
            if is_open(source)
        ]
        return RunSpec(
            mode="mock" if exp.mock else "chip",
            runtime=clean(max(lengths, default=1) * exp.dt),
            dt=exp.dt,
            trial=exp.trial - (exp.last_execution is not None),
            i_synin_gm=int(np.ravel(chip_value(shared, "i_synin_gm"))[0]),
            synapse_dac_bias=int(np.ravel(chip_value(shared, "synapse_dac_bias"))[0]),
            calibration="calibrated" if exp.calibrated else "uncalibrated",
            loops=self.loops,
        )


def population_of(name: str, module: AELIF, exp: Experiment | None) -> LISpec:
    """Return the population of a module.

    Traces that each neuron has scaled in its own way get the default scale.
    """
    size, dt = module.size, 1e-6 if exp is None else exp.dt
    scale = VoltageScale()
    if _one_scale(module):
        gain = clean(1 / float(array(module.scale).item()))
        offset = clean(float(array(module.offset).item()) + CADC_SIGNED_OFFSET)
        scale = VoltageScale(offset, gain)
    tau_mem, tau_syn = (model_value(module, n) for n in ("tau_mem", "tau_syn"))
    capacitance = model_value(module, "membrane_capacitance")
    if isinstance(module, NeuronExp | ReadoutNeuronExp):
        # Their model values are factors per step, exp(-dt / tau).
        tau_mem, tau_syn = (-dt / np.log(tau) for tau in (tau_mem, tau_syn))
        capacitance = tau_mem
    elif isinstance(module, EventPropLIF):
        capacitance = tau_mem
    elif is_delta(module, dt):
        tau_syn = None
    fields: dict[str, Any] = {
        "leak": potential(module, "leak", scale),
        "leaky": module.leaky,
        "tau_mem": tau_mem,
        "membrane_capacitance": capacitance,
        "tau_syn": tau_syn,
        "scale": scale,
    }
    kind: type[LISpec] = LISpec
    if module.fire:
        kind = LIFSpec
        fields |= {n: potential(module, n, scale) for n in ("reset", "threshold")}
        # The models of these have none.
        never = isinstance(module, EventPropLIF | NeuronExp)
        time = 0.0 if never else model_value(module, "refractory_time")
        fields["refractory_time"] = time
    if module.exponential or module.adaptation:
        kind = AELIFSpec
        fields |= _terms(module)
    made = kind(name, size, **fields)
    lsb = chip_value(module, "membrane_capacitance")
    if not close(lsb, made.capacitor):
        made = made.replace(capacitance_lsb=lsb)
    if isinstance(made, AELIFSpec) and exp is not None and not exp.mock:
        made = with_codes(made, module)
    if module.placement_constraint is not None:
        at = circuits(module.placement_constraint)
        if len(at) == size and (np.diff(at) == 1).all():
            made = made.replace(first_circuit=int(at[0]))
    return made


def _terms(module: AELIF) -> dict[str, Any]:
    names = (
        "exponential_slope",
        "exponential_threshold",
        "subthreshold_adaptation_strength",
        "spike_triggered_adaptation_increment",
    )
    return {
        "exponential": module.exponential,
        "subthreshold_adaptation": module.subthreshold_adaptation,
        "spike_triggered_adaptation": module.spike_triggered_adaptation,
        "tau_adap": model_value(module, "tau_adap"),
    } | {name: Value(model_value(module, name)) for name in names}


def _neuron_problems(where: str, module: AELIF) -> Iterator[Problem]:
    terms = module.exponential or module.adaptation
    if terms and not (module.fire and module.leaky):
        what = "adaptation and exponential onset need neurons that leak and fire."
        yield Problem(where, what, "Set leaky and fire.")
    if module.leak_conductance is not None:
        what = "its leak conductance is given."
        yield Problem(where, what, "Give tau_mem instead.")


def weights_of(module: Projection) -> NDArray[np.float32]:
    """Return a copy of the weights, (target, source); what is no synapse is 0."""
    weights, mask = module.weight.detach().cpu(), getattr(module, "mask", None)
    found = weights if mask is None else weights * mask.cpu()
    return np.array(found.float().numpy())


def _one_scale(module: AELIF) -> bool:
    return np.size(array(module.scale)) == np.size(array(module.offset)) == 1

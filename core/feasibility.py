"""A document against a chip, without running it: what fits, what does not, the remedy.

`feasibility` places and routes the structure of a document, that is sizes and which
populations are connected. Weights, potentials and seeds change nothing of it, so an
edit of those is answered from memory. Half-drawn networks are legal: what is not
complete is left out, `core.spec.check` says what is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core import on_chip
from core.build import groups
from core.chip.geometry import (
    CIRCUITS,
    HEMISPHERE_NAMES,
    SOURCES_PER_HEMISPHERE,
    SYNAPSE_ROWS,
)
from core.chip.last_used import LastUsed
from core.chip.network import (
    ExternalPopulation,
    Network,
    NeuronTarget,
    Population,
    Projection,
)
from core.chip.placement import place
from core.chip.results import PlacementResult
from core.chip.rules import doubtful_targets
from core.chip.usage import Usage, usage
from core.errors import HXError, Problem
from core.spec.check_chip import chip_problems
from core.spec.experiment import ExperimentSpec
from core.spec.fields import each
from core.spec.network import LISpec, NetworkSpec, PopulationSpec
from core.spec.stimulus import spikes
from core.units import us

#: Spikes per microsecond are counted on grids of up to so many steps times channels.
_MOST_COUNTED: Final = 4_000_000
_REMEMBERED: Final = 32


@dataclass(frozen=True)
class Resource:
    """One line of a bar of resources.

    :param used: what the document takes; more than ``available`` if it does not fit
    :param available: what the chip has; 0 is without limit
    :param doc: one sentence on what is counted
    """

    name: str
    used: int
    available: int
    doc: str

    @property
    def share(self) -> float:
        """Part of the chip that is taken, 1 is all of it."""
        return self.used / self.available if self.available else 0.0

    @property
    def fits(self) -> bool:
        """Whether the chip has as much."""
        return not self.available or self.used <= self.available


@dataclass(frozen=True)
class Feasibility:
    """What a document takes of a chip.

    :param placement: which circuits each population gets, None if it cannot be placed
    :param usage: circuits, drivers, labels, sources
    :param events_in: largest number of input events in a microsecond; None if it shows
        only in a run
    :param link_rate: spikes per microsecond that the link carries, 0 is any number
    :param problems: what does not fit, and notes on what the chip may miss; the subject
        is the projection or population
    """

    placement: PlacementResult | None
    usage: Usage
    events_in: int | None
    link_rate: float
    problems: tuple[Problem, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the chip can run the document."""
        return not self.misfits

    @property
    def misfits(self) -> tuple[Problem, ...]:
        """The problems that keep the document from the chip."""
        return tuple(p for p in self.problems if p.is_error)

    def resources(self, spikes_per_us: int | None = None) -> tuple[Resource, ...]:
        """Return the lines of a bar of resources.

        :param spikes_per_us: largest number of spikes in a microsecond in a run
        """
        most, room = self.usage.sources
        rate = round(self.link_rate)
        text = "Neuron circuits; each neuron takes at least one."
        lines = [Resource("circuits", self.usage.circuits, CIRCUITS, text)]
        if self.placement is not None:  # else nobody knows
            for name, rows in zip(HEMISPHERE_NAMES, self.usage.rows(), strict=True):
                text = (
                    f"Synapse rows of the {name} hemisphere; a signed source takes two."
                )
                lines.append(Resource(f"rows, {name}", int(rows), SYNAPSE_ROWS, text))
            text = "Signed sources of the neuron that has most of them."
            room = room or SOURCES_PER_HEMISPHERE
            lines.append(Resource("sources", most, room, text))
        if self.events_in is not None:
            text = "Most input events in a microsecond; the link has no other limit."
            lines.append(Resource("events in/µs", self.events_in, rate, text))
        if spikes_per_us is not None:
            text = "Most spikes recorded in a microsecond; more wait or are lost."
            lines.append(Resource("spikes out/µs", spikes_per_us, rate, text))
        return tuple(lines)


def feasibility(spec: ExperimentSpec) -> Feasibility:
    """Return what ``spec`` takes of its chip; nothing here raises.

    >>> from core.spec.examples import yin_yang
    >>> found = feasibility(yin_yang())
    >>> found.fits, found.usage.circuits
    (True, 123)
    """
    network = structure(spec.network)
    shape = (
        [(p.name, p.size, p.fires, p.circuits) for p in network.populations],
        [(p.name, p.source, p.target, p.weights.shape) for p in network.projections],
    )
    placement, found = _memory().recall(shape, lambda: _structure_fits(network))
    doubts = [
        Problem(*_split(text), severity="note", subject=_subject(text, spec.network))
        for text in _doubts(spec, network)
    ]
    return Feasibility(
        placement=placement,
        usage=found,
        events_in=_events_in(spec),
        link_rate=spec.chip.link_rate * us,
        problems=(
            *(_with_subject(p, spec.network) for p in found.problems),
            *chip_problems(spec),
            *doubts,
        ),
    )


def structure(network: NetworkSpec) -> Network:
    """Return ``network`` as the chip gets it, with weights and targets of zero.

    Projections without an end, or onto a population that takes no input, are left out.
    """
    whole = _whole(network)
    known = {p.name: p for p in whole.populations}
    # The chip gets populations in the order in which a run calls them.
    order = [n for names in groups(ExperimentSpec(network=whole)) for n in names]
    populations = [_on_chip(known[n]) for n in order]
    externals = [
        ExternalPopulation(p.name, p.size)
        for p in whole.populations
        if not isinstance(p, LISpec)
    ]
    projections = [
        Projection(
            p.name,
            p.source,
            p.target,
            np.broadcast_to(np.int64(0), (known[p.target].size, known[p.source].size)),
        )
        for name in order
        for p in whole.incoming(name)
    ]
    return Network(tuple(populations), tuple(externals), tuple(projections))


def _on_chip(population: PopulationSpec) -> Population:
    assert isinstance(population, LISpec)
    name, size, wanted = population.name, population.size, population.circuits
    circuits = None if wanted is None else np.array(wanted)
    target = _no_target(size)
    return Population(name, size, target, population.spiking, circuits=circuits)


def _whole(network: NetworkSpec) -> NetworkSpec:
    """Return ``network`` without names that are there twice and without loose ends."""
    populations = {p.name: p for p in reversed(network.populations) if p.size > 0}
    return network.replace(
        populations=tuple(
            p for p in network.populations if populations.get(p.name) is p
        ),
        projections=tuple(
            p
            for p in network.projections
            if p.source in populations and isinstance(populations.get(p.target), LISpec)
        ),
    )


@cache
def _memory() -> LastUsed[tuple[PlacementResult | None, Usage]]:
    return LastUsed(_REMEMBERED)


@cache
def _counts() -> LastUsed[int]:
    return LastUsed(_REMEMBERED)


def _structure_fits(network: Network) -> tuple[PlacementResult | None, Usage]:
    try:
        placement = place(network)
    except HXError:
        return None, usage(network)
    return placement, usage(network, placement)


def _with_subject(problem: Problem, network: NetworkSpec) -> Problem:
    if problem.subject:
        return problem
    return replace(problem, subject=_subject(problem.where, network))


def _subject(where: str, network: NetworkSpec) -> str:
    """Return the population or projection that a message is about, "" for none."""
    start = where.split(":")[0]
    return next((n for n in network.names if f"'{n}'" in start), "")


# -- targets that a calibration may miss -----------------------------------------------


def _split(text: str) -> tuple[str, str]:
    where, _, what = text.partition(": ")
    return where, what


def _doubts(spec: ExperimentSpec, network: Network) -> Iterator[str]:
    """Yield a sentence for each target that a calibration may miss."""
    if spec.run.calibration != "calibrated":
        return
    populations = tuple(
        replace(p, target=_target(spec.network.population(p.name)))
        for p in network.populations
    )
    yield from doubtful_targets(
        replace(
            network,
            populations=populations,
            i_synin_gm=int(spec.run.i_synin_gm),
            synapse_dac_bias=int(spec.run.synapse_dac_bias),
        )
    )


def _no_target(size: int) -> NeuronTarget:
    zero, none = np.zeros(size), np.full(size, -1, np.int64)
    return NeuronTarget(
        zero, zero, zero, zero, np.zeros((2, size)), zero, zero, none, none, none
    )


def _target(population: PopulationSpec) -> NeuronTarget:
    """Return the targets of a population as far as they are numbers."""
    assert isinstance(population, LISpec)
    size, scale = population.size, population.scale
    # What a population of this kind does not have is given a value without doubts.
    inside = {"reset": 80.0, "threshold": 125.0, "refractory_time": 1 * us}

    def lsb(name: str) -> NDArray[np.float64]:
        value = getattr(population, name, None)
        return each(inside[name] if value is None else scale.lsb(value), size)

    tau_syn = population.tau_syn
    if tau_syn is None:
        tau_syn = on_chip.SHORTEST_TAU_SYN
    none = np.full(size, -1, np.int64)
    return NeuronTarget(
        leak=lsb("leak"),
        reset=lsb("reset"),
        threshold=lsb("threshold"),
        tau_mem=each(population.tau_mem, size),
        tau_syn=np.stack([each(tau_syn, size)] * 2),
        refractory_time=each(
            getattr(population, "refractory_time", inside["refractory_time"]), size
        ),
        membrane_capacitance=each(population.capacitor, size),
        leak_code=none,
        reset_code=none,
        threshold_code=none,
    )


# -- events ----------------------------------------------------------------------------


def _events_in(spec: ExperimentSpec) -> int | None:
    """Return the largest number of input events in a microsecond, None if unknown."""
    steps, dt = spec.run.steps, spec.run.dt
    inputs = [p for p in spec.network.populations if not p.accepts_input]
    drawn = [(spec.stimulus(p.name), p.size) for p in inputs]
    if not all(size * steps <= _MOST_COUNTED for _, size in drawn):
        return None

    def count() -> int:
        total = np.zeros(int(steps * dt / us) + 1)
        for stimulus, size in drawn:
            if stimulus is not None:
                step, _ = np.nonzero(spikes(stimulus, size, steps, dt))
                at = (step * dt / us).astype(np.int64)
                total += np.bincount(at, minlength=len(total))[: len(total)]
        return int(total.max(initial=0))

    try:
        return _counts().recall((drawn, steps, dt), count)
    except TypeError:  # samples of data sets are drawn in a run
        return None

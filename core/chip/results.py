"""What the stages of one emulated run return: nouns, each can be looked at."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.crossbar import Crossbar
from core.chip.network import Floats, Integers, Network
from core.units import CYCLES_PER_US


@dataclass(frozen=True)
class PlacementResult:
    """Which circuits each neuron sits on, counted as row·256 + column, 0…511.

    :param circuits: population name -> shape (neurons,), the circuit with the membrane
    :param joined: population name -> shape (neurons, circuits of a neuron), for
        neurons of several circuits; the first column is that of ``circuits``
    """

    circuits: dict[str, Integers]
    joined: dict[str, Integers] = field(default_factory=dict)

    def groups(self, name: str) -> Integers:
        """Return all circuits of a population, shape (neurons, circuits each)."""
        return self.joined.get(name, self.circuits[name][:, None])

    def owner(self) -> list[str | None]:
        """Return the population on each of the 512 circuits, None where it is free."""
        owners: list[str | None] = [None] * 512
        for name in self.circuits:
            for circuit in self.groups(name).flat:
                owners[int(circuit)] = name
        return owners


@dataclass(frozen=True)
class CalibResult:
    """What the calibration found; arrays of shape (512,) or (2, 512), NaN where unused.

    :param target: parameter name -> wanted value, LSB or s
    :param codes: parameter name -> CapMem code written, 0…1022; −1 where unused
    :param achieved: parameter name -> value measured after the last write
    :param success: shape (512,), False where a target was missed; True where unused
    """

    target: dict[str, Floats]
    codes: dict[str, Integers]
    achieved: dict[str, Floats]
    success: NDArray[np.bool_]


@dataclass(frozen=True)
class Wiring:
    """By which labels and synapses the sources reach their targets.

    :param synapse_source: shape (2, 256, 256) = (hemisphere, row, column), index of the
        source that a synapse serves, −1 where free
    :param labels: shape (sources, 4) = (source, bus), the label that is sent for use on
        a bus, −1 for none. An outside source on several buses takes an event for each.
    :param circuit_label: shape (512,), the label that a circuit sends
    :param driver_mask: shape (2, 128), bits of row select that a driver compares
    :param crossbar: the filters of the crossbar
    """

    synapse_source: Integers
    labels: Integers
    circuit_label: Integers
    driver_mask: Integers
    crossbar: Crossbar

    def rows(self) -> Integers:
        """Return the source of each row, shape (2, 256): −1 free, −2 several."""
        most = self.synapse_source.max(-1)
        least = np.where(self.synapse_source < 0, most[..., None], self.synapse_source)
        return np.where(least.min(-1) == most, most, SEVERAL)


#: A row whose synapses serve different sources in different columns.
SEVERAL: Final = -2


@dataclass(frozen=True)
class RoutingResult:
    """Which synapse row carries which source.

    A router may return the rows only: `route` then chooses labels that make them so.

    :param row_source: shape (2, 256), index into ``sources``, −1 where free, −2 where
        the columns of a row serve different sources
    :param row_sign: shape (2, 256), +1, −1, 0 where free
    :param sources: (population name, neuron) of each source
    :param wiring: labels, buses and synapses
    """

    row_source: Integers
    row_sign: Integers
    sources: tuple[tuple[str, int], ...]
    wiring: Wiring | None = None

    def rows_used(self) -> tuple[int, int]:
        """Return the number of rows in use in the upper and the lower hemisphere."""
        upper, lower = (self.row_source != -1).sum(1)
        return int(upper), int(lower)

    def buses_of(self, source: int) -> list[int]:
        """Return the buses, 0…3, that carry the events of a source."""
        labels = [] if self.wiring is None else self.wiring.labels[source]
        return [int(bus) for bus in np.flatnonzero(np.asarray(labels) >= 0)]

    def drivers_of(self, source: int) -> list[tuple[int, int]]:
        """Return (hemisphere, driver) of each driver that has synapses of a source."""
        if self.wiring is None:
            return []
        hemisphere, row, _ = np.nonzero(self.wiring.synapse_source == source)
        pairs = {(int(h), int(r) // 2) for h, r in zip(hemisphere, row, strict=True)}
        return sorted(pairs)


@dataclass(frozen=True)
class ChipConfig:
    """What would be written to the chip.

    :param weights: shape (2, 256, 256) = (hemisphere, row, column), 0…63
    :param labels: shape (2, 256, 256), the address that a synapse answers to, 0…63
    :param row_source: as in `RoutingResult`
    :param row_sign: as in `RoutingResult`: excitatory, inhibitory or disabled rows
    :param driver_mask: as in `Wiring`
    :param crossbar: as in `Wiring`
    :param source_labels: shape (sources, 4), as ``labels`` of `Wiring`
    :param circuit_label: as in `Wiring`
    :param codes: as in `CalibResult`
    :param capacitance: shape (512,), LSB 0…63
    :param refractory_cycles: shape (512,), FPGA cycles after clock quantisation
    :param fires: shape (512,), threshold comparator on
    :param event_output: shape (512,), events leave the circuit
    :param used: shape (512,), circuit belongs to a neuron
    :param circuit_source: shape (512,), index of the source that a circuit is for other
        neurons of the chip, −1 if no synapse answers to its label
    :param constant_current: shape (512,), code −1022…1022 of the current onto the
        membrane, 0 is off
    :param stored: other settings of the circuits, shape (512,), by name: adaptation,
        exponential term, which circuits are joined
    :param holdoff_cycles: shape (512,), FPGA cycles from the release of the reset to
        the end of the refractory time
    :param bypass: events make circuits spike at once, see `core.chip.bypass`
    :param notes: what was rounded or clipped, one sentence each
    """

    weights: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    row_source: Integers
    row_sign: Integers
    driver_mask: Integers
    crossbar: Crossbar
    source_labels: Integers
    circuit_label: Integers
    codes: dict[str, Integers]
    capacitance: Floats
    refractory_cycles: Integers
    fires: NDArray[np.bool_]
    event_output: NDArray[np.bool_]
    used: NDArray[np.bool_]
    circuit_source: Integers = field(default_factory=lambda: np.full(512, -1))
    constant_current: Integers = field(default_factory=lambda: np.zeros(512, np.int64))
    stored: dict[str, Integers] = field(default_factory=dict)
    holdoff_cycles: Integers = field(default_factory=lambda: np.zeros(512, np.int64))
    bypass: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Events:
    """Spikes: one entry per event, sorted by batch entry, then time.

    :param cycle: FPGA cycle, 8 ns
    :param batch: batch entry
    :param neuron: index of the source or circuit
    """

    cycle: Integers
    batch: Integers
    neuron: Integers

    def per_us(self, batch: int, runtime_cycles: int) -> NDArray[np.int32]:
        """Return the number of events in each microsecond, shape (µs + 1, batch).

        The last row is the microsecond after the end, in which spikes still come.
        """
        counts = np.zeros((-(-runtime_cycles // CYCLES_PER_US) + 1, batch), np.int32)
        np.add.at(counts, (self.cycle // CYCLES_PER_US, self.batch), 1)
        return counts

    def peak_per_us(self) -> int:
        """Return the largest number of events of an entry in one microsecond."""
        if len(self.cycle) == 0:
            return 0
        window = self.cycle // CYCLES_PER_US
        new = (np.diff(window) != 0) | (np.diff(self.batch) != 0)
        edges = np.concatenate([[0], np.flatnonzero(new) + 1, [len(window)]])
        return int(np.diff(edges).max())


def no_events() -> Events:
    """Return an empty list of spikes."""
    return Events(*(np.zeros(0, np.int64) for _ in range(3)))


@dataclass(frozen=True)
class Truth:
    """What no experiment on silicon can show, at each sub-step of 0.2 µs.

    Arrays have the shape (sub-steps, batch, circuits).

    :param circuits: shape (circuits,), those in use
    :param membrane: potential, LSB
    :param excitatory: current onto the membrane, LSB/µs
    :param inhibitory: current that draws it down, LSB/µs
    :param adaptation: current that draws it down, LSB/µs
    """

    circuits: Integers
    membrane: NDArray[np.float32]
    excitatory: NDArray[np.float32]
    inhibitory: NDArray[np.float32]
    adaptation: NDArray[np.float32]


@dataclass(frozen=True)
class OutputData:
    """What comes back from the chip.

    A batch entry with fewer samples than others repeats its last one.

    :param events: spikes by circuit, as the FPGA records them
    :param cadc: shape (samples, batch, circuits up to the last in use), raw 0…255
    :param cadc_cycles: shape (samples, batch, 2), FPGA cycle of each sample per
        hemisphere
    :param cadc_counts: shape (batch, 2), how many samples there are
    :param madc: shape (samples, batch), raw 0…1023, or None
    :param madc_cycles: shape (samples, batch), FPGA cycles, or None
    :param madc_counts: shape (batch,), how many samples there are, or None
    :param membrane: the true potential, shape (µs, batch, used circuits), LSB, or None;
        no experiment on silicon can see it
    :param truth: all that is true, or None
    :param sent: events that entered the chip, by source, at the cycle they did
    :param lost_in: events that found no place on the link into the chip
    :param lost_out: spikes that found no place on the link out of it
    :param runtime_cycles: duration of a batch entry, FPGA cycles
    """

    events: Events
    cadc: NDArray[np.uint8]
    cadc_cycles: Integers
    cadc_counts: Integers
    madc: NDArray[np.int16] | None = None
    madc_cycles: Integers | None = None
    madc_counts: Integers | None = None
    membrane: NDArray[np.float32] | None = None
    truth: Truth | None = None
    sent: Events = field(default_factory=no_events)
    lost_in: int = 0
    lost_out: int = 0
    runtime_cycles: int = 0

    @property
    def lost_events(self) -> int:
        """Number of events lost on the link, both ways."""
        return self.lost_in + self.lost_out

    def link_load(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the events per microsecond into and out of the chip.

        :returns: two arrays of shape (µs + 1, batch), see `Events.per_us`
        """
        size = self.cadc.shape[1], self.runtime_cycles
        return self.sent.per_us(*size), self.events.per_us(*size)


@dataclass(frozen=True)
class Observables:
    """The output of one population, by neuron instead of by circuit.

    A neuron with fewer samples than others repeats its last one.

    :param events: spikes, ``neuron`` counts within the population
    :param cadc: shape (samples, batch, neurons), raw 0…255; no samples if not recorded
    :param cadc_cycles: shape (samples, batch, 2), FPGA cycles, per hemisphere
    :param hemisphere: shape (neurons,), 0 or 1
    :param madc: shape (2, samples, batch): FPGA cycle and raw value; None if not read
    :param membrane: the true potential, shape (µs, batch, neurons), LSB, or None
    :param cadc_counts: shape (batch, 2), how many samples there are; None if all
    :param madc_counts: shape (batch,), how many samples there are; None if all
    """

    events: Events
    cadc: NDArray[np.uint8]
    cadc_cycles: Integers
    hemisphere: Integers
    madc: Floats | None = None
    membrane: NDArray[np.float32] | None = None
    cadc_counts: Integers | None = None
    madc_counts: Integers | None = None


@dataclass(frozen=True)
class Execution:
    """Everything one emulated run produced, stage by stage.

    Stages that were not reached are None: a network that cannot be routed still shows
    where it was placed.

    :param batch: number of batch entries
    :param inputs: events that were to be sent, by the name of their source
    :param sent: those that entered the chip, at the cycle they did
    :param seconds: wall time of each stage by its name
    :param notes: what was rounded, clipped or missed, one sentence each
    """

    network: Network
    batch: int = 1
    inputs: dict[str, Events] = field(default_factory=dict)
    sent: dict[str, Events] = field(default_factory=dict)
    placement: PlacementResult | None = None
    calibration: CalibResult | None = None
    routing: RoutingResult | None = None
    config: ChipConfig | None = None
    output: OutputData | None = None
    observables: dict[str, Observables] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

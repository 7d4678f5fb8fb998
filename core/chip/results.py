"""What the stages of one emulated run return: nouns, each can be looked at."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.chip.network import Floats, Integers, Network


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
class RoutingResult:
    """Which synapse row carries which source.

    :param row_source: shape (2, 256), index into ``sources``, −1 where free
    :param row_sign: shape (2, 256), +1, −1, 0 where free
    :param sources: (population name, neuron) of each source
    """

    row_source: Integers
    row_sign: Integers
    sources: tuple[tuple[str, int], ...]

    def rows_used(self) -> tuple[int, int]:
        """Return the number of rows in use in the upper and the lower hemisphere."""
        upper, lower = (self.row_source >= 0).sum(1)
        return int(upper), int(lower)


@dataclass(frozen=True)
class ChipConfig:
    """What would be written to the chip.

    :param weights: shape (2, 256, 256) = (hemisphere, row, column), 0…63
    :param row_source: as in `RoutingResult`
    :param row_sign: as in `RoutingResult`
    :param codes: as in `CalibResult`
    :param capacitance: shape (512,), LSB 0…63
    :param refractory_cycles: shape (512,), FPGA cycles after clock quantisation
    :param fires: shape (512,), threshold comparator on
    :param event_output: shape (512,), events leave the circuit
    :param used: shape (512,), circuit belongs to a neuron
    :param circuit_source: shape (512,), index of the source that a circuit is for other
        neurons of the chip, −1 if its events go to no synapse row
    :param constant_current: shape (512,), code −1022…1022 of the current onto the
        membrane, 0 is off
    :param stored: other settings of the circuits, shape (512,), by name: adaptation,
        exponential term, which circuits are joined
    :param notes: what was rounded or clipped, one sentence each
    """

    weights: NDArray[np.uint8]
    row_source: Integers
    row_sign: Integers
    codes: dict[str, Integers]
    capacitance: Floats
    refractory_cycles: Integers
    fires: NDArray[np.bool_]
    event_output: NDArray[np.bool_]
    used: NDArray[np.bool_]
    circuit_source: Integers = field(default_factory=lambda: np.full(512, -1))
    constant_current: Integers = field(default_factory=lambda: np.zeros(512, np.int64))
    stored: dict[str, Integers] = field(default_factory=dict)
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

    :param events: spikes by circuit
    :param cadc: shape (samples, batch, 512), raw 0…255
    :param cadc_cycles: shape (samples, 2), FPGA cycle of each sample per hemisphere
    :param madc: shape (samples, batch), raw 0…1023, or None
    :param madc_cycles: shape (samples,), FPGA cycles, or None
    :param lost_events: spikes that found no place on the link
    :param membrane: the true potential, shape (µs, batch, used circuits), LSB, or None;
        no experiment on silicon can see it
    :param truth: all that is true, or None
    """

    events: Events
    cadc: NDArray[np.uint8]
    cadc_cycles: Integers
    madc: NDArray[np.int64] | None = None
    madc_cycles: Integers | None = None
    lost_events: int = 0
    membrane: NDArray[np.float32] | None = None
    truth: Truth | None = None


@dataclass(frozen=True)
class Observables:
    """The output of one population, by neuron instead of by circuit.

    :param events: spikes, ``neuron`` counts within the population
    :param cadc: shape (samples, batch, neurons), raw 0…255; no samples if not recorded
    :param cadc_cycles: shape (samples, neurons), FPGA cycles
    :param madc: shape (2, samples, batch): FPGA cycle and raw value; None if not read
    :param membrane: the true potential, shape (µs, batch, neurons), LSB, or None
    """

    events: Events
    cadc: NDArray[np.uint8]
    cadc_cycles: Integers
    madc: Floats | None = None
    membrane: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Execution:
    """Everything one emulated run produced, stage by stage.

    Stages that were not reached are None: a network that cannot be routed still shows
    where it was placed.

    :param batch: number of batch entries
    :param inputs: events that were sent, by the name of their source
    :param seconds: wall time of each stage by its name
    :param notes: what was rounded, clipped or missed, one sentence each
    """

    network: Network
    batch: int = 1
    inputs: dict[str, Events] = field(default_factory=dict)
    placement: PlacementResult | None = None
    calibration: CalibResult | None = None
    routing: RoutingResult | None = None
    config: ChipConfig | None = None
    output: OutputData | None = None
    observables: dict[str, Observables] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

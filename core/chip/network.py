"""What is to be put on the chip: populations with targets, integer weights, read-out.

Everything here is in the chip's own units: potentials in raw CADC LSB (0…255), times in
seconds, weights as signed integers −63…63. No model unit ever gets below this line.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.chip.readout_source import ReadoutSource
from core.errors import RecordingError, SharedValueError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class NeuronTarget:
    """Calibration targets of one population; each array has shape (neurons,).

    A code that is not −1 is written to the CapMem as it is, and the circuit is not
    calibrated for that potential.

    :param leak: CADC LSB, raw
    :param reset: CADC LSB, raw
    :param threshold: CADC LSB, raw
    :param tau_mem: s
    :param tau_syn: shape (2, neurons), excitatory and inhibitory, s
    :param refractory_time: s
    :param membrane_capacitance: LSB, 0…63
    :param leak_code: CapMem code or −1
    :param reset_code: CapMem code or −1
    :param threshold_code: CapMem code or −1
    :param holdoff_time: from the release of the reset to the next spike, s; shape () if
        it is the same for all
    """

    leak: Floats
    reset: Floats
    threshold: Floats
    tau_mem: Floats
    tau_syn: Floats
    refractory_time: Floats
    membrane_capacitance: Floats
    leak_code: Integers
    reset_code: Integers
    threshold_code: Integers
    holdoff_time: Floats = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True)
class Population:
    """Neurons on the chip.

    :param fires: False switches the threshold comparator off
    :param mask: shape (neurons,), False switches the event output of a neuron off
    :param circuits: the circuits to sit on: shape (neurons,), the first of each neuron,
        or (neurons, circuits of a neuron), all of them; None lets `place` choose
    :param shape: (column, row) of each circuit of a neuron, relative to the first
    """

    name: str
    size: int
    target: NeuronTarget
    fires: bool = True
    mask: NDArray[np.bool_] | None = None
    circuits: Integers | None = None
    shape: tuple[tuple[int, int], ...] = ((0, 0),)


@dataclass(frozen=True)
class ExternalPopulation:
    """A source of events outside the chip."""

    name: str
    size: int


@dataclass(frozen=True)
class Projection:
    """Synapses between two populations.

    :param weights: shape (target, source), −63…63
    :param connected: shape (target, source), False where there is no synapse; None is
        a synapse everywhere. A synapse takes its place whatever its weight is.
    """

    name: str
    source: str
    target: str
    weights: Integers
    connected: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Network:
    """All that the pipeline needs to know about one use of one chip.

    :param madc: population and neuron that the MADC reads, or None
    :param record_cadc: whether the CADC reads the neurons
    :param i_synin_gm: strength of the synaptic inputs, CapMem code, one for the chip
    :param synapse_dac_bias: current of one weight LSB, CapMem code, one for the chip
    :param calibrated: False writes the median codes to every circuit
    :param cadc_dram: whether the CADC writes to the slower, larger DRAM
    :param cadc_source: population -> what the CADC reads of it, if not the membrane
    :param madc_source: what the MADC reads
    """

    populations: tuple[Population, ...] = ()
    externals: tuple[ExternalPopulation, ...] = ()
    projections: tuple[Projection, ...] = ()
    madc: tuple[str, int] | None = None
    record_cadc: bool = True
    i_synin_gm: int = 500
    synapse_dac_bias: int = 600
    calibrated: bool = True
    cadc_dram: bool = False
    cadc_source: dict[str, ReadoutSource] = field(default_factory=dict)
    madc_source: ReadoutSource = ReadoutSource.VOLTAGE


@dataclass
class NetworkBuilder:
    """Collects a `Network` while modules register themselves.

    :ivar madc: population and neuron that the MADC reads, or None
    :ivar cadc: populations that the CADC reads -> whether it writes to the slower DRAM
    :ivar cadc_source: populations -> what the CADC reads of them
    :ivar madc_source: what the MADC reads
    :ivar shared: values that the chip has only once
    :ivar calibrated: False writes the median codes to every circuit
    """

    populations: list[Population] = field(default_factory=list)
    externals: list[ExternalPopulation] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    madc: tuple[str, int] | None = None
    cadc: dict[str, bool] = field(default_factory=dict)
    cadc_source: dict[str, ReadoutSource] = field(default_factory=dict)
    madc_source: ReadoutSource = ReadoutSource.VOLTAGE
    shared: dict[str, int] = field(default_factory=dict)
    calibrated: bool = True

    def share(self, name: str, values: Floats | Integers) -> None:
        """Note a value that the chip has only once, ``i_synin_gm`` for example.

        :param values: of all neurons of a population
        :raises SharedValueError: if they, or those of another population, differ
        """
        found = {int(v) for v in np.ravel(values)}
        found |= {self.shared[name]} if name in self.shared else set()
        if len(found) > 1:
            label = f"'{name}[0]'" if name == "i_synin_gm" else f"'{name}'"
            raise SharedValueError(
                "populations",
                f"{label} requires same value for all neurons, found {sorted(found)}.",
                "Give all populations of the experiment the same value.",
            )
        self.shared[name] = found.pop()

    def add(self, item: Population | ExternalPopulation | Projection) -> str:
        """Add ``item`` and return its name, the descriptor of later results."""
        if isinstance(item, Population):
            self.populations.append(item)
        elif isinstance(item, ExternalPopulation):
            self.externals.append(item)
        else:
            self.projections.append(item)
        return item.name

    def done(self) -> Network:
        """Return the finished network.

        :raises RecordingError: if CADC recordings go to different memories
        """
        if len(set(self.cadc.values())) > 1:
            raise RecordingError(
                "CADC",
                "some populations record into DRAM, others into SRAM.",
                "Set enable_cadc_recording_placement_in_dram alike for all.",
            )
        return Network(
            tuple(self.populations),
            tuple(self.externals),
            tuple(self.projections),
            self.madc,
            bool(self.cadc),
            calibrated=self.calibrated,
            cadc_dram=any(self.cadc.values()),
            cadc_source=self.cadc_source,
            madc_source=self.madc_source,
            **self.shared,
        )

"""The saved document: network, stimuli, recording, run settings, chip and view."""

from dataclasses import dataclass

from core.spec.chip import TYPICAL, ChipSpec
from core.spec.fields import Spec, choice, plain, quantity
from core.spec.network import NetworkSpec
from core.spec.stimulus import Stimulus


@dataclass(frozen=True, eq=False)
class RecordingSpec(Spec):
    """What is measured on the chip."""

    madc_population: str | None = plain(
        None, doc="Population of the neuron that is shown and read by the MADC."
    )
    madc_neuron: int = quantity(
        0, "", low=0, high=511, step=1, doc="Its index.", label="MADC neuron"
    )
    cadc: bool = plain(True, doc="Read all membranes with the CADC.")
    madc_source: str = choice(
        "membrane",
        ("membrane", "adaptation"),
        doc="What the MADC reads of the neuron.",
        label="MADC reads",
    )


@dataclass(frozen=True, eq=False)
class RunSpec(Spec):
    """How long, how fine, on what, and the values that a chip has only once."""

    mode: str = choice(
        "mock",
        ("mock", "chip", "both"),
        doc="Ideal model, emulated chip, or both side by side.",
        label="run on",
    )
    runtime: float = quantity(
        100e-6, "s", low=1e-6, high=10e-3, step=10e-6, doc="Duration.", label="runtime"
    )
    dt: float = quantity(
        1e-6, "s", low=0.05e-6, high=10e-6, step=0.1e-6, doc="Step width.", label="step"
    )
    trial: int = quantity(
        0, "", low=0, high=99999, step=1, doc="Seed of the temporal noise."
    )
    i_synin_gm: int = quantity(
        500,
        "code",
        low=30,
        high=800,
        step=10,
        doc="Strength of the synaptic inputs, one value for the chip.",
        label="synaptic input strength",
    )
    synapse_dac_bias: int = quantity(
        600,
        "code",
        low=30,
        high=1022,
        step=10,
        doc="Current of one weight LSB, one value for the chip.",
        label="synapse DAC bias",
    )
    calibration: str = choice(
        "calibrated",
        ("calibrated", "uncalibrated"),
        doc="Search the codes for each circuit, or give all circuits the same.",
        label="circuits",
    )
    loops: str = choice(
        "late",
        ("late", "prompt"),
        doc="In the model, spikes within a loop arrive one step later than others, or"
        " as promptly, which is how networks of NIR count. A chip has no steps.",
        label="spikes in loops",
    )

    @property
    def steps(self) -> int:
        """Number of time steps."""
        return max(1, round(self.runtime / self.dt))


@dataclass(frozen=True, eq=False)
class ViewSpec(Spec):
    """What the page shows; never changes a result."""

    selected: str | None = plain(
        None, doc="Name of the selected population or projection.", cosmetic=True
    )
    neurons: tuple[int, ...] = plain(
        (), doc="Membranes drawn beside that of the MADC neuron.", cosmetic=True
    )
    hidden: tuple[str, ...] = plain(
        ("true", "rates"), doc="Kinds of traces and plots not drawn.", cosmetic=True
    )
    difference: bool = plain(
        False, doc="Shade what lies between model and chip.", cosmetic=True
    )
    lsb: bool = plain(
        False, doc="Potentials in CADC LSB instead of model units.", cosmetic=True
    )


@dataclass(frozen=True, eq=False)
class ExperimentSpec(Spec):
    """The document: everything that is saved, and nothing else."""

    network: NetworkSpec = plain(NetworkSpec(), doc="Populations and projections.")
    stimuli: tuple[Stimulus, ...] = plain((), doc="What the inputs send.")
    recording: RecordingSpec = plain(RecordingSpec(), doc="What is measured.")
    run: RunSpec = plain(RunSpec(), doc="Duration, mode and seeds.")
    chip: ChipSpec = plain(TYPICAL, doc="The emulated chip.")
    view: ViewSpec = plain(ViewSpec(), doc="What the page shows.", cosmetic=True)
    title: str = plain("untitled", doc="Name of the document.", cosmetic=True)

    def stimulus(self, population: str) -> Stimulus | None:
        """Return what drives the input ``population``, or None."""
        for stimulus in self.stimuli:
            if stimulus.population == population:
                return stimulus
        return None

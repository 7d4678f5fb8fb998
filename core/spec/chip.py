"""One emulated chip: its limits, its noise and its serial number.

`ChipSpec` describes a chip; what is written to it is a `core.chip.config.ChipConfig`.
Every non-ideality is a field with its own scale, so it can be pulled out one by one.
"""

from dataclasses import dataclass

from core.spec.fields import Spec, plain, quantity


@dataclass(frozen=True, eq=False)
class ChipSpec(Spec):
    """One emulated BrainScaleS-2 chip.

    Spreads are standard deviations from circuit to circuit. ``mismatch`` scales all
    fixed-pattern spreads, ``noise`` all temporal noise, so 0 makes either vanish.
    """

    number: int = quantity(
        1, "", low=0, high=99999, step=1, doc="Serial number: seeds the fixed pattern."
    )
    mismatch: float = quantity(
        1.0, "", low=0, high=3, step=0.1, doc="Scale of the whole fixed pattern."
    )
    noise: float = quantity(
        1.0, "", low=0, high=3, step=0.1, doc="Scale of all temporal noise."
    )
    voltage_spread: float = quantity(
        28.0, "code", low=0, high=100, doc="Offset shared by all voltages of a circuit."
    )
    tau_spread: float = quantity(
        0.19, "", low=0, high=1, doc="Relative spread of synaptic time constants."
    )
    leak_spread: float = quantity(
        0.12, "", low=0, high=1, doc="Relative spread of the leak conductance."
    )
    gain_spread: float = quantity(
        0.07, "", low=0, high=1, doc="Relative spread of the synaptic strength."
    )
    row_spread: float = quantity(
        0.05, "", low=0, high=1, doc="Relative spread of synapse rows, not calibrated."
    )
    write_noise: float = quantity(
        1.0, "code", low=0, high=10, doc="Inexactness of every CapMem write."
    )
    membrane_noise: float = quantity(
        0.6, "LSB", low=0, high=10, doc="Temporal noise of a resting membrane."
    )
    cadc_noise: float = quantity(
        0.4, "LSB", low=0, high=10, doc="Noise of one CADC sample before quantisation."
    )
    cadc_offset_spread: float = quantity(
        1.2, "LSB", low=0, high=20, doc="Offset left per CADC channel."
    )
    madc_noise: float = quantity(
        1.0, "LSB", low=0, high=20, doc="Noise of one MADC sample, MADC LSB."
    )
    cadc_period: float = quantity(
        1.7e-6, "s", low=0.5e-6, high=20e-6, doc="Time between two CADC samples."
    )
    membrane_low: float = quantity(
        25.0, "LSB", low=0, high=255, doc="Lowest potential a membrane reaches."
    )
    membrane_high: float = quantity(
        228.0, "LSB", low=0, high=255, doc="Highest potential a membrane reaches."
    )
    cadc_period_dram: float = quantity(
        6e-6, "s", low=2e-6, high=50e-6, doc="As cadc_period, recording into DRAM."
    )
    cadc_jitter: float = quantity(
        0.02,
        "",
        low=0,
        high=0.15,
        doc="Relative jitter of a CADC period; assumed.",
    )
    cadc_late: float = quantity(
        0.0, "s", low=-2e-6, high=2e-6, doc="Lag of CADC stamps; sign unknown, to 1 µs."
    )
    madc_loss: float = quantity(
        0.0, "", low=0, high=0.1, doc="Share of MADC samples lost; up to 1 % is known."
    )
    link_rate: float = quantity(
        250e6, "Hz", low=0, high=375e6, doc="Spikes the link carries; assumed; 0: all."
    )
    event_depth: int = quantity(
        32,
        "",
        low=1,
        high=1024,
        step=1,
        doc="Spikes an event output queues; assumed.",
    )
    event_loss: float = quantity(
        0.0, "", low=0, high=1, doc="Share of events lost on the link at random."
    )
    name: str = plain("typical", doc="The preset it was made from.", cosmetic=True)


TYPICAL = ChipSpec()
IDEAL = ChipSpec(
    mismatch=0.0,
    noise=0.0,
    write_noise=0.0,
    cadc_offset_spread=0.0,
    membrane_low=0.0,
    membrane_high=255.0,
    link_rate=0.0,
    name="ideal",
)
WORST = ChipSpec(mismatch=2.0, noise=2.0, madc_loss=0.01, event_loss=0.01, name="worst")

"""One emulated chip: its limits, its noise and its serial number.

`ChipSpec` describes a chip; what is written to it is a `core.chip.config.ChipConfig`.
Every non-ideality is a field with its own scale, so it can be pulled out one by one:

    fixed pattern     ``*_spread``, ``*_bias``, ``weak_cells``, scaled by ``mismatch``
    trial to trial    ``*write_noise``, ``baseline_shift``: anew at each configuration
    temporal noise    ``*_noise`` of membrane and converters, scaled by ``noise``
    saturation        ``membrane_*``, ``drive_limit``, ``drive_slope``, ``tau_reset``
    read-out          ``cadc_*``, ``madc_*``
    events            ``link_rate``, ``event_depth``, ``event_loss``

The help of a field says which number is published and which is chosen, so that what is
left after a calibration lies in the published bands
(``benchmarks/fidelity/calibration.py`` measures them). Codes and weights are whole
numbers by the nature of the chip: their quantisation is no field.
"""

from dataclasses import dataclass

from core.spec.fields import Spec, plain, quantity


@dataclass(frozen=True, eq=False)
class ChipSpec(Spec):
    """One emulated BrainScaleS-2 chip.

    Spreads are standard deviations from circuit to circuit. ``mismatch`` scales the
    whole fixed pattern, ``noise`` all temporal noise, so 0 makes either vanish.
    """

    number: int = quantity(
        1, "", low=0, high=99999, step=1, doc="Serial number: seeds the fixed pattern."
    )
    calibration: int = quantity(
        0,
        "",
        low=0,
        high=99999,
        step=1,
        doc="Which calibration of this chip: seeds the noise of its measurements.",
    )
    mismatch: float = quantity(
        1.0, "", low=0, high=3, step=0.1, doc="Scale of the whole fixed pattern."
    )
    noise: float = quantity(
        1.0, "", low=0, high=3, step=0.1, doc="Scale of all temporal noise."
    )
    voltage_spread: float = quantity(
        31.0,
        "code",
        low=0,
        high=100,
        doc="Offset that leak, reset and (in part) threshold of a circuit share;"
        " published codes: 37 to 40 in all.",
    )
    own_voltage_spread: float = quantity(
        21.0,
        "code",
        low=0,
        high=100,
        doc="Offset of leak and reset beyond the shared one; published codes of the"
        " two correlate with about 0.7.",
    )
    threshold_spread: float = quantity(
        16.0,
        "code",
        low=0,
        high=100,
        doc="Offset of the threshold beyond the shared one; published codes: 17 to 20"
        " in all.",
    )
    slope_spread: float = quantity(
        0.02, "", low=0, high=0.2, doc="Relative spread of LSB per code; chosen."
    )
    offset_current_spread: float = quantity(
        3.0,
        "LSB",
        low=0,
        high=30,
        doc="Shift of the resting potential by leakage at a membrane of 10 µs; it grows"
        " with the time constant; chosen.",
    )
    tau_spread: float = quantity(
        0.19,
        "",
        low=0,
        high=1,
        doc="Relative spread of synaptic time constants; published codes: 21 to 26 %"
        " in all.",
    )
    leak_spread: float = quantity(
        0.12,
        "",
        low=0,
        high=1,
        doc="Relative spread of the leak conductance; published codes: 13 %.",
    )
    gain_spread: float = quantity(
        0.04,
        "",
        low=0,
        high=1,
        doc="Relative spread of the synaptic strength within a quadrant; with"
        " gain_bias it gives codes as published, 6 to 7 %.",
    )
    quadrant_gain_spread: float = quantity(
        0.2,
        "",
        low=0,
        high=1,
        doc="Relative spread of the synaptic strength between quadrants; published"
        " codes: 10 and 24 % in all.",
    )
    chip_gain_spread: float = quantity(
        0.02,
        "",
        low=0,
        high=1,
        doc="Relative spread of the typical synaptic strength from chip to chip;"
        " chosen, tests of real chips ask for 50 ± 10 of the weight scale on any.",
    )
    row_spread: float = quantity(
        0.05,
        "",
        low=0,
        high=1,
        doc="Relative spread of synapse rows, not calibrated; chosen.",
    )
    threshold_bias: float = quantity(
        1.9,
        "LSB",
        low=0,
        high=20,
        doc="How far a threshold under the current of the calibration is from that of"
        " a run; chosen for a fixed pattern of 2 to 4 % of threshold - leak, as"
        " published.",
    )
    threshold_miss: float = quantity(
        3.5,
        "LSB",
        low=0,
        high=20,
        doc="How far below a threshold the highest samples are by which it is"
        " calibrated; so thresholds lie 5 % of threshold - leak (70 LSB) too high, as"
        " published.",
    )
    tau_bias: float = quantity(
        0.035,
        "",
        low=0,
        high=1,
        doc="How far the membrane time constant of a large step is from that near rest;"
        " chosen, real calibrations leave up to 6 %.",
    )
    gain_bias: float = quantity(
        0.055,
        "",
        low=0,
        high=1,
        doc="How far the synaptic strength where it is calibrated (τ_mem 60 µs, τ_syn"
        " 1.5 µs) is from that of a run; chosen for 4 to 10 % of a response.",
    )
    weak_cells: float = quantity(
        0.008,
        "",
        low=0,
        high=1,
        doc="Share of analog cells with ten times the noise of a write; chosen so that"
        " 1 to 5 % of the circuits miss a target.",
    )
    voltage_write_noise: float = quantity(
        2.3,
        "code",
        low=0,
        high=20,
        doc="Inexactness of every write of a voltage; with baseline_shift about 1.2 LSB"
        " from run to run (published: 1 to 2).",
    )
    write_noise: float = quantity(
        1.6,
        "code",
        low=0,
        high=10,
        doc="Inexactness of every write of a bias current; chosen, more than 2 leaves"
        " time constants worse than real calibrations do.",
    )
    baseline_shift: float = quantity(
        0.8,
        "LSB",
        low=0,
        high=10,
        doc="Shift of all potentials of a quadrant at every configuration of the chip.",
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
    tau_reset: float = quantity(
        0.5e-6, "s", low=0, high=5e-6, doc="Time constant of the reset, 0 is at once."
    )
    drive_limit: float = quantity(
        85.0, "LSB/µs", low=0, high=1000, doc="Largest current of an input, 0 is any."
    )
    drive_slope: float = quantity(
        0.05,
        "",
        low=0,
        high=0.14,
        doc="How much lower a response to weight 63 is per LSB that the membrane moves"
        " its way; published: below 0.08 for 90 % of the circuits.",
    )
    drive_slope_spread: float = quantity(
        0.02,
        "",
        low=0,
        high=0.1,
        doc="Spread of drive_slope; chosen, with it 9 of 10 circuits are below 0.08.",
    )
    term_spread: float = quantity(
        0.15, "", low=0, high=1, doc="Relative spread of exponential and adaptation."
    )
    name: str = plain("typical", doc="The preset it was made from.", cosmetic=True)


TYPICAL = ChipSpec()
IDEAL = ChipSpec(
    mismatch=0.0,
    noise=0.0,
    voltage_write_noise=0.0,
    write_noise=0.0,
    baseline_shift=0.0,
    cadc_offset_spread=0.0,
    membrane_low=0.0,
    membrane_high=255.0,
    link_rate=0.0,
    tau_reset=0.0,
    drive_limit=0.0,
    drive_slope=0.0,
    threshold_miss=0.0,
    name="ideal",
)
WORST = ChipSpec(
    mismatch=2.0,
    noise=2.0,
    voltage_write_noise=2 * TYPICAL.voltage_write_noise,
    write_noise=2 * TYPICAL.write_noise,
    baseline_shift=2 * TYPICAL.baseline_shift,
    madc_loss=0.01,
    event_loss=0.01,
    name="worst",
)


def chip_number(number: int) -> ChipSpec:
    """Return the typical chip of this serial number.

    >>> chip_number(7).replace(number=1) == TYPICAL
    True
    """
    return TYPICAL.replace(number=number)

"""Knobs of a chip that have been turned but do nothing in a given run.

A spread does nothing on a chip without mismatch, a converter that reads nothing has no
noise, a bias of calibrations needs one, and a reset needs spikes. Who turned such a
knob is told so.
"""

from collections.abc import Callable, Iterator
from typing import Final

from core.chip.adex import active_terms
from core.chip.network import Network
from core.chip.results import ChipConfig
from core.spec.chip import ChipSpec

#: Where knobs do nothing: their names begin or end so, when, and why.
_SILENT: Final[
    tuple[tuple[str, str, Callable[[ChipSpec, Network], bool], str], ...]
] = (
    ("", "_spread", lambda chip, net: chip.mismatch == 0, "mismatch is 0"),
    ("", "_bias", lambda chip, net: chip.mismatch == 0, "mismatch is 0"),
    ("weak_cells", "", lambda chip, net: chip.mismatch == 0, "mismatch is 0"),
    ("membrane_noise", "", lambda chip, net: chip.noise == 0, "noise is 0"),
    ("cadc_noise", "", lambda chip, net: chip.noise == 0, "noise is 0"),
    ("madc_noise", "", lambda chip, net: chip.noise == 0, "noise is 0"),
    ("cadc_jitter", "", lambda chip, net: chip.noise == 0, "noise is 0"),
    ("calibration", "", lambda chip, net: not net.calibrated, "nothing is calibrated"),
    ("cadc_period", "d", lambda chip, net: net.cadc_dram, "the CADC uses the DRAM"),
    ("", "_dram", lambda chip, net: not net.cadc_dram, "the CADC uses the SRAM"),
    (
        "weak_cells",
        "",
        lambda chip, net: chip.write_noise == chip.voltage_write_noise == 0,
        "writes are exact",
    ),
    ("", "_bias", lambda chip, net: not net.calibrated, "nothing is calibrated"),
    ("cadc_", "", lambda chip, net: not net.record_cadc, "no CADC records"),
    ("madc_", "", lambda chip, net: net.madc is None, "no MADC records"),
    (
        "threshold_miss",
        "",
        lambda chip, net: not net.calibrated,
        "nothing is calibrated",
    ),
    ("drive_slope_", "", lambda chip, net: chip.drive_slope == 0, "drive_slope is 0"),
    ("event_depth", "", lambda chip, net: chip.link_rate == 0, "link_rate is 0"),
)


def silent_knobs(
    chip: ChipSpec, network: Network, config: ChipConfig | None = None
) -> Iterator[str]:
    """Return a sentence for each reason why turned knobs do nothing.

    A knob is turned if it is neither 0 nor as on a typical chip.

    :param config: what is written to the chip, if that is known

    >>> from core.spec.chip import TYPICAL
    >>> list(silent_knobs(TYPICAL.replace(mismatch=0, tau_bias=0.1), Network()))
    ['tau_bias has no effect: mismatch is 0.']
    """
    typical = ChipSpec()
    turned = [
        name
        for name in ChipSpec.infos()
        if getattr(chip, name) not in (0, getattr(typical, name))
    ]
    reasons: dict[str, list[str]] = {}
    for start, end, silent, why in _SILENT:
        if silent(chip, network):
            found = [n for n in turned if n.startswith(start) and n.endswith(end)]
            reasons.setdefault(why, []).extend(found)
    if config is not None:
        for name, why in _unused(config):
            reasons.setdefault(why, []).extend({name} & set(turned))
    for why, names in reasons.items():
        if names:
            verb = "has" if len(names) == 1 else "have"
            yield f"{', '.join(names)} {verb} no effect: {why}."


def _unused(config: ChipConfig) -> Iterator[tuple[str, str]]:
    """Return knobs of parts that no circuit in use makes use of, and why."""
    if not (config.fires & config.used).any():
        yield "tau_reset", "no neuron fires"
    if not any(config.used[at].any() for at in active_terms(config.stored).values()):
        yield "term_spread", "no exponential onset or adaptation is on"

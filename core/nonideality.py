"""Each way in which a chip is not ideal, as a knob from 0 to 100 %.

The sources come from the fields of `ChipSpec`: what an ideal and a typical chip differ
in, and what its spreads, biases and noises are. With a share p ::

    value = ideal + p · (full − ideal)          spreads, noises, losses, delays
    value = full / p,  0 (no limit) at p = 0    limits: of currents, of the link

``full`` is that of the typical chip, or of the worst one where a typical chip has none.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from core.spec.chip import IDEAL, TYPICAL, WORST, ChipSpec

#: Groups in the order in which a chip makes its mistakes; a field belongs to the first
#: whose words its name begins or ends with.
GROUPS: Final = {
    "fixed pattern": ("_bias", "weak_cells", "_spread", "mismatch"),
    "calibration": ("threshold_miss",),
    "trial to trial": ("write_noise", "baseline_shift"),
    "read-out": ("cadc_noise", "madc_noise", "cadc_jitter", "madc_loss"),
    "noise": ("membrane_noise", "noise"),
    "saturation": ("membrane_low", "membrane_high", "drive_", "tau_reset"),
    "events": ("link_rate", "event_loss"),
}
#: Read-out channels have a fixed pattern, too; it belongs to what reads.
_FIRST: Final = {"cadc_offset_spread": "read-out"}
#: Fields that scale a whole group; they are no source beside what they scale.
MASTERS: Final = {"mismatch": "fixed pattern", "noise": "noise"}
#: A field that is a limit: 0 is none, a smaller number is worse.
LIMITS: Final = ("drive_limit", "link_rate")
#: Most that a share may be: the worst chip has twice of what is typical.
MOST: Final = 2.0


@dataclass(frozen=True)
class Source:
    """One field of `ChipSpec` that makes a chip worse than ideal.

    :param ideal: value on an ideal chip
    :param full: value at a share of 100 %
    """

    name: str
    group: str
    ideal: float
    full: float
    doc: str

    @property
    def label(self) -> str:
        """The name in words."""
        words = self.name.replace("_", " ")
        return words.replace("cadc", "CADC").replace("madc", "MADC")

    def share(self, chip: ChipSpec) -> float:
        """Return how much of it ``chip`` has, 1 is 100 %."""
        value = float(getattr(chip, self.name))
        if self.name in LIMITS:
            return self.full / value if value else 0.0
        return abs((value - self.ideal) / (self.full - self.ideal))

    def put(self, chip: ChipSpec, share: float) -> ChipSpec:
        """Return ``chip`` with so much of it, within the bounds of the field."""
        if self.name in LIMITS:
            value = self.full / share if share > 0 else 0.0
        else:
            value = self.ideal + share * (self.full - self.ideal)
        info = ChipSpec.info(self.name)
        low = value if info.low is None else max(info.low, value)
        value = low if info.high is None else min(info.high, low)
        return chip.replace(**{self.name: value})


@cache
def sources() -> tuple[Source, ...]:
    """Return all sources, group by group; masters come first in theirs."""
    found = [s for s in map(_source, ChipSpec.infos()) if s is not None]
    order = list(GROUPS)
    return tuple(
        sorted(found, key=lambda s: (order.index(s.group), s.name not in MASTERS))
    )


def source(name: str) -> Source:
    """Return the source of the field ``name``."""
    return next(s for s in sources() if s.name == name)


def without(chip: ChipSpec, names: tuple[str, ...]) -> ChipSpec:
    """Return ``chip`` with some sources switched off."""
    for name in names:
        chip = source(name).put(chip, 0.0)
    return chip


def active(chip: ChipSpec) -> tuple[Source, ...]:
    """Return the sources that ``chip`` has anything of; masters are left out."""
    off = {group for m, group in MASTERS.items() if getattr(chip, m) == 0}
    return tuple(
        s
        for s in sources()
        if s.name not in MASTERS and s.group not in off and s.share(chip) != 0
    )


def _source(name: str) -> Source | None:
    group = _FIRST.get(name) or next(
        (
            group
            for group, words in GROUPS.items()
            if any(name.startswith(w) or name.endswith(w) for w in words)
        ),
        None,
    )
    if group is None:
        return None
    typical, worst = getattr(TYPICAL, name), getattr(WORST, name)
    ideal = getattr(IDEAL, name) if name in _OWN_IDEAL else 0.0
    full = typical if typical != ideal else worst
    doc = ChipSpec.info(name).doc
    return (
        Source(name, group, float(ideal), float(full), doc) if full != ideal else None
    )


#: Fields whose best value is not 0.
_OWN_IDEAL: Final = ("membrane_high",)

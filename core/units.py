"""Units: factors for SI seconds, ranges of the chip's codes, and printing.

All times in signatures are seconds: write ``8 * us``.
"""

from typing import Final

us: Final = 1e-6
ms: Final = 1e-3

#: FPGA clock cycles in a microsecond; events have a resolution of one cycle (8 ns).
CYCLES_PER_US: Final = 125
CYCLE: Final = us / CYCLES_PER_US

#: Neuron circuits of a chip.
CIRCUITS: Final = 512
#: Largest magnitude of a signed synapse weight.
WEIGHT_MAX: Final = 63
#: Largest usable CapMem setting: 1023 turns the refreshing of the cell off.
CODE_MAX: Final = 1022
#: Largest raw value of the 8-bit CADC and of the 10-bit MADC.
CADC_MAX: Final = 255
MADC_MAX: Final = 1023
#: Users see CADC values as signed bytes: raw value minus this.
CADC_SIGNED_OFFSET: Final = 128

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


def display_unit(unit: str) -> tuple[str, float]:
    """Return the unit a person reads and its size: seconds are shown in µs."""
    return ("µs", us) if unit == "s" else (unit, 1.0)


def format_quantity(value: float, unit: str, digits: int = 3) -> str:
    """Return ``value`` with a readable prefix: ``format_quantity(8e-6, "s")`` is 8 µs.

    Only seconds and hertz take a prefix; model units and LSB are printed as they are.
    """
    if unit == "s" and value:
        size, prefix = next(
            ((s, p) for s, p in _PREFIXES if abs(value) >= s * 0.9999), _PREFIXES[-1]
        )
        return f"{_short(value / size, digits)} {prefix}{unit}"
    if unit == "Hz" and abs(value) >= 1e3:
        return f"{_short(value / 1e3, digits)} kHz"
    return f"{_short(value, digits)} {unit}".rstrip()


def _short(value: float, digits: int) -> str:
    """Round to ``digits`` significant ones, but never a whole number."""
    whole = float(value).is_integer()
    return f"{value if whole else float(f'{value:.{digits}g}'):.10g}"

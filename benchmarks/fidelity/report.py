"""The tables of docs/fidelity.md."""

from collections.abc import Iterable, Sequence

from benchmarks.fidelity import calibration, scales
from benchmarks.tables import number, table
from core.spec.chip import chip_number

OUTSIDE = "**outside**"


def typical_numbers(chips: int) -> str:
    """Return the scale numbers of some chips beside those of real ones."""
    found = [scales.scales(chip) for chip in range(1, chips + 1)]
    rows = []
    for band in scales.BANDS:
        values = sorted(figures[band.name] for figures in found)
        rows.append(
            [
                band.name + (f", {band.unit}" if band.unit else ""),
                number(band.wanted),
                _range(band.low, band.high),
                number(values[len(values) // 2]),
                _range(values[0], values[-1]),
                _inside(band.low <= values[0] and values[-1] <= band.high),
            ]
        )
    head = ["", "published", "band", "median chip", "all chips", "inside"]
    return table(head, rows)


def residuals(chips: int) -> str:
    """Return what calibrations leave, and how much they narrow each spread."""
    left = calibration.pooled(
        calibration.residuals(chip_number(n)) for n in range(1, chips + 1)
    )
    rows = []
    for name, (low, high) in calibration.RESIDUALS.items():
        row = left[name]
        share = 1 if name in ("leak", "reset", "threshold") else 100
        ratio, most = "–", "–"
        inside = low <= row["min"] and row["max"] <= high
        if name in calibration.RATIOS:
            most = number(calibration.RATIOS[name])
            ratio = number(left[f"{name}.ratio"]["max"])
            inside &= left[f"{name}.ratio"]["max"] < calibration.RATIOS[name]
        rows.append(
            [
                f"{_NAMES.get(name, name)}, {'LSB' if share == 1 else '%'}",
                _range(low * share, high * share),
                number(row["mean"] * share),
                _range(row["min"] * share, row["max"] * share),
                most,
                ratio,
                _inside(inside),
            ]
        )
    head = ["", "band", "mean", "all chips", "ratio, at most", "largest", "inside"]
    return table(head, rows)


def codes(chips: int) -> str:
    """Return the statistics of calibrated codes beside two published calibrations."""
    numbers = range(1, chips + 1)
    found = calibration.pooled(calibration.codes(chip_number(n)) for n in numbers)
    rows = [list(row) for row in _variations(found)]
    for name, (low, high, published) in calibration.CORRELATIONS.items():
        row = found[name]
        rows.append(
            [
                f"correlation {name}",
                published,
                _range(low, high),
                number(row["mean"]),
                _range(row["min"], row["max"]),
                _inside(low < row["min"] and row["max"] < high),
            ]
        )
    head = ["", "A, B", "band", "mean", "all chips", "inside"]
    return table(head, rows)


def _variations(found: dict[str, dict[str, float]]) -> Iterable[Sequence[str]]:
    for name, (a, b) in calibration.VARIATION.items():
        row = found[f"{name}.cv"]
        low, high = 0.7 * min(a, b), 1.3 * max(a, b)
        yield (
            f"variation of {_NAMES.get(name, name)}, %",
            f"{number(100 * a)}, {number(100 * b)}",
            _range(100 * low, 100 * high),
            number(100 * row["mean"]),
            _range(100 * row["min"], 100 * row["max"]),
            _inside(low < row["min"] and row["max"] < high),
        )


def thresholds(chips: int) -> str:
    """Return mean, fixed pattern and noise of thresholds, and spread of the CADC."""
    numbers = range(1, chips + 1)
    found = calibration.pooled(
        calibration.thresholds(chip_number(n)) | calibration.cadc(chip_number(n))
        for n in numbers
    )
    rows = []
    for name, label, share, low, high, mean in (
        ("threshold mean", "thresholds above their target, %", 100, 0.04, 0.06, True),
        ("threshold fixed", "fixed pattern of thresholds, %", 100, 0.02, 0.04, False),
        ("threshold batch", "noise of a batch, mean, %", 100, 0.01, 0.02, True),
        ("cadc", "channels of the CADC, LSB", 1, 0.0, 3.0, False),
    ):
        row = found[name]
        least, most = (row["mean"],) * 2 if mean else (row["min"], row["max"])
        rows.append(
            [
                label,
                _range(low * share, high * share),
                number(row["mean"] * share),
                _range(row["min"] * share, row["max"] * share),
                _inside(low <= least and most <= high),
            ]
        )
    return table(["", "band", "mean", "all chips", "inside"], rows)


def seconds() -> str:
    """Return what calibrating takes."""
    rows = [
        [name, number(1e3 * taken)]
        for name, taken in calibration.seconds(chip_number(1)).items()
    ]
    return table(["512 circuits, chip 1", "ms of one core"], rows)


_NAMES = {
    "tau_syn_exc": "tau_syn, excitatory",
    "tau_syn_inh": "tau_syn, inhibitory",
    "psp": "PSP of one row",
    "psp_by_rows": "PSP, each by its row",
    "failed": "circuits off a target",
    "gm_exc": "strength, excitatory",
    "gm_inh": "strength, inhibitory",
}


def _range(low: float, high: float) -> str:
    return f"{number(low)} … {number(high)}"


def _inside(inside: bool) -> str:
    return "yes" if inside else OUTSIDE

"""The curves of `benchmarks.fidelity.curves` as pictures beside published numbers."""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks.fidelity import curves
from core.spec.chip import TYPICAL, ChipSpec

STYLE: Final[dict[str, Any]] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
    "font.size": 9,
    "legend.frameon": False,
    "svg.hashsalt": "fidelity",  # the same data give the same file
    "svg.fonttype": "path",
}
_CHIPS: Final = 20
OURS, PUBLISHED = "#0a6e8a", "#c2410c"


def draw(folder: Path, chip: ChipSpec = TYPICAL) -> dict[str, str]:
    """Write all pictures into ``folder``; return the figures found, by picture."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {}
    with mpl.rc_context(STYLE):
        for name, picture in PICTURES.items():
            figure = Figure(figsize=(6.4, 2.6), layout="constrained")
            said[name] = picture(figure.subplots(), chip)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return said


def _leak_over_threshold(axes: Any, chip: ChipSpec) -> str:
    trace = curves.leak_over_threshold(chip)
    axes.plot(trace.time[::4] * 1e6, trace.membrane[::4], color=OURS, lw=0.8)
    for level in (232, 400):
        axes.axhline(level, color=PUBLISHED, ls="--", lw=0.8)
    axes.set(xlabel="time, µs", ylabel="membrane, MADC LSB", xlim=(0, 200))
    periods = trace.periods() * 1e6
    counts = [len(times) for times in trace.spikes]
    return (
        f"Period {np.median(periods):.1f} µs (median of {len(periods)} neurons, from"
        f" {periods.min():.1f} to {periods.max():.1f}), {np.median(counts):.0f} spikes"
        " in 0.2 ms. Course: 13 µs, 15 spikes, between the dashed lines."
    )


def _f_i(axes: Any, chip: ChipSpec) -> str:
    currents = list(range(0, 1001, 50))
    rates = curves.f_i(currents, chip) / 1e3
    axes.fill_between(currents, rates.min(1), rates.max(1), color=OURS, alpha=0.2, lw=0)
    axes.plot(currents, np.median(rates, 1), color=OURS, marker=".")
    axes.axvspan(200, 270, color=PUBLISHED, alpha=0.2, lw=0)
    axes.set(xlabel="constant current, code", ylabel="rate, kHz", ylim=(0, None))
    fires = (rates > 0).argmax(0)
    first = np.array(currents)[fires[rates.max(0) > 0]]
    return (
        f"The neurons begin to fire between code {first.min()} and {first.max()}"
        f" (median {np.median(first):.0f}). Course: between 200 and 270 (shaded), then"
        " almost linear."
    )


def _stacking(axes: Any, chip: ChipSpec) -> str:
    said = []
    for interval, shade in ((100, 0.35), (20, 1.0)):
        trace = curves.stacking(interval, chip)
        axes.plot(
            trace.time[::4] * 1e6,
            trace.membrane[::4],
            color=OURS,
            alpha=shade,
            lw=0.8,
            label=f"every {interval} µs",
        )
        said.append(f"every {interval} µs: peak {np.sort(trace.membrane)[-20]:.0f}")
    axes.legend()
    axes.set(xlabel="time, µs", ylabel="membrane, MADC LSB", xlim=(0, 400))
    return (
        f"Two sources of weight 31, the second spike inhibitory, {'; '.join(said)} MADC"
        " LSB. Course: bumps of about 45 LSB; with 20 µs they stack from 320 to 417"
        " and the neuron fires."
    )


def _dynamic_range(axes: Any, chip: ChipSpec) -> str:
    weights = np.arange(-288, 289, 32)
    peaks = curves.dynamic_range([int(w) for w in weights], chip)
    axes.plot(weights, peaks, color=OURS, marker=".", label="emulated chip")
    course = np.array([-288, -128, -64, 0, 288])
    shown = np.array([117, 163, 205, 254, 489]) - 254
    axes.plot(course, shown, "x", color=PUBLISHED, label="course")
    axes.legend()
    axes.set(xlabel="sum of weights, LSB", ylabel="deflection, MADC LSB")
    slope = np.polyfit(weights[weights > 0], peaks[weights > 0], 1)[0]
    return (
        f"Excitatory {slope:.2f} MADC LSB per weight, inhibitory limited at"
        f" {peaks.min():.0f}. Course: 0.785 up to 288; inhibitory saturates near −137."
    )


def _refractory(axes: Any, chip: ChipSpec) -> str:
    times = np.geomspace(0.1e-6, 31e-6, 60)
    found = curves.refractory([float(t) for t in times], chip)
    error = found / times - 1
    axes.semilogx(times * 1e6, 100 * error, color=OURS, marker=".")
    axes.set(xlabel="refractory time, µs", ylabel="rounding, %")
    longer = times >= 0.25e-6
    return (
        f"Above 0.25 µs the counter adds at most {100 * error[longer].max():.1f} %."
        " Published rule: at least 30 ticks, 1 µs becomes 1.024 µs, 2 µs 2.048 µs."
    )


def _four_inputs(axes: Any, chip: ChipSpec) -> str:
    chips = range(chip.number, chip.number + _CHIPS)
    first = np.stack([curves.four_inputs(chip.replace(number=n)) for n in chips]) * 1e6
    late = np.isnan(first)
    axes.hist(first[~late], np.arange(19, 41, 0.5), color=OURS)
    axes.axvline(32, color=PUBLISHED, ls="--", lw=0.8)
    axes.set(xlabel="first spike, µs", ylabel="neurons", xlim=(19, 41))
    asked = (first >= 24.5) & (first < 40.5)
    return (
        f"{first.size} neurons of {_CHIPS} chips: {100 * (first < 24.5).mean():.0f} %"
        f" fire before 24.5 µs, {100 * asked.mean():.0f} % from then to 40.5 µs,"
        f" {100 * late.mean():.0f} % do not fire. Tutorial: one neuron, at 32 µs"
        " (dashed)."
    )


PICTURES: Final = {
    "leak_over_threshold": _leak_over_threshold,
    "f_i": _f_i,
    "psp_stacking": _stacking,
    "dynamic_range": _dynamic_range,
    "refractory": _refractory,
    "four_inputs": _four_inputs,
}

"""Membrane and raster of a run as SVG, with axes."""

from typing import Any

import numpy as np

from core.simulate import PopulationResult, RunResult
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from core.spec.network import LIFSpec, LISpec, NetworkSpec
from core.units import us
from workbench.plots.decimate import min_max
from workbench.plots.svg import Area, Pen, path, polyline, round_ticks, text

#: More spikes of one population than this are thinned evenly.
MAX_SPIKES = 4000


def membrane(spec: ExperimentSpec, result: RunResult, area: Area, pen: Pen) -> str:
    """Return the membrane of the neuron that the document shows."""
    shown = _shown(spec, result)
    if shown is None:
        return ""
    population, neuron = shown
    found = result.populations[population.name]
    color = pen.population(color_of(spec.network, population.name))
    plot = area.inside(54, 22, 64, 8)
    lines = _lines(found, neuron)
    levels = _levels(population)
    values = [v for _, _, v in lines if len(v)]
    ends = [*(x for v in values for x in (v.min(), v.max())), *levels.values()]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    margin = 0.08 * max(high - low, 1e-6)
    low, high = low - margin, high + margin

    def y(v: Any) -> Any:
        return plot.y + plot.height * (1 - (v - low) / (high - low))

    def x(t: Any) -> Any:
        return plot.x + plot.width * np.asarray(t) / result.duration

    title = f"membrane of {population.name}, neuron {neuron}"
    parts = [text(plot.x, area.y + 12, title, pen.main, weight=600)]
    for tick in round_ticks(low, high):
        at = y(tick)
        parts.append(path(f"M{plot.x:.1f} {at:.1f}h{plot.width:.1f}", pen.line))
        parts.append(
            text(plot.x - 6, at + 4, f"{tick:g}", pen.quiet, anchor="end", size=11)
        )
    for name, level in levels.items():
        at = y(level)
        parts.append(
            path(f"M{plot.x:.1f} {at:.1f}h{plot.width:.1f}", pen.ghost, dash="5 4")
        )
        parts.append(text(plot.x + plot.width + 6, at + 4, name, pen.quiet, size=11))
    for kind, time, trace in lines:
        if kind == "cadc":
            dots = "".join(
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2"/>'
                for a, b in zip(x(time), y(trace), strict=True)
            )
            parts.append(f'<g fill="{pen.card}" stroke="{color}">{dots}</g>')
            continue
        moves = polyline(x(time), y(trace))
        width, opacity = (2.0, 1.0) if kind == "model" else (1.0, 0.85)
        parts.append(path(moves, color, width, opacity=opacity))
    label = "model units"
    parts.append(
        text(
            area.x + 12,
            plot.y + plot.height / 2,
            label,
            pen.quiet,
            anchor="middle",
            size=11,
            turn=-90,
        )
    )
    return "\n".join(parts)


def raster(network: NetworkSpec, result: RunResult, area: Area, pen: Pen) -> str:
    """Return the spikes of all populations, stacked, and the time axis."""
    plot = area.inside(54, 16, 64, 34)
    bands = [p for p in result.populations.values() if p.spikes is not None]
    total = sum(_rows(p.size) for p in bands)
    parts, top = [], plot.y
    for population in bands:
        height = plot.height * _rows(population.size) / total
        color = pen.population(color_of(network, population.name))
        parts.append(_band(population, top, height, plot, color, result, pen))
        top += height
    bottom = plot.y + plot.height
    duration = result.duration / us
    for tick in round_ticks(0, duration, 6):
        at = plot.x + plot.width * tick / duration
        parts.append(path(f"M{at:.1f} {bottom:.1f}v4", pen.quiet))
        parts.append(
            text(at, bottom + 16, f"{tick:g}", pen.quiet, anchor="middle", size=11)
        )
    middle = plot.x + plot.width / 2
    parts.append(text(middle, bottom + 31, "time, µs", pen.quiet, anchor="middle"))
    return "\n".join(parts)


def _band(
    found: PopulationResult,
    top: float,
    height: float,
    plot: Area,
    color: str,
    result: RunResult,
    pen: Pen,
) -> str:
    spikes = found.spikes
    if spikes is None:
        return ""
    count = len(spikes.time)
    step = max(1, -(-count // MAX_SPIKES))
    row = height / max(found.size, 1)
    tick = max(1.2, row * 0.8)
    x = plot.x + plot.width * spikes.time[::step] / result.duration
    y = top + spikes.neuron[::step] * row + (row - tick) / 2
    moves = "".join(f"M{a:.1f} {b:.1f}v{tick:.1f}" for a, b in zip(x, y, strict=True))
    middle = top + height / 2 + 4
    words = f"{count} spike" if count == 1 else f"{count} spikes"
    name = found.name if len(found.name) < 9 else f"{found.name[:7]}…"
    return "\n".join(
        (
            f'<rect x="{plot.x:.1f}" y="{top:.1f}" width="{plot.width:.1f}" '
            f'height="{max(height - 2, 1):.1f}" fill="{color}" opacity="0.08"/>',
            path(moves, color, 1.4),
            text(plot.x - 6, middle, name, pen.main, anchor="end", size=11),
            text(plot.x + plot.width + 6, middle, words, pen.quiet, size=11),
        )
    )


def _rows(size: int) -> float:
    """Return the share of a population: more neurons, more room, but not in line."""
    return float(np.sqrt(size)) + 1


def _shown(spec: ExperimentSpec, result: RunResult) -> tuple[LISpec, int] | None:
    neurons = [
        p
        for p in spec.network.populations
        if isinstance(p, LISpec) and p.name in result.populations
    ]
    for population in neurons:
        if population.name == spec.recording.madc_population:
            return population, min(spec.recording.madc_neuron, population.size - 1)
    return (neurons[0], 0) if neurons else None


def _lines(found: PopulationResult, neuron: int) -> list[tuple[str, Any, Any]]:
    lines: list[tuple[str, Any, Any]] = []
    if found.madc is not None and found.madc_neuron == neuron:
        lines.append(("madc", *min_max(found.madc.time, found.madc.values[:, 0])))
    if found.membrane is not None and neuron < found.membrane.values.shape[1]:
        values = found.membrane.values[:, neuron]
        lines.append(("model", *min_max(found.membrane.time, values)))
    if found.cadc is not None and neuron < found.cadc.values.shape[1]:
        time = found.cadc.time
        own = time if time.ndim == 1 else time[:, neuron]
        lines.append(("cadc", own, found.cadc.values[:, neuron]))
    return lines


def _levels(population: LISpec) -> dict[str, float]:
    levels = {"leak": float(np.mean(population.leak.model))}
    if isinstance(population, LIFSpec):
        levels["threshold"] = float(np.mean(population.threshold.model))
        reset = float(np.mean(population.reset.model))
        if reset == levels["leak"]:
            levels["leak, reset"] = levels.pop("leak")
        else:
            levels["reset"] = reset
    return levels

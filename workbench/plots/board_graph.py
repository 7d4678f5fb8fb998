"""The graph of a network as SVG: boxes and arrows, as the graph editor has them."""

from collections.abc import Iterator

import numpy as np

from core.spec.edit import color_of
from core.spec.network import NetworkSpec, PopulationSpec, ProjectionSpec
from workbench.plots.svg import Area, Pen, path, text

BOX_WIDTH, BOX_HEIGHT = 116.0, 48.0


def graph(network: NetworkSpec, area: Area, pen: Pen) -> str:
    """Return the network, fitted into ``area``."""
    if not network.populations:
        middle = area.y + area.height / 2
        words = "An empty network"
        return text(area.x + area.width / 2, middle, words, pen.quiet, anchor="middle")
    places = _places(network, area)
    parts = [
        *(_edge(p, network, places, pen) for p in network.projections),
        *(_box(p, network, places[p.name], pen) for p in network.populations),
    ]
    return "\n".join(part for part in parts if part)


def _places(network: NetworkSpec, area: Area) -> dict[str, Area]:
    """Return the box of each population: their places, moved and scaled to fit."""
    corners = np.array([p.position for p in network.populations], dtype=float)
    low, high = corners.min(0), corners.max(0)
    room = np.array([area.width - BOX_WIDTH - 24, area.height - BOX_HEIGHT - 24])
    span = np.maximum(high - low, 1e-9)
    zoom = float(min(2.0, *(np.maximum(room, 1) / span)))
    start = np.array([area.x, area.y]) + 12 + (room - span * zoom) / 2
    places = start + (corners - low) * zoom
    return {
        population.name: Area(float(x), float(y), BOX_WIDTH, BOX_HEIGHT)
        for population, (x, y) in zip(network.populations, places, strict=True)
    }


def _box(population: PopulationSpec, network: NetworkSpec, box: Area, pen: Pen) -> str:
    color = pen.population(color_of(network, population.name))
    unit = "channels" if not population.accepts_input else "neurons"
    kind = f"{population.kind} · {population.size} {unit}"
    name = population.name if len(population.name) < 16 else f"{population.name[:14]}…"
    return "".join(
        (
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:g}" '
            f'height="{box.height:g}" rx="6" fill="{pen.card}" stroke="{pen.line}"/>',
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="5" '
            f'height="{box.height:g}" rx="2.5" fill="{color}"/>',
            text(box.x + 14, box.y + 20, name, pen.main, size=13, weight=600),
            text(box.x + 14, box.y + 37, kind, pen.quiet, size=11),
        )
    )


def _edge(
    projection: ProjectionSpec,
    network: NetworkSpec,
    places: dict[str, Area],
    pen: Pen,
) -> str:
    if projection.source not in places or projection.target not in places:
        return ""
    pre, post = places[projection.source], places[projection.target]
    color = pen.population(color_of(network, projection.source))
    weights = projection.weights
    mean = float(np.abs(weights).mean()) if weights.size else 0.0
    inhibitory = bool(weights.size) and float(weights.mean()) < 0
    width = 1.5 + min(mean, 1.5) * 1.5
    return "".join(_arrow(pre, post, color, width, inhibitory))


def _arrow(
    pre: Area, post: Area, color: str, width: float, inhibitory: bool
) -> Iterator[str]:
    x0, y0 = pre.x + pre.width, pre.y + pre.height / 2
    x1, y1 = post.x - 9, post.y + post.height / 2
    reach = max(24.0, abs(x1 - x0) / 2)
    if x1 <= x0:  # backwards or onto itself: around below the boxes
        low = max(pre.y + pre.height, post.y + post.height) + 26
        curve = (
            f"M{x0:.1f} {y0:.1f}C{x0 + 40:.1f} {y0:.1f} {x0 + 40:.1f} {low:.1f} "
            f"{(x0 + x1) / 2:.1f} {low:.1f}S{x1 - 40:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        )
    else:
        curve = (
            f"M{x0:.1f} {y0:.1f}C{x0 + reach:.1f} {y0:.1f} "
            f"{x1 - reach:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        )
    yield path(curve, color, width, dash="6 4" if inhibitory else "")
    if inhibitory:  # a bar stops, an arrow drives: not by colour alone
        yield path(f"M{x1 + 3:.1f} {y1 - 7:.1f}v14", color, 3)
    else:
        size = 5 + width / 2
        yield (
            f'<path d="M{x1 + 8:.1f} {y1:.1f}l-10 {-size:.1f}v{2 * size:.1f}z" '
            f'fill="{color}"/>'
        )

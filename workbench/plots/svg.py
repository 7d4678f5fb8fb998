"""The few marks that pictures without a browser are made of: SVG as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from workbench.theme import GHOST, SURFACES, TEXT, mode, population_color


@dataclass(frozen=True)
class Area:
    """A rectangle of the picture, px."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> "Area":
        """Return the area without these margins."""
        width, height = self.width - left - right, self.height - top - bottom
        return Area(self.x + left, self.y + top, width, height)


class Pen:
    """The colours of one theme."""

    def __init__(self, dark: bool) -> None:
        name = mode(dark)
        self.dark = dark
        self.page, self.card = SURFACES[name]["page"], SURFACES[name]["card"]
        self.line, self.ghost = SURFACES[name]["line"], GHOST[name]
        self.main, self.quiet = TEXT[name]["main"], TEXT[name]["quiet"]

    def population(self, index: int) -> str:
        """Return the colour of the population with this colour index."""
        return population_color(index, self.dark)


def text(
    x: float,
    y: float,
    content: str,
    color: str,
    *,
    anchor: str = "start",
    size: int = 12,
    weight: int = 400,
    turn: int = 0,
) -> str:
    """Return one line of text with its base line at (x, y)."""
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size}" '
        f'font-weight="{weight}" text-anchor="{anchor}"{turned}>'
        f"{escape(content)}</text>"
    )


def path(
    moves: str, color: str, width: float = 1.0, *, dash: str = "", opacity: float = 1.0
) -> str:
    """Return a line along ``moves``."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    faint = f' opacity="{opacity}"' if opacity != 1 else ""
    return (
        f'<path d="{moves}" fill="none" stroke="{color}" stroke-width="{width:g}" '
        f'stroke-linejoin="round"{dashed}{faint}/>'
    )


def polyline(x: Any, y: Any) -> str:
    """Return the moves of a line through the points (x, y)."""
    points = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
    return f"M{points}" if points else ""


def round_ticks(low: float, high: float, count: int = 5) -> Sequence[float]:
    """Return about ``count`` round numbers from ``low`` to ``high``."""
    span = max(high - low, 1e-12)
    raw = span / count
    base = 10.0 ** np.floor(np.log10(raw))
    step = next(base * m for m in (1, 2, 2.5, 5, 10) if base * m >= raw * 0.999)
    first = np.ceil(low / step - 1e-9)
    return [
        float(k * step) + 0.0
        for k in np.arange(first, np.floor(high / step + 1e-9) + 1)
    ]

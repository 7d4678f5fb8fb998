"""A point of the Yin-Yang data set on its map, as SVG."""

from typing import Final

from core.datasets.yinyang import YinYangDataset
from core.spec.stimulus import YinYangSample
from workbench.plots.svg import Pen

#: Height and width of the map, px.
SIZE: Final = 132


def yin_yang_map(sample: YinYangSample, dark: bool) -> tuple[str, str]:
    """Return the map with the point of ``sample``, and what the point is in words."""
    data = YinYangDataset(size=sample.index + 1, seed=sample.seed)
    point, target = data[sample.index]
    x, y = float(point[0]), float(point[1])
    name = data.class_names[target]
    words = f"sample {sample.index}: {name}, at ({x:.2f}, {y:.2f})"
    pen, r, dot = Pen(dark), data.r_big, data.r_small
    # Yang: the upper half without the right bulge, and the left one; y points up.
    yang = (
        f"M0 {r} A{r} {r} 0 0 0 {2 * r} {r} A{r / 2} {r / 2} 0 0 1 {r} {r}"
        f" A{r / 2} {r / 2} 0 0 0 0 {r} Z"
    )
    dots = "".join(
        f'<circle cx="{part * r}" cy="{r}" r="{dot}" fill="{pen.ghost}" '
        f'stroke="{pen.main}" stroke-width="0.008"/>'
        for part in (0.5, 1.5)
    )
    edge = 0.03
    box = f"{-edge} {-edge} {2 * (r + edge)} {2 * (r + edge)}"
    mark = (
        f'<circle cx="{x}" cy="{y}" r="0.045" fill="{pen.population(1)}" '
        f'stroke="{pen.card}" stroke-width="0.018"/>'
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" '
        f'viewBox="{box}" role="img" aria-label="{words}">'
        f'<g transform="matrix(1 0 0 -1 0 {2 * r})">'
        f'<circle cx="{r}" cy="{r}" r="{r}" fill="{pen.card}" stroke="{pen.main}" '
        f'stroke-width="0.012"/><path d="{yang}" fill="{pen.line}" '
        f'stroke="{pen.main}" stroke-width="0.008"/>'
        f"{dots}{mark}</g></svg>"
    )
    return svg, words

"""The board as a picture, drawn without a browser: graph, membrane, raster.

`board_svg` returns SVG text, `board_png` its pixels. Both carry the document inside
(`core.spec.packed`), so whoever gets the picture can open it and go on.
"""

import struct
import zlib
from html import escape

import resvg_py

from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec
from core.spec.packed import carried
from core.units import format_quantity
from workbench.plots.board_graph import graph
from workbench.plots.board_plots import membrane, raster
from workbench.plots.svg import Area, Pen, text
from workbench.theme import FONT

WIDTH, HEIGHT, HEAD, EDGE = 1200, 640, 64, 20
#: Part of the width that the graph takes.
GRAPH = 0.36


def board_svg(
    spec: ExperimentSpec, result: RunResult | None = None, *, dark: bool = False
) -> str:
    """Return the document and what came out of it as one SVG picture.

    :param result: of the last run, None draws the graph alone
    """
    pen = Pen(dark)
    inner = Area(EDGE, HEAD, WIDTH - 2 * EDGE, HEIGHT - HEAD - EDGE)
    left = inner.width * GRAPH if result is not None else inner.width
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{pen.page}"/>',
        text(EDGE, 32, spec.title, pen.main, size=20, weight=500),
        text(EDGE, 52, _facts(spec, result), pen.quiet),
        graph(spec.network, Area(EDGE, HEAD, left, inner.height), pen),
    ]
    if result is not None:
        x, width = EDGE + left + EDGE, inner.width - left - EDGE
        upper = inner.height * 0.5
        parts += [
            membrane(spec, result, Area(x, HEAD, width, upper), pen),
            raster(
                spec.network,
                result,
                Area(x, HEAD + upper, width, inner.height - upper),
                pen,
            ),
        ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}" font-size="12" '
        f'role="img" aria-label="{escape(_label(spec), quote=True)}">\n'
        f"<metadata>{carried(spec)}</metadata>\n{body}\n</svg>\n"
    )


def board_png(svg: str, spec: ExperimentSpec, *, zoom: int = 2) -> bytes:
    """Return the picture ``svg`` of ``spec`` as PNG, the document inside.

    :param zoom: pixels per unit of the picture
    """
    raw = bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom))
    comment = _chunk(b"tEXt", b"Comment\0" + carried(spec).encode())
    return raw[:-12] + comment + raw[-12:]  # before IEND, which ends each file


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _facts(spec: ExperimentSpec, result: RunResult | None) -> str:
    run = spec.run
    places = {
        "mock": "ideal model",
        "chip": f"emulated chip {spec.chip.number}",
        "both": f"ideal model and emulated chip {spec.chip.number}",
    }
    duration = format_quantity(run.steps * run.dt, "s")
    facts = [places[run.mode], f"{duration} of hardware time", f"trial {run.trial}"]
    if result is None:
        facts.append("not run")
    return " · ".join([*facts, "HX Workbench"])


def _label(spec: ExperimentSpec) -> str:
    names = ", ".join(p.name for p in spec.network.populations)
    return f"{spec.title}: network of {names}" if names else f"{spec.title}: empty"

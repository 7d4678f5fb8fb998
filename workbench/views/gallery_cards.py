"""Cards of the demos, with pictures that come when they are drawn."""

import base64
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import param
import resvg_py
from panel.custom import JSComponent

from core.demo import Demo
from core.simulate import simulate
from workbench.demos import demos
from workbench.plots.board import HEAD, HEIGHT, WIDTH, board_svg

HERE = Path(__file__).parent
#: The part of the board that a card shows, without the graph: x of its left edge.
LEFT = 440
#: Width of the picture, px: twice that of the card, for dense screens.
PIXELS = 240
_DRAWING = threading.Lock()


class GalleryCards(JSComponent):
    """Shows ``cards`` and calls ``on_open(name)``."""

    cards: list[dict[str, Any]] = param.List(default=[])
    pictures: dict[str, str] = param.Dict(default={}, doc="Sources, by name.")

    _esm = HERE / "gallery_cards.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "gallery_cards.css"]

    def __init__(self, on_open: Callable[[str], None], **params: Any) -> None:
        self._on_open = on_open
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if msg in demos():
            self._on_open(str(msg))


def picture(name: str, dark: bool) -> str:
    """Return what the model solution of a demo looks like, as source of an image.

    Once per process; call it off the event loop.
    """
    with _DRAWING:
        return _picture(name, dark)


@lru_cache(maxsize=64)
def _picture(name: str, dark: bool) -> str:
    demo: Demo = demos()[name]
    start = demo.start()
    spec = demo.solution(start.replace(run=start.run.replace(mode="mock")))
    svg = board_svg(spec, simulate(spec), dark=dark)
    whole = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    width, height = WIDTH - LEFT, HEIGHT - HEAD
    part = svg.replace(
        f'width="{WIDTH}" height="{HEIGHT}" {whole}',
        f'width="{width}" height="{height}" viewBox="{LEFT} {HEAD} {width} {height}"',
        1,
    )
    raw = bytes(resvg_py.svg_to_bytes(svg_string=part, width=PIXELS))
    return "data:image/png;base64," + base64.b64encode(raw).decode()

"""The spikes that an input sends: a raster to draw on, and the same as text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

HERE = Path(__file__).parent


class StimulusRaster(JSComponent):
    """Shows spikes; calls ``on_spike(old, new)`` and ``on_text(text)`` for edits."""

    trains: list[list[float]] = param.List(default=[], doc="µs, per channel.")
    end: float = param.Number(default=100.0, doc="End of the run, µs.")
    step: float = param.Number(default=1.0, doc="Width of a step, µs.")
    text: str = param.String(default="", doc="The same as text.")
    drawn: bool = param.Boolean(default=False, doc="By hand: it can be edited.")
    said: str = param.String(default="", doc="What the spikes are, in words.")
    problem: str = param.String(default="", doc="Why the text was refused.")
    label: str = param.String(default="")

    _esm = HERE / "stimulus_raster.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "stimulus_raster.css"]

    def __init__(
        self,
        on_spike: Callable[[Any, Any], None],
        on_text: Callable[[Any], None],
        **params: Any,
    ) -> None:
        self._on_spike, self._on_text = on_spike, on_text
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if "text" in msg:
            self._on_text(msg["text"])
        else:
            self._on_spike(msg.get("old"), msg.get("new"))

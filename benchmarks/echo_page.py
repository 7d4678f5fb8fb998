"""The page with sliders that only patch ready-made data: the floor of the latency."""

from itertools import cycle
from typing import Any

import numpy as np
import panel as pn

from workbench.plots.traces import Membrane, Trace
from workbench.serve import workbench

pn.extension(notifications=False)


def echo_page() -> Any:
    """Return the page whose form draws one of two data sets and does nothing else."""
    made = workbench()
    time = np.linspace(0, 200e-6, 200)
    sets = [Membrane((Trace("model", 0, time, np.sin(time * k)),)) for k in (1e5, 2e5)]
    ready = cycle(sets)

    def draw() -> None:
        with pn.io.hold():
            made.plots.membrane.draw(next(ready))

    made.inspector._form._on_edit = lambda *_: made.runner.later(draw)
    return made.page()


echo_page().servable()

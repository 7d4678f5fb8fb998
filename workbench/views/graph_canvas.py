"""The canvas of the graph: React Flow in the browser, one Python object here.

The sources are in ``canvas/``; ``npm ci && npm run build`` there writes the bundle, so
that a page needs neither Node.js nor a network. Python gives what is to be seen, the
browser answers with gestures as messages:

===========  ====================================================================
type         content
===========  ====================================================================
add          ``kind``, and ``position`` if it was dragged there
connect      ``source``, ``target``
connecting   ``name``: a line is started here, or ends here where ``backward``;
             what refuses it?
move         ``places``: name to (x, y)
rename       ``name``, ``next``
command      ``name`` of a command of the Edit menu, ``names`` it acts on
open         ``name``: its parameters
weights      ``name``: its weights
===========  ====================================================================
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import ReactComponent

HERE = Path(__file__).parent


class GraphCanvas(ReactComponent):
    """Shows boxes and arrows; calls ``on_gesture(message)``.

    What is drawn is JSON text: it is compared and sent in a tenth of the time that
    nested lists take.
    """

    boxes: str = param.String(default="[]")
    arrows: str = param.String(default="[]")
    pictures: str = param.String(default="{}", doc="Miniatures by name.")
    kinds: list[dict[str, str]] = param.List(default=[], doc="The palette.")
    selected: list[str] = param.List(
        default=[], doc="Names; the browser writes them, too."
    )
    dark: bool = param.Boolean(default=False)
    map_shown: bool = param.Boolean(default=False)
    opened: int = param.Integer(default=0, doc="A new number: show all of the graph.")
    drawn: int = param.Integer(default=0, doc="A new number: draw everything anew.")

    _bundle = HERE / "graph_canvas.bundle.js"
    _esm = HERE / "canvas" / "canvas.jsx"
    _stylesheets: ClassVar = [HERE / "graph_canvas.bundle.css"]

    def __init__(
        self, on_gesture: Callable[[dict[str, Any]], None], **params: Any
    ) -> None:
        self._on_gesture = on_gesture
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if isinstance(msg, dict):
            self._on_gesture(msg)

    def tell(self, kind: str, **more: Any) -> None:
        """Ask the browser to fit, focus, rename or start a connection."""
        self._send_msg({"type": kind, **more})

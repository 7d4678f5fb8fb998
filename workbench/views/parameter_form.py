"""The form itself: lines of sliders, drawn in the browser with its own controls.

Native range, number and select elements: they answer to the keyboard and to screen
readers, and one component for the whole form keeps a slider step short.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

HERE = Path(__file__).parent


class ParameterForm(JSComponent):
    """Shows ``lines`` and calls ``on_edit(id, value)`` for what the user changes.

    What else a line can do comes as the id ``"line:act"``, e.g. ``"leak:scale"``.
    """

    lines: list[dict[str, Any]] = param.List(default=[])
    seen: int = param.Integer(default=0, doc="Number of the last edit that came in.")
    subject: str = param.String(default="", doc="What the lines belong to.")

    _esm = "\n".join(
        (HERE / name).read_text(encoding="utf-8")
        for name in ("neuron_values.js", "parameter_form.js")
    )
    _stylesheets: ClassVar[list[Path]] = [HERE / "parameter_form.css"]

    def __init__(self, on_edit: Callable[[str, Any], None], **params: Any) -> None:
        self._on_edit = on_edit
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        with param.parameterized.batch_call_watchers(self):  # one message, not two
            self._on_edit(msg["id"], msg["value"])
            self.seen = int(msg["count"])

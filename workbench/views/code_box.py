"""Text to read and to copy."""

from pathlib import Path
from typing import ClassVar

import param
from panel.custom import JSComponent

HERE = Path(__file__).parent


class CodeBox(JSComponent):
    """Shows ``text`` as it is, with a button that copies it."""

    text: str = param.String(default="")
    label: str = param.String(default="text", doc="What it is, in words.")
    wrap: bool = param.Boolean(default=False, doc="Break long lines.")
    lines: int = param.Integer(default=24, doc="Higher text scrolls.")

    _esm = HERE / "code_box.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "code_box.css"]

"""Numbers, lists and calls as the text of a program, short and exact."""

from collections.abc import Iterable
from typing import Any

import numpy as np

#: Longer lines are broken.
WIDTH = 88


def number(x: Any) -> str:
    """Return the shortest text that is exactly ``x`` when it is read."""
    if isinstance(x, np.floating):
        return _short(x)
    if isinstance(x, float) and 1e-9 < abs(x) < 1e-3:
        micro = f"{x * 1e6:.12g}e-6"
        return micro if float(micro) == x else repr(x)
    return repr(x)


def _short(x: np.floating[Any]) -> str:
    text = str(x)
    return text if "." in text or "e" in text or "n" in text else f"{text}.0"


def call(head: str, arguments: Iterable[str], brackets: str = "()") -> str:
    """Return ``head(arguments)``, on one line if it fits."""
    arguments = list(arguments)
    opening, closing = brackets[0], brackets[1]
    line = f"{head}{opening}{', '.join(arguments)}{closing}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    body = "".join(f"    {argument},\n" for argument in arguments)
    return f"{head}{opening}\n{body}{closing}"

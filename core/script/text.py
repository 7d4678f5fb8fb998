"""Numbers, lists and calls as the text of a program, short and exact."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Longer lines are broken.
WIDTH = 88


def number(x: Any) -> str:
    """Return the shortest text that is exactly ``x`` when it is read."""
    if isinstance(x, np.floating):
        text = str(x)
        return text if "." in text or "e" in text or "n" in text else f"{text}.0"
    if isinstance(x, float) and 1e-9 < abs(x) < 1e-3:
        micro = f"{x * 1e6:.12g}e-6"
        return micro if float(micro) == x else repr(x)
    return repr(x)


def value(x: Any) -> str:
    """Return a number, or a tensor of an array with one number for each neuron."""
    if not isinstance(x, np.ndarray):
        return number(x)
    entries = ", ".join(number(entry) for entry in x.tolist())
    if np.issubdtype(x.dtype, np.integer):
        return f"torch.tensor([{entries}])"
    return f"torch.tensor([{entries}], dtype=torch.float64)"


def matrix(weights: NDArray[Any]) -> str:
    """Return a tensor of a matrix, one row of it on each line."""
    first = weights.flat[0] if weights.size else np.float32(0)
    if (weights == first).all():
        return f"torch.full({weights.shape}, {number(first)})"
    rows = ",\n".join(
        textwrap.fill(
            f"[{', '.join(number(x) for x in row)}]",
            WIDTH - 4,
            initial_indent="    ",
            subsequent_indent="     ",
            break_on_hyphens=False,
        )
        for row in weights
    )
    return f"torch.tensor([\n{rows},\n])"


def call(head: str, arguments: Iterable[str], brackets: str = "()") -> str:
    """Return ``head(arguments)``, on one line if it fits."""
    arguments = list(arguments)
    opening, closing = brackets[0], brackets[1]
    line = f"{head}{opening}{', '.join(arguments)}{closing}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    body = "".join(f"{_wrapped(argument)},\n" for argument in arguments)
    return f"{head}{opening}\n{body}{closing}"


def _wrapped(argument: str) -> str:
    """Return one argument, broken where it is too long for a line."""
    return textwrap.fill(
        argument,
        WIDTH - 1,
        initial_indent="    ",
        subsequent_indent="        ",
        break_long_words=False,
        break_on_hyphens=False,
    )

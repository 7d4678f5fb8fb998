"""A number of its own for each neuron: typed as a list, drawn, or changed one by one.

What is drawn becomes an array of the document; how it was drawn does not stay::

    normal       mean + spread · N(0, 1)
    uniform      mean + spread · U(−1, 1)
    log-normal   mean · exp(spread · N(0, 1)), so that mean is the median

Numbers outside of the bounds of the field are put onto them.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ParameterError
from core.spec.experiment import ExperimentSpec
from workbench.forms.line import Each, Line, Put

#: How values of neurons can be drawn.
DISTRIBUTIONS: Final = ("normal", "uniform", "log-normal")
#: Longer texts are no list of numbers for a population.
_LONGEST: Final = 100_000


def with_neurons(line: Line, size: int, value: Any, unit: float) -> Line:
    """Return ``line`` with what it takes to give each neuron a number.

    :param size: number of neurons; one neuron has nothing to tell apart
    :param value: a number for all, or shape (size,), in SI
    :param unit: size of the unit that is shown
    """
    several = bool(np.ndim(value))
    if not several and size < 2:
        return line
    shown = np.asarray(value, float) / unit
    numbers = np.broadcast_to(shown, (size,)) if shown.shape in ((), (size,)) else shown

    def put(spec: ExperimentSpec, values: NDArray[np.float64]) -> ExperimentSpec:
        return line.put(spec, values)

    def one(spec: ExperimentSpec, text: Any) -> ExperimentSpec:
        return line.put(spec, _number(line.label, text))

    def listed(spec: ExperimentSpec, text: Any) -> ExperimentSpec:
        return put(spec, parsed(line.label, text, size))

    def drawn(spec: ExperimentSpec, wanted: Any) -> ExperimentSpec:
        values = draw(line.label, wanted, size)
        return put(spec, np.clip(values, line.low, line.high))

    def single(spec: ExperimentSpec, wanted: Any) -> ExperimentSpec:
        index, number = _single(line.label, wanted, size)
        changed = np.array(numbers)
        changed[index] = number
        return put(spec, changed)

    acts: dict[str, Put] = {
        "one": one,
        "list": listed,
        "draw": drawn,
        "neuron": single,
        "each": lambda spec, _: put(spec, np.array(numbers)),
    }
    each = Each.of(size, numbers if several else shown, line.unit)
    return replace(line, each=each, acts={**line.acts, **acts})


def parsed(label: str, text: Any, size: int) -> NDArray[np.float64]:
    """Return the numbers in ``text``, one for each of ``size`` neurons.

    :raises ParameterError: if it holds other things, or not that many
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ParameterError(label, "that is no list of numbers.", "Type 1, 2, 3.")
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    numbers = [_number(label, word, place) for place, word in enumerate(words)]
    if len(numbers) != size:
        what = f"there are {len(numbers)} numbers for {size} neurons."
        raise ParameterError(label, what, "Give one number for each neuron.")
    return np.array(numbers)


def draw(label: str, wanted: Any, size: int) -> NDArray[np.float64]:
    """Return numbers from the distribution ``wanted``, shape (size,).

    :param wanted: ``kind``, ``mean``, ``spread`` and ``seed``
    :raises ParameterError: if one of them is missing or makes no sense
    """
    if not isinstance(wanted, Mapping) or wanted.get("kind") not in DISTRIBUTIONS:
        what = "this distribution is unknown."
        raise ParameterError(label, what, f"Use one of {', '.join(DISTRIBUTIONS)}.")
    mean, spread = (_number(label, wanted.get(key)) for key in ("mean", "spread"))
    seed = _number(label, wanted.get("seed"))
    if spread < 0:
        raise ParameterError(label, f"the spread is {spread:g}.", "Use 0 or more.")
    if wanted["kind"] == "log-normal" and mean <= 0:
        what = f"a log-normal distribution has no median of {mean:g}."
        raise ParameterError(label, what, "Use a mean above 0, or another one.")
    rng = np.random.default_rng(abs(int(min(seed, 2**53))))
    if wanted["kind"] == "uniform":
        return np.asarray(mean + spread * rng.uniform(-1, 1, size))
    bell = rng.standard_normal(size)
    if wanted["kind"] == "normal":
        return np.asarray(mean + spread * bell)
    with np.errstate(over="ignore"):  # what is too large is put onto the bound
        return np.asarray(mean * np.exp(spread * bell))


def _number(label: str, word: Any, place: int | None = None) -> float:
    try:
        number = float(word) if not isinstance(word, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        where = label if place is None else f"{label}, number {place + 1}"
        what = f"'{str(word)[:30]}' is no number."
        raise ParameterError(where, what, "Type numbers like 1.5, with a point.")
    return number


def _single(label: str, wanted: Any, size: int) -> tuple[int, float]:
    if not isinstance(wanted, Mapping):
        raise ParameterError(label, "that is no neuron.", "Choose one of its neurons.")
    index = _number(label, wanted.get("index"))
    if index not in range(size):
        what = f"there is no neuron {index:g}."
        raise ParameterError(label, what, f"Neurons are 0 to {size - 1}.")
    return int(index), _number(label, wanted.get("value"))

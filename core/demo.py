"""Demos: exercises whose goal a program can check.

A `Demo` is a document to start from, what may be moved in it, a task, and a goal:
conditions on what a run shows. `meter` says how near a run is to the goal, from 0 to 1
and in a sentence.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.nominal import LSB_PER_CODE, POTENTIAL_POINT, tau_mem_of
from core.errors import HXError
from core.measures import measured
from core.simulate import RunResult, StageMemory, simulate
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec, ProjectionSpec, Value
from core.sweep import Path, with_value
from core.training import DataSpec, TrainSpec
from core.units import us

#: A number that a run shows; NaN where there is none.
Observable = Callable[[ExperimentSpec, RunResult], float]
Read = Callable[[ExperimentSpec], float]
Put = Callable[[ExperimentSpec, float], ExperimentSpec]

#: How the values of the neurons of a population become one number.
_OVER: Final[dict[str, Callable[[NDArray[np.float64]], Any]]] = {
    "mean": np.mean,
    "lowest": np.min,
    "highest": np.max,
    "spread": lambda v: np.std(v) / np.mean(v),
}
#: Short of the goal the meter shows no more than this.
_NEARLY: Final = 0.95
#: What is raised where a document is not the one of the demo any more.
_GONE: Final = (HXError, LookupError, ValueError, AssertionError, StopIteration)
#: Steps of the search for a value.
_SEARCH: Final = 12


@dataclass(frozen=True)
class Control:
    """One thing that a student may move, in the numbers that are shown.

    :param read: what a document has now
    :param put: puts a number into a document
    """

    label: str
    read: Read
    put: Put
    low: float
    high: float
    step: float
    unit: str = ""
    help: str = ""

    def value(self, spec: ExperimentSpec) -> float | None:
        """Return what a document has now; None if what it moves is gone.

        A document may be edited in any way while a demo is open.
        """
        try:
            return self.read(spec)
        except (*_GONE, AttributeError, TypeError):
            return None


@dataclass(frozen=True)
class Condition:
    """One thing that must hold, and how it is said.

    :param words: the observation, ``{}`` is the number in the unit that is shown
    :param low: smallest number that is wanted, as it is observed
    :param high: largest one
    :param scale: of the number that is shown, e.g. 1e6 for s as µs
    :param instead: what is said where it does not hold; empty: number and band
    """

    observe: Observable
    words: str
    low: float = -math.inf
    high: float = math.inf
    scale: float = 1.0
    instead: str = ""

    def holds(self, value: float) -> bool:
        """Return whether ``value`` is wanted; NaN is not."""
        return self.low <= value <= self.high

    def nearness(self, value: float) -> float:
        """Return 1 where it holds, less with the distance from that, at least 0."""
        if self.holds(value):
            return 1.0
        bound = self.low if value < self.low else self.high
        width = self.high - self.low
        size = max(abs(bound), width if math.isfinite(width) else 0.0, 1e-12)
        near = 1 - abs(value - bound) / size
        return max(0.0, near) if math.isfinite(near) else 0.0

    def said(self, value: float) -> str:
        """Return the observation, and what is wanted where it is not that.

        >>> spikes = Condition(lambda s, r: 0.0, "{} spikes", 12, 14)
        >>> spikes.said(11), spikes.said(13)
        ('11 spikes, 12 to 14 wanted', '13 spikes')
        """
        if self.instead and not self.holds(value):
            return self.instead
        if math.isnan(value):
            return f"nothing to measure yet: {self.words.format(self.wanted)} wanted"
        number = _number(value * self.scale)
        words = self.words.removesuffix("s") if number == "1" else self.words
        said = words.format(number)
        return said if self.holds(value) else f"{said}, {self.wanted} wanted"

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        low, high = _number(self.low * self.scale), _number(self.high * self.scale)
        if low == high:
            return low
        if math.isinf(self.high):
            return f"at least {low}"
        return f"at most {high}" if math.isinf(self.low) else f"{low} to {high}"


@dataclass(frozen=True)
class Observation:
    """What the model solution shows, beside the published number.

    :param published: the number of the published exercise, in words
    :param condition: what is measured, and the band in which it must lie
    :param deviation: why it is not the published number, where it is not
    """

    published: str
    condition: Condition
    deviation: str = ""


@dataclass(frozen=True)
class Demo:
    """One exercise.

    :param order: its place in the gallery
    :param sentence: what it is about, for its card
    :param spec: makes the document to start from
    :param plots: kinds of traces and plots that are drawn, of `PLOTS`
    :param controls: all that needs to be moved
    :param task: Markdown
    :param goal: conditions on what a run shows
    :param solution: makes a document that reaches the goal out of the start
    :param observations: of the model solution
    :param source: where the exercise comes from
    :param equivalents: what is set otherwise than in the published exercise, and why
    :param find: whether the goal is to be found: the start does not reach it
    :param needs_chip: whether there is nothing to be found in the model alone
    :param training: data set and settings, for what is learnt
    :param sample: length of a run with one of its samples, s
    :param picture: draws a run as SVG, for what no plot of the page shows
    """

    order: int
    title: str
    sentence: str
    spec: Callable[[], ExperimentSpec]
    plots: tuple[str, ...]
    controls: tuple[Control, ...]
    task: str
    goal: tuple[Condition, ...]
    hint: str
    solution: Callable[[ExperimentSpec], ExperimentSpec]
    observations: tuple[Observation, ...]
    source: str
    equivalents: str = ""
    find: bool = True
    needs_chip: bool = False
    training: tuple[DataSpec, TrainSpec] | None = None
    sample: float = 100e-6
    picture: Callable[[ExperimentSpec, RunResult], str] | None = None

    def start(self) -> ExperimentSpec:
        """Return the document to start from, with its plots."""
        spec = self.spec()
        hidden = tuple(kind for kind in PLOTS if kind not in self.plots)
        return spec.replace(title=self.title, view=spec.view.replace(hidden=hidden))

    def trained_on(self, spec: ExperimentSpec) -> ExperimentSpec:
        """Return ``spec`` with the length of a run that a sample of its data needs."""
        return spec.replace(run=spec.run.replace(runtime=self.sample), stimuli=())


#: Kinds of traces and plots that can be hidden.
PLOTS: Final = ("model", "true", "cadc", "madc", "ghost", "rates")


@dataclass(frozen=True)
class Meter:
    """How near a run is to a goal.

    :param share: 0…1, 1 only if the goal is reached
    """

    share: float
    sentence: str
    reached: bool


def meter(demo: Demo, spec: ExperimentSpec, result: RunResult) -> Meter:
    """Return how near ``result``, a run of ``spec``, is to the goal of ``demo``."""
    values = [observed(condition, spec, result) for condition in demo.goal]
    pairs = list(zip(demo.goal, values, strict=True))
    reached = all(condition.holds(value) for condition, value in pairs)
    share = sum(c.nearness(v) for c, v in pairs) / len(pairs)
    said = [c.said(v) for c, v in pairs]
    missed = [s for s, (c, v) in zip(said, pairs, strict=True) if not c.holds(v)]
    sentence = "; ".join(said if reached else missed)
    return Meter(1.0 if reached else min(share, _NEARLY), sentence, reached)


def observed(condition: Condition, spec: ExperimentSpec, result: RunResult) -> float:
    """Return the number of a condition; NaN where the run does not show it."""
    try:
        return float(condition.observe(spec, result))
    except _GONE:
        return math.nan  # a population is gone, has another size, was not recorded


def of(population: str, name: str, over: str = "mean") -> Observable:
    """Return the measure ``name`` (`core.measures`) of a population as one number.

    :param over: ``"mean"``, ``"lowest"``, ``"highest"`` or ``"spread"`` of the neurons
        that have one; the spread is their standard deviation over their mean
    """

    def observe(spec: ExperimentSpec, result: RunResult) -> float:
        values = measured(result, population, name)
        known = values[np.isfinite(values)]
        return float(_OVER[over](known)) if known.size else math.nan

    return observe


def on_the_chip(spec: ExperimentSpec, result: RunResult) -> float:
    """Observe whether the chip ran: 1 or 0."""
    return float(result.execution is not None)


#: For goals that an ideal model reaches by itself.
MEASURED_ON_CHIP: Final = Condition(
    on_the_chip, "measured on a chip", 1, instead="choose chip or both at the top"
)


def tuned(
    spec: ExperimentSpec,
    control: Control,
    observe: Observable,
    target: float,
    *,
    rising: bool,
    low: float | None = None,
    high: float | None = None,
) -> ExperimentSpec:
    """Return ``spec`` with ``control`` moved until ``observe`` is ``target``.

    This is what a student does on a circuit that is not calibrated: halve the range
    again and again. Where the run shows no number, it counts as 0 if the number rises
    with the control, else as larger than any.

    :param rising: whether the number grows with the control
    :param low: where to search, as shown; None takes the range of the control
    """
    low = control.low if low is None else low
    high = control.high if high is None else high
    memory = StageMemory()
    for _ in range(_SEARCH):
        middle = (low + high) / 2
        point = control.put(spec, middle)
        value = float(observe(point, simulate(point, memory)))
        value = (0.0 if rising else math.inf) if math.isnan(value) else value
        if (value > target) == rising:
            high = middle
        else:
            low = middle
    return control.put(spec, (low + high) / 2)


# -- what may be moved -----------------------------------------------------------


def number(
    path: Path,
    label: str,
    low: float,
    high: float,
    step: float,
    *,
    unit: str = "",
    scale: float = 1.0,
    help: str = "",
) -> Control:
    """Return a control of the number at ``path`` (`core.sweep`).

    :param scale: what is shown is the number times this
    """

    def put(spec: ExperimentSpec, shown: float) -> ExperimentSpec:
        return with_value(spec, path, shown / scale)

    def read(spec: ExperimentSpec) -> float:
        return value_at(spec, path) * scale

    return Control(label, read, put, low, high, step, unit, help)


def voltage_code(
    population: str, name: str, label: str, low: int, high: int, help: str = ""
) -> Control:
    """Return a control of the raw code of a potential.

    The model gets the potential that the code gives on a typical circuit.
    """

    def read(spec: ExperimentSpec) -> float:
        return float(getattr(_neurons(spec, population), name).code)

    put = partial(with_code, population, name)
    return Control(label, read, put, low, high, 5, "", help)


def leak_bias(population: str, low: int = 30, high: int = 700) -> Control:
    """Return a control of the bias code of the leak conductance, on a full capacitor.

    The document has the time constant that the code gives on a typical circuit. Below
    30 and above 700 another range of the conductance would be taken.
    """
    codes = np.arange(low, high + 1)

    def read(spec: ExperimentSpec) -> float:
        tau = float(np.mean(_neurons(spec, population).tau_mem)) / us
        return float(round(np.interp(-tau, -tau_mem_of(codes), codes)))

    def put(spec: ExperimentSpec, code: float) -> ExperimentSpec:
        tau = float(tau_mem_of(round(code))) * us
        return with_value(spec, (population, "tau_mem"), tau)

    help = "Bias of the leak: the larger, the shorter the membrane time constant."
    return Control("leak bias code", read, put, low, high, 2, "", help)


def weight(name: str, label: str, high: int = 63, help: str = "") -> Control:
    """Return a control of the largest weight of a projection, in LSB.

    All its weights follow in proportion; those that are 0 are no synapses and stay.
    """

    def lsb(projection: ProjectionSpec) -> float:
        return float(np.abs(projection.weights).max() * projection.weight_scale)

    def read(spec: ExperimentSpec) -> float:
        return lsb(spec.network.projection(name))

    def put(spec: ExperimentSpec, shown: float) -> ExperimentSpec:
        projection = spec.network.projection(name)
        factor = np.float32(max(shown, 1) / lsb(projection))
        new = projection.replace(weights=projection.weights * factor)
        return spec.replace(network=spec.network.with_projection(new))

    return Control(label, read, put, 1, high, 1, "LSB", help)


def with_code(
    population: str, name: str, spec: ExperimentSpec, code: float
) -> ExperimentSpec:
    """Return ``spec`` with a raw code, and what it means on a typical circuit."""
    neurons = _neurons(spec, population)
    value = coded(name, round(code), neurons)
    return spec.replace(
        network=spec.network.with_population(neurons.replace(**{name: value}))
    )


def coded(name: str, code: int, neurons: LISpec) -> Value:
    """Return the value of a potential that is set by its raw code."""
    lsb, at = POTENTIAL_POINT[name]
    model = neurons.scale.model(lsb + (code - at) * LSB_PER_CODE)
    return Value(float(model), code=code)


def value_at(spec: ExperimentSpec, path: Path) -> float:
    """Return the number at ``path``; of an array the first, of weights the largest."""
    head, *names = path
    parts: list[Any] = [
        *(p for p in spec.network.populations if p.name == head),
        *(p for p in spec.network.projections if p.name == head),
        *(s for s in spec.stimuli if s.population == head),
        *([getattr(spec, head)] if head in ("run", "chip") else []),
    ]
    found: Any = next(part for part in parts if names[0] in part.infos())
    for name in names:
        found = getattr(found, name)
    found = found.model if isinstance(found, Value) else found
    return float(np.ravel(found)[0])


def _neurons(spec: ExperimentSpec, name: str) -> LISpec:
    population = spec.network.population(name)
    assert isinstance(population, LISpec), f"{name} is an input"
    return population


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"

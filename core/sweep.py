"""Sweeps: one document run for many values of one or two of its parameters.

A parameter is named by its path: ``("hidden", "threshold")`` is a field of a population
or projection, ``("input", "rate")`` one of the stimulus of that input, and
``("run", "dt")`` and ``("chip", "noise")`` are settings. A potential means its model
value, ``("hidden", "leak", "code")`` names another scale. A value given for weights is
that of all.

Points are independent `Job`s, so what evaluates them may be anything like `map`: the
`map` of a pool or a cluster takes its place.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.chip.pipeline import StageMemory
from core.errors import NetworkError, ParameterError, did_you_mean
from core.measures import MEASURES, measured
from core.simulate import simulate
from core.spec.check import check
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, Spec
from core.spec.network import Value

Path = tuple[str, ...]
Values = dict[str, NDArray[np.float64]]
#: Applies a function to jobs, in their order.
Over = Callable[[Callable[["Job"], Values], Iterable["Job"]], Iterable[Values]]


@dataclass(frozen=True)
class Axis:
    """A parameter and the values it takes.

    :param path: of the parameter, see above
    :param values: shape (points,), in the unit of the parameter
    """

    path: Path
    values: ArrayLike

    def __post_init__(self) -> None:
        values = np.atleast_1d(np.asarray(self.values, float))
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ParameterError(
                f"sweep of {'.'.join(self.path)}",
                f"the values have shape {values.shape} or are not finite.",
                "Give a list of numbers.",
            )
        object.__setattr__(self, "values", values)

    def info(self, spec: ExperimentSpec) -> FieldInfo:
        """Return unit, bounds and help of the parameter."""
        holder, names = _holder(spec, self.path)
        for name in names[:-1]:
            holder = getattr(holder, name)
        return holder.info(names[-1])


@dataclass(frozen=True)
class Job:
    """One point of a sweep: a document and what to measure of it."""

    spec: ExperimentSpec
    population: str
    measures: tuple[str, ...]


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is."""

    done: int
    total: int


@dataclass(frozen=True)
class SweepResult:
    """What was measured.

    :param axes: one or two
    :param labels: what to write at the axes, with units
    :param chips: numbers of the chips; in mock that of the document
    :param values: by measure, shape (points of each axis ..., chips, neurons); NaN
        where there is nothing to measure, or where it was cancelled
    :param units: by measure
    :param finished: whether all points were run
    """

    axes: tuple[Axis, ...]
    labels: tuple[str, ...]
    population: str
    chips: tuple[int, ...]
    values: Values
    units: dict[str, str]
    finished: bool

    def mean(self, measure: str) -> NDArray[np.float64]:
        """Return the mean over chips and neurons that have a value."""
        values = self.values[measure]
        known = ~np.isnan(values)
        total = np.where(known, values, 0).sum((-2, -1))
        count = known.sum((-2, -1))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def sweep(
    spec: ExperimentSpec,
    axes: Sequence[Axis],
    measures: Sequence[str],
    *,
    population: str | None = None,
    chips: Sequence[int] = (),
    memory: StageMemory | None = None,
    callback: Callable[[SweepProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    over: Over = map,
) -> SweepResult:
    """Run a document for all combinations of values, on one or many chips.

    :param axes: one or two parameters
    :param measures: names in `core.measures.MEASURES`
    :param population: what is measured; None takes the first output
    :param chips: serial numbers; empty takes the chip of the document, and so does mock
    :param memory: keeps the stages of the chips, so that one is calibrated again only
        for another target; not sent to another process
    :param callback: told after each point
    :param cancel: asked before each point, True stops
    :param over: evaluates the jobs; `map`, or the ``map`` of a pool
    :raises ParameterError: if a path leads nowhere, or a measure is unknown
    :raises NetworkError: if a point cannot be run; lists all its errors

    >>> from core.spec.examples import psp
    >>> axis = Axis(("input_membrane", "weights"), [0.5, 1.0])
    >>> sweep(psp(), [axis], ["amplitude"]).mean("amplitude").round(3).tolist()
    [0.196, 0.393]
    """
    population = population or _first_output(spec)
    if not 1 <= len(axes) <= 2:
        raise ParameterError("sweep", f"{len(axes)} parameters.", "Give one or two.")
    if spec.run.mode == "mock":
        chips = ()
    jobs = list(plan(spec, axes, tuple(measures), population, chips))
    evaluate = partial(run_job, memory=memory or StageMemory())
    if over is not map:
        evaluate = partial(run_job, memory=None)
    size = spec.network.population(population).size
    points = [len(np.asarray(axis.values)) for axis in axes]
    flat = {name: np.full((len(jobs), size), np.nan) for name in measures}
    done = 0
    results = iter(over(evaluate, jobs))
    while done < len(jobs) and not (cancel is not None and cancel()):
        for name, found in next(results).items():
            flat[name][done] = found
        done += 1
        if callback is not None:
            callback(SweepProgress(done, len(jobs)))
    numbers = tuple(chips) or (spec.chip.number,)
    values = {
        name: np.moveaxis(array.reshape(len(numbers), *points, size), 0, -2)
        for name, array in flat.items()
    }
    return SweepResult(
        tuple(axes),
        tuple(label(spec, axis) for axis in axes),
        population,
        numbers,
        values,
        {name: MEASURES[name].unit for name in measures},
        done == len(jobs),
    )


def plan(
    spec: ExperimentSpec,
    axes: Sequence[Axis],
    measures: tuple[str, ...],
    population: str,
    chips: Sequence[int] = (),
) -> Iterator[Job]:
    """Yield all points, chips slowest so that each is calibrated once."""
    for name in measures:
        if name not in MEASURES:
            raise ParameterError(
                "sweep",
                f"there is no measure '{name}'.{did_you_mean(name, MEASURES)}",
                f"Use one of {list(MEASURES)}.",
            )
    for number in tuple(chips) or (spec.chip.number,):
        on_chip = spec.replace(chip=spec.chip.replace(number=number))
        for values in product(*(np.asarray(axis.values) for axis in axes)):
            point = on_chip
            for axis, value in zip(axes, values, strict=True):
                point = with_value(point, axis.path, float(value))
            errors = [problem for problem in check(point) if problem.is_error]
            if errors:
                raise NetworkError.of(errors)
            yield Job(point, population, measures)


def run_job(job: Job, memory: StageMemory | None = None) -> Values:
    """Run one point; return its measures, each of shape (neurons,)."""
    result = simulate(job.spec, memory)
    return {name: measured(result, job.population, name) for name in job.measures}


def with_value(spec: ExperimentSpec, path: Path, value: float) -> ExperimentSpec:
    """Return the document with one parameter changed.

    :raises ParameterError: if the path leads nowhere
    """
    holder, names = _holder(spec, path)
    new: Any = _changed(holder, names, value, path)
    if path[0] in ("run", "chip", "recording") and path[0] not in spec.network.names:
        return spec.replace(**{path[0]: new})
    if any(holder is p for p in spec.network.projections):
        return spec.replace(network=spec.network.with_projection(new))
    if any(holder is p for p in spec.network.populations):
        return spec.replace(network=spec.network.with_population(new))
    stimuli = tuple(new if s is holder else s for s in spec.stimuli)
    return spec.replace(stimuli=stimuli)


def label(spec: ExperimentSpec, axis: Axis) -> str:
    """Return the name of a parameter in words."""
    return f"{axis.path[0]}: {axis.info(spec).label or ' '.join(axis.path[1:])}"


def _holder(spec: ExperimentSpec, path: Path) -> tuple[Spec, Path]:
    """Return the spec that a path begins with, and the names of the fields in it."""
    head, names = path[0], path[1:]
    where = f"sweep of {'.'.join(path)}"
    if not names:
        raise ParameterError(where, "names no parameter.", "Add the name of a field.")
    found: list[Spec] = [
        *(p for p in spec.network.populations if p.name == head),
        *(p for p in spec.network.projections if p.name == head),
        *(s for s in spec.stimuli if s.population == head),
    ]
    if not found and head in ("run", "chip", "recording"):
        found = [getattr(spec, head)]
    known = [*spec.network.names, "run", "chip", "recording"]
    if not found:
        what = f"there is no '{head}'.{did_you_mean(head, known)}"
        raise ParameterError(where, what, f"Begin with one of {known}.")
    for spec_part in found:
        if names[0] in spec_part.infos():
            return spec_part, names
    fields = [name for part in found for name in part.infos()]
    what = f"'{head}' has no {names[0]}.{did_you_mean(names[0], fields)}"
    raise ParameterError(where, what, f"Use one of {fields}.")


def _changed(holder: Spec, names: Path, value: float, path: Path) -> Spec:
    name, rest = names[0], names[1:]
    where = f"sweep of {'.'.join(path)}"
    if name not in holder.infos():
        known = list(holder.infos())
        what = f"there is no {name}.{did_you_mean(name, known)}"
        raise ParameterError(where, what, f"Use one of {known}.")
    now: Any = getattr(holder, name)
    if isinstance(now, Spec) and rest:
        return holder.replace(**{name: _changed(now, rest, value, path)})
    if isinstance(now, Value):
        return holder.replace(**{name: now.replace(model=value)})
    info = holder.info(name)
    if name == "weights":
        return holder.replace(weights=np.full_like(now, value))
    if rest or isinstance(now, str | bool | tuple | Spec):
        raise ParameterError(where, "is no number.", "Sweep a number.")
    whole = info.whole or name == "code"
    return holder.replace(**{name: round(value) if whole else value})


def _first_output(spec: ExperimentSpec) -> str:
    if not spec.network.outputs:
        raise NetworkError(
            "sweep", "the network has no output.", "Name the population to measure."
        )
    return spec.network.outputs[0]

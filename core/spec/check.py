"""What is wrong with a document, as `Problem`s: the document alone, no chip, no torch.

Construction of a spec never raises, so a half-drawn network is legal. `check` says what
keeps it from running, with the name of the thing and of its field, so that the page can
show each problem at its place.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.errors import NetworkError, Problem, did_you_mean
from core.spec.check_chip import chip_problems
from core.spec.experiment import ExperimentSpec
from core.spec.fields import Spec
from core.spec.network import (
    AELIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import ConstantCurrent, Stimulus
from core.units import display_unit, format_quantity

#: Codes with a sign, which the chip has as a switch.
SIGNED_CODES = (
    "subthreshold_adaptation_strength",
    "spike_triggered_adaptation_increment",
)
#: More steps than this would take minutes and gigabytes in the model.
MAX_STEPS = 100_000


def check(spec: ExperimentSpec) -> list[Problem]:
    """Return everything that is wrong with ``spec``, errors before notes."""
    problems = [
        *_names(spec.network),
        *_populations(spec),
        *_projections(spec.network, spec.run.dt),
        *_stimuli(spec),
        *_recording(spec),
        *_settings(spec),
        *(chip_problems(spec) if spec.run.mode in ("chip", "both") else ()),
    ]
    return sorted(problems, key=lambda problem: problem.severity == "note")


def delay_steps(projection: ProjectionSpec, dt: float) -> int:
    """Return the delay of a projection in steps."""
    return round(projection.delay / dt)


def refuse_errors(spec: ExperimentSpec) -> None:
    """Raise if ``spec`` cannot run as it says.

    :raises NetworkError: lists all errors that `check` finds
    """
    errors = [problem for problem in check(spec) if problem.is_error]
    if errors:
        raise NetworkError.of(errors)


def bounds(spec: Spec, where: str, subject: str) -> Iterator[Problem]:
    """Yield a problem for each field of ``spec`` outside its declared bounds."""
    for name, info in spec.infos().items():
        value: Any = getattr(spec, name)
        if isinstance(value, VoltageScale):
            yield from bounds(value, f"{where}, voltage scale", subject)
        number = value.model if isinstance(value, Value) else value
        label = info.label or name.replace("_", " ")
        if info.choices and value not in info.choices:
            known = ", ".join(repr(c) for c in info.choices)
            what = f"{label} is {value!r}."
            yield Problem(where, what, f"Use one of {known}.", "error", subject, name)
        if info.low is None and info.high is None:
            continue
        if number is None:
            continue
        low = -np.inf if info.low is None else info.low
        high = np.inf if info.high is None else info.high
        for neuron, wrong in _first_outside(number, low, high):
            unit, size = display_unit(info.unit)
            unit = {"model": "", "": ""}.get(unit, f" {unit}")
            yield Problem(
                where,
                f"{label}{neuron} is {wrong / size:.10g}{unit}.",
                f"Use {low / size:g} to {high / size:g}{unit}.",
                "error",
                subject,
                name,
            )


def _first_outside(value: Any, low: float, high: float) -> Iterator[tuple[str, float]]:
    """Yield which neuron is the first with a number out of bounds, and the number."""
    if isinstance(value, float | int) and low <= value <= high:
        return  # nearly always: a tenth of the time
    numbers = np.ravel(np.asarray(value, float))
    # A value computed in µs may miss its bound by a rounding error.
    slack = 1e-9 * np.maximum(abs(low) if np.isfinite(low) else 0, np.abs(numbers))
    inside = (numbers >= low - slack) & (numbers <= high + slack)
    for index in np.flatnonzero(~inside)[:1]:
        neuron = f" of neuron {index}" if np.ndim(value) else ""
        yield neuron, float(numbers[index])


def _lengths(spec: Spec, size: int, where: str, subject: str) -> Iterator[Problem]:
    """Yield fields whose arrays have not one number for each neuron."""
    for name, info in spec.infos().items():
        value = getattr(spec, name)
        several = isinstance(value, Value)
        parts = [value.model, value.hardware, value.code] if several else [value]
        for part in parts if several or info.per_neuron else []:
            if np.ndim(part) and np.shape(part) != (size,):
                label = info.label or name.replace("_", " ")
                shape = np.shape(part)
                yield Problem(
                    where,
                    f"the {label} has shape {shape}, there are {size} neurons.",
                    "Give one number, or one for each neuron.",
                    "error",
                    subject,
                    name,
                )
                break


def _names(network: NetworkSpec) -> Iterator[Problem]:
    for name, count in Counter(network.names).items():
        if count > 1:
            yield Problem(
                f"'{name}'",
                f"{count} populations or projections have this name.",
                "Rename all but one.",
                subject=name,
            )
        if not name.strip():
            yield Problem("network", "a name is empty.", "Give it a name.")


def _populations(spec: ExperimentSpec) -> Iterator[Problem]:
    dt = spec.run.dt
    for population in spec.network.populations:
        where, name = f"population '{population.name}'", population.name
        yield from bounds(population, where, name)
        yield from _lengths(population, population.size, where, name)
        if isinstance(population, LISpec):
            for field in _too_short(population, dt):
                tau = float(np.min(getattr(population, field)))
                label = population.info(field).label
                yield Problem(
                    where,
                    f"the {label}, {format_quantity(tau, 's')}, is shorter than "
                    f"the step, {format_quantity(dt, 's')}.",
                    "Make the step smaller or the time constant larger.",
                    "error",
                    name,
                    field,
                )
            yield from _values(population, where)
        if isinstance(population, AELIFSpec) and not population.leaky:
            what = "an AdEx neuron leaks: its exponential term counts in leaks."
            yield Problem(where, what, "Use a LIF.", "error", name, "leaky")


def _too_short(population: LISpec, dt: float) -> Iterator[str]:
    """Yield the time constants in use that are shorter than a step."""
    fields = ["tau_mem"] if population.leaky else []
    fields += ["tau_syn"] if population.tau_syn is not None else []
    if isinstance(population, AELIFSpec) and population.adaptive:
        fields.append("tau_adap")
    for field in fields:
        values = np.asarray(getattr(population, field))
        if values.size and values.min() < dt:
            yield field


def _values(population: PopulationSpec, where: str) -> Iterator[Problem]:
    for field, info in population.infos().items():
        value = getattr(population, field)
        if not isinstance(value, Value):
            continue
        ranges = (("hardware", 0, 255, "LSB"), ("code", 0, 1022, ""))
        for scale, low, high, unit in ranges:
            if getattr(value, scale) is None:
                continue
            least = -high if scale == "code" and field in SIGNED_CODES else low
            for neuron, wrong in _first_outside(getattr(value, scale), least, high):
                what = f"{info.label}: the {scale} value{neuron} is {wrong:g} {unit}"
                yield Problem(
                    where,
                    f"{what.strip()}.",
                    f"Use {least} to {high}.",
                    "error",
                    population.name,
                    field,
                )


def _projections(network: NetworkSpec, dt: float) -> Iterator[Problem]:
    populations = {p.name: p for p in network.populations}
    for projection in network.projections:
        where, name = f"projection '{projection.name}'", projection.name
        yield from bounds(projection, where, name)
        if projection.rule is not None:
            yield from bounds(projection.rule, f"{where}, rule", name)
        ends = (projection.source, projection.target)
        missing = [end for end in ends if end not in populations]
        for end in missing:
            hint = did_you_mean(end, populations)
            what = f"there is no population '{end}'.{hint}"
            yield Problem(where, what, "Connect it anew.", subject=name)
        if missing:
            continue
        pre, post = populations[projection.source], populations[projection.target]
        if not post.accepts_input or not pre.spiking:
            what = (
                f"{pre.kind} '{pre.name}' cannot project to {post.kind} '{post.name}'."
            )
            yield Problem(where, what, "Remove it.", subject=name)
        if projection.weights.shape != (post.size, pre.size):
            yield Problem(
                where,
                f"the weights have shape {projection.weights.shape}, the populations "
                f"need {(post.size, pre.size)} (target, source).",
                "Resize a population or load other weights.",
                subject=name,
            )
        elif not np.isfinite(projection.weights).all():
            what = "some weights are not finite."
            yield Problem(where, what, "Set them to numbers.", subject=name)
        yield from _delay(projection, dt)


def _delay(projection: ProjectionSpec, dt: float) -> Iterator[Problem]:
    steps = projection.delay / dt if dt > 0 else 0.0
    # 3 µs / 1 µs may be 3.0000002.
    if abs(steps - round(steps)) > 1e-3:
        yield Problem(
            f"projection '{projection.name}'",
            f"the delay, {format_quantity(projection.delay, 's')}, is no multiple of "
            f"the step, {format_quantity(dt, 's')}.",
            "Change the delay or the step.",
            "error",
            projection.name,
            "delay",
        )


def _stimuli(spec: ExperimentSpec) -> Iterator[Problem]:
    inputs = {p.name for p in spec.network.populations if not p.accepts_input}
    sources = [s for s in spec.stimuli if not isinstance(s, ConstantCurrent)]
    yield from _currents(spec)
    for name, count in Counter(s.population for s in sources).items():
        if name not in inputs:
            what = f"it drives '{name}', which is no input.{did_you_mean(name, inputs)}"
            yield Problem("stimulus", what, "Choose an input population.")
        elif count > 1:
            what = f"{count} stimuli drive this input."
            yield Problem(f"input '{name}'", what, "Keep one.", subject=name)
    for stimulus in spec.stimuli:
        where = f"stimulus of '{stimulus.population}'"
        yield from bounds(stimulus, where, stimulus.population)
        yield from _channels(stimulus, spec)
    for name in sorted(inputs - {s.population for s in sources}):
        what, fix = "nothing drives it.", "Choose a stimulus."
        yield Problem(f"input '{name}'", what, fix, "note", name)


def _currents(spec: ExperimentSpec) -> Iterator[Problem]:
    sizes = {p.name: p.size for p in spec.network.populations if p.accepts_input}
    for stimulus in spec.stimuli:
        if not isinstance(stimulus, ConstantCurrent):
            continue
        where, name = f"current into '{stimulus.population}'", stimulus.population
        if name not in sizes:
            what = f"'{name}' is no population of neurons.{did_you_mean(name, sizes)}"
            yield Problem(where, what, "Choose a population of neurons.")
            continue
        yield from _lengths(stimulus, sizes[name], where, name)
        if stimulus.stop is not None and stimulus.stop <= stimulus.start:
            what, fix = "it stops before it starts.", "Let it stop later."
            yield Problem(where, what, fix, "error", name, "stop")


def _channels(stimulus: Stimulus, spec: ExperimentSpec) -> Iterator[Problem]:
    needed = stimulus.channels
    for population in spec.network.populations:
        wrong = needed is not None and population.size != needed
        if population.name == stimulus.population and wrong:
            yield Problem(
                f"stimulus of '{stimulus.population}'",
                f"a {stimulus.kind} stimulus has {needed} channels, the input "
                f"{population.size}.",
                f"Give the input {needed} channels.",
                subject=stimulus.population,
                parameter="size",
            )


def _recording(spec: ExperimentSpec) -> Iterator[Problem]:
    recording = spec.recording
    if recording.madc_population is None:
        return
    names = [p.name for p in spec.network.populations if p.accepts_input]
    if recording.madc_population not in names:
        name = recording.madc_population
        what = f"the MADC reads '{name}', which has no membrane."
        hint = did_you_mean(name, names).strip()
        yield Problem("recording", what, hint or "Choose a population of neurons.")
        return
    size = spec.network.population(recording.madc_population).size
    if recording.madc_neuron >= size:
        what = f"the MADC reads neuron {recording.madc_neuron} of {size}."
        yield Problem("recording", what, f"Choose 0 to {size - 1}.")


def _settings(spec: ExperimentSpec) -> Iterator[Problem]:
    yield from bounds(spec.run, "run settings", "run")
    yield from bounds(spec.chip, "chip", "chip")
    if spec.run.dt > 0 and spec.run.runtime / spec.run.dt > MAX_STEPS:
        yield Problem(
            "run settings",
            f"the run has {spec.run.runtime / spec.run.dt:.0f} steps.",
            f"Use at most {MAX_STEPS}: a shorter runtime or a larger step.",
            "error",
            "run",
            "runtime",
        )

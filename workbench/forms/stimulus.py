"""The forms of stimuli: what an input sends, and currents into neurons."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from core.errors import NetworkError
from core.on_chip import current_codes
from core.simulate import input_spikes
from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo
from core.spec.network import LISpec
from core.spec.stimulus import STIMULI, ConstantCurrent, SpikeTimes
from workbench.forms.fields import field_lines
from workbench.forms.line import Line, Put, Scale, switch_line
from workbench.forms.neurons import with_neurons

#: Currents into neurons, as they are called here.
NO_CURRENT, CONSTANT, STEP = "none", "constant", "step"
#: A new step is on for this part of the run.
_STEP_ON: Final = (0.25, 0.75)
#: More spikes than this are not taken over as times of their own.
MOST_TIMES: Final = 20_000


def stimulus_lines(spec: ExperimentSpec, name: str) -> list[Line]:
    """Return the lines of what the input ``name`` sends."""
    stimulus = spec.stimulus(name)
    kinds = [kind for kind, cls in STIMULI.items() if cls is not ConstantCurrent]
    kind = stimulus.kind if stimulus is not None else "none"
    found = [
        Line(
            "stimulus",
            "stimulus",
            kind,
            lambda document, wanted: chosen(document, name, str(wanted)),
            "stimulus",
            choices=("none", *kinds),
            help="What this input sends.",
        )
    ]
    if stimulus is None:
        return found

    def change(field: str) -> Put:
        return lambda s, v: with_stimulus(s, name, **{field: v})

    return found + field_lines(stimulus, "stimulus", "stimulus", change)


def chosen(spec: ExperimentSpec, name: str, kind: str) -> ExperimentSpec:
    """Return ``spec`` with another kind of stimulus for the input ``name``.

    Times begin as the spikes that it sent before.
    """
    stimulus = spec.stimulus(name)
    if stimulus is not None and stimulus.kind == kind:
        return spec
    others = tuple(s for s in spec.stimuli if s.population != name)
    if kind == "none":
        return spec.replace(stimuli=others)
    new = STIMULI[kind](population=name)
    if isinstance(new, SpikeTimes):
        new = SpikeTimes(name, sent(spec, name))
    spec = spec.replace(stimuli=(*others, new))
    if new.channels not in (None, spec.network.population(name).size):
        spec = edit.resize(spec, name, int(new.channels or 1))
    return spec


def sent(spec: ExperimentSpec, name: str) -> tuple[tuple[float, ...], ...]:
    """Return the times of the spikes of the input ``name``, s, per channel.

    :raises NetworkError: if there are too many to edit by hand
    """
    stimulus, dt = spec.stimulus(name), spec.run.dt
    size = spec.network.population(name).size
    if isinstance(stimulus, SpikeTimes):
        return (*stimulus.times, *((),) * size)[:size]
    if stimulus is None or isinstance(stimulus, ConstantCurrent):
        return ((),) * size
    alone = spec.replace(
        network=spec.network.replace(
            populations=(spec.network.population(name),), projections=(), outputs=()
        ),
        stimuli=(stimulus,),
    )
    steps, channels = input_spikes(alone)[name][:, 0].nonzero(as_tuple=True)
    if len(steps) > MOST_TIMES:
        what = f"it sends {len(steps)} spikes, {MOST_TIMES} can be edited."
        raise NetworkError(f"input '{name}'", what, "Make the run or the rate smaller.")
    trains: list[list[float]] = [[] for _ in range(size)]
    for step, channel in zip(steps.tolist(), channels.tolist(), strict=True):
        trains[channel].append(round(step * dt, 12))
    return tuple(map(tuple, trains))


def with_stimulus(spec: ExperimentSpec, name: str, **changes: Any) -> ExperimentSpec:
    """Return ``spec`` with fields of the stimulus of the input ``name`` changed."""
    return spec.replace(
        stimuli=tuple(
            s.replace(**changes) if s.population == name else s for s in spec.stimuli
        )
    )


# -- currents ------------------------------------------------------------------------


#: Currents into one population that can be put together on the page.
MOST_CURRENTS = 4


def current_lines(spec: ExperimentSpec, population: LISpec) -> list[Line]:
    """Return the lines of the currents into ``population`` and of one more.

    Several add up, so with a step and a constant current there is a pulse on a ground.
    """
    own = [
        place
        for place, s in enumerate(spec.stimuli)
        if isinstance(s, ConstantCurrent) and s.population == population.name
    ]
    found = []
    for number, place in enumerate([*own, len(spec.stimuli)][:MOST_CURRENTS]):
        prefix = f"current{number + 1}" if number else "current"
        group = f"current {number + 1}" if number else "current"
        found += _current(spec, population, place, prefix, group)
    return found


def _current(
    spec: ExperimentSpec, population: LISpec, place: int, prefix: str, group: str
) -> list[Line]:
    now = spec.stimuli[place] if place < len(spec.stimuli) else None
    current = now if isinstance(now, ConstantCurrent) else None
    first = spec.run.runtime * np.array(_STEP_ON)

    def choose(document: ExperimentSpec, wanted: Any) -> ExperimentSpec:
        if wanted == _kind(current):
            return document
        base = current or ConstantCurrent(population.name)
        start, stop = map(float, first)
        new = {
            CONSTANT: base.replace(start=0.0, stop=None),
            STEP: base.replace(start=start, stop=stop),
        }.get(str(wanted))
        stimuli = list(document.stimuli)
        stimuli[place : place + 1] = [] if new is None else [new]
        return document.replace(stimuli=tuple(stimuli))

    label = "current into the neurons"
    if group != "current":
        label = "one more current" if current is None else f"{group} into the neurons"
    choice = Line(
        f"{prefix}.kind",
        label,
        _kind(current),
        choose,
        group,
        choices=(NO_CURRENT, CONSTANT, STEP),
        help="Added to the current of the synapses; a chip has constant ones only.",
    )
    if current is None:
        return [choice]

    def change(field: str) -> Put:
        def put(document: ExperimentSpec, value: Any) -> ExperimentSpec:
            stimuli = list(document.stimuli)
            stimuli[place] = stimuli[place].replace(**{field: value})
            return document.replace(stimuli=tuple(stimuli))

        return put

    found = field_lines(current, prefix, group, change)
    found[0] = _amount(spec, population, current, found[0])
    if _kind(current) == CONSTANT:
        return [choice, found[0]]
    info = FieldInfo("Off: it flows until the end.", label="stops", group=group)
    end = spec.run.runtime if current.stop is None else current.stop
    stops = switch_line(
        f"{prefix}.stops",
        info,
        current.stop is not None,
        lambda s, on: change("stop")(s, end if on else None),
    )
    return [choice, *found[:2], stops, *found[2:]]


def _kind(current: ConstantCurrent | None) -> str:
    if current is None:
        return NO_CURRENT
    return CONSTANT if current.start == 0 and current.stop is None else STEP


def _amount(
    spec: ExperimentSpec, population: LISpec, current: ConstantCurrent, line: Line
) -> Line:
    """Return the line of the current itself, with the code of all of them."""
    codes = current_codes(spec, population)
    line = with_neurons(line, population.size, current.current, 1.0)
    if codes is None:
        return line
    low, high = codes.min(), codes.max()
    text = f"{low}" if low == high else f"{low}…{high}"
    shown = "per neuron" if np.ndim(current.current) else f"{line.value:g}"
    return replace(
        line,
        scales=(
            Scale("model", shown, line.help, chosen=True),
            Scale("code", f"code {text}", "Of a typical circuit, all currents."),
        ),
    )

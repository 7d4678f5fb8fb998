"""What changed from one document to the next, in words: ``hidden: threshold 1 → 2``."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, Spec
from core.spec.network import PopulationSpec, ProjectionSpec, Value
from core.units import format_quantity


def differences(old: ExperimentSpec, new: ExperimentSpec) -> list[str]:
    """Return one sentence for each parameter that differs; nothing cosmetic.

    Populations, projections and stimuli are matched by name.
    """
    found = list(_named(old.network.populations, new.network.populations, "population"))
    found += _named(old.network.projections, new.network.projections, "projection")
    stimuli = {s.population: s for s in old.stimuli}
    for stimulus in new.stimuli:
        before = stimuli.pop(stimulus.population, None)
        found += _stimulus(before, stimulus)
    found += [f"{name}: no stimulus" for name in stimuli]
    for part in ("run", "chip", "recording"):
        subject = "" if part == "run" else part
        found += _fields(getattr(old, part), getattr(new, part), subject)
    return found


def in_words(found: list[str], most: int = 3) -> str:
    """Return the first few differences as one line."""
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more


def _named(
    old: tuple[PopulationSpec, ...] | tuple[ProjectionSpec, ...],
    new: tuple[PopulationSpec, ...] | tuple[ProjectionSpec, ...],
    word: str,
) -> Iterator[str]:
    before = {item.name: item for item in old}
    for item in new:
        known = before.pop(item.name, None)
        if known is None:
            yield f"new {word} {item.name}"
        elif type(known) is not type(item):
            yield f"{item.name} is another kind of {word}"
        else:
            yield from _fields(known, item, item.name)
    yield from (f"{word} {name} removed" for name in before)


def _stimulus(old: Any, new: Any) -> Iterator[str]:
    subject = f"stimulus of {new.population}"
    if old is None:
        yield f"new {subject}"
    elif type(old) is not type(new):
        yield f"{subject}: {old.kind} → {new.kind}"
    else:
        yield from _fields(old, new, subject)


def _fields(old: Spec, new: Spec, subject: str) -> Iterator[str]:
    head = f"{subject}: " if subject else ""
    for f in dataclasses.fields(new):
        info = type(new).infos().get(f.name)
        a, b = getattr(old, f.name), getattr(new, f.name)
        if a is b or (info is not None and info.cosmetic):
            continue
        if isinstance(b, Spec) and not isinstance(b, Value) and type(a) is type(b):
            yield from _fields(a, b, subject)
        elif not _equal(a, b):
            label = (info.label if info is not None else "") or f.name.replace("_", " ")
            yield f"{head}{label} {_change(a, b, info)}"


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(np.asarray(a), np.asarray(b))
    return type(a) is type(b) and bool(a == b)


def _change(a: Any, b: Any, info: FieldInfo | None) -> str:
    if isinstance(a, Value) and isinstance(b, Value):
        for scale, unit in (("model", ""), ("hardware", "LSB"), ("code", "code")):
            x, y = getattr(a, scale), getattr(b, scale)
            if not _equal(x, y):
                return f"{_text(x, unit)} → {_text(y, unit)}"
    unit = info.unit if info is not None and info.unit != "model" else ""
    before, after = _text(a, unit), _text(b, unit)
    return "changed" if before == after or not after else f"{before} → {after}"


def _text(value: Any, unit: str) -> str:
    """Return a value as a person reads it; nothing for what is too long to say."""
    if value is None:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return format_quantity(value, unit)
    return value if isinstance(value, str) and len(value) < 30 else ""

"""Messages of the canvas become edits. The browser is not trusted: all is checked."""

import math
from collections.abc import Iterable
from typing import Any

from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.network import KINDS, PopulationSpec
from core.spec.nir_layout import COLUMN, ROW, placed

Place = tuple[float, float]


def known(spec: ExperimentSpec, names: Any) -> list[str]:
    """Return those of ``names`` that the document has, each once."""
    if not isinstance(names, Iterable):
        return []
    ours = set(spec.network.names)
    texts = [name for name in names if isinstance(name, str)]
    return [name for name in dict.fromkeys(texts) if name in ours]


def boxes_of(spec: ExperimentSpec, names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that are populations."""
    ours = {p.name for p in spec.network.populations}
    return [name for name in names if name in ours]


def added(spec: ExperimentSpec, message: dict[str, Any]) -> ExperimentSpec:
    """Add a population where it was dropped, or where there is room."""
    kind = KINDS.get(str(message.get("kind")))
    if kind is None:
        return spec
    place = _place(message.get("position")) or free_place(spec, kind)
    return edit.add_population(spec, kind, place)


def connected(spec: ExperimentSpec, message: dict[str, Any]) -> ExperimentSpec:
    """Add a projection.

    :raises NetworkError: if it can never mean anything
    """
    source, target = str(message.get("source")), str(message.get("target"))
    return edit.connect(spec, source, target)


def moved(spec: ExperimentSpec, message: dict[str, Any]) -> ExperimentSpec:
    """Put boxes where they were dragged."""
    places = message.get("places")
    if not isinstance(places, dict):
        return spec
    read = {str(name): _place(place) for name, place in places.items()}
    return edit.move(spec, {n: place for n, place in read.items() if place})


def renamed(spec: ExperimentSpec, message: dict[str, Any]) -> ExperimentSpec:
    """Give a population another name.

    :raises NetworkError: if the name is empty or taken
    """
    name, text = message.get("name"), message.get("next")
    if not isinstance(text, str) or not known(spec, [name]):
        return spec
    return edit.rename(spec, str(name), text)


def reasons(
    spec: ExperimentSpec, name: Any, *, backward: bool = False
) -> dict[str, str]:
    """Return what refuses a line from ``name``, by the name of the other end.

    :param backward: the line is drawn from its end, against its direction
    """
    network = spec.network
    if not boxes_of(spec, known(spec, [name])):
        return {}
    found = {}
    for other in network.populations:
        ends = (other.name, str(name)) if backward else (str(name), other.name)
        reason = edit.refusal(network, *ends)
        if reason is not None:
            found[other.name] = reason
    return found


def free_place(spec: ExperimentSpec, kind: type[PopulationSpec]) -> Place:
    """Return a place below the others of its column: inputs, neurons, read-outs."""
    boxes = [p.position for p in spec.network.populations]
    column = 0 if not kind.accepts_input else 1 if kind.spiking else 2
    x = column * COLUMN + min((box[0] for box in boxes), default=0.0)
    near = [box[1] for box in boxes if abs(box[0] - x) < COLUMN]
    return x, max((y + ROW for y in near), default=60.0)


def layered(
    spec: ExperimentSpec, names: Iterable[str] | None = None
) -> dict[str, Place]:
    """Return a place for each population: columns by distance from the inputs.

    :param names: lay only these out, from their upper left corner on; None: all
    """
    chosen = list(spec.network.populations)
    if names is not None:
        wanted = set(names)
        chosen = [p for p in chosen if p.name in wanted]
    inside = {p.name for p in chosen}
    network = spec.network.replace(
        populations=tuple(chosen),
        projections=tuple(
            p
            for p in spec.network.projections
            if p.source in inside and p.target in inside
        ),
    )
    laid = {p.name: p.position for p in placed(network, inside).populations}
    if names is None or not laid:
        return laid
    left = min(p.position[0] for p in chosen) - min(x for x, _ in laid.values())
    top = min(p.position[1] for p in chosen) - min(y for _, y in laid.values())
    return {name: (x + left, y + top) for name, (x, y) in laid.items()}


def _place(position: Any) -> Place | None:
    try:
        x, y = (float(value) for value in position)
    except (OverflowError, TypeError, ValueError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None

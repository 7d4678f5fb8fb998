"""Lines of a form for any declared value: settings of a training, of a data set."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from core.errors import HXError
from core.spec.fields import FieldInfo, Spec
from core.units import display_unit
from workbench.forms import Line

S = TypeVar("S", bound=Spec)
_WORDS = {True: "yes", False: "no"}


def spec_lines(
    spec: Spec,
    groups: Mapping[str, Collection[str]],
    shown: Callable[[str], bool],
    ends: Mapping[str, float],
) -> list[Line]:
    """Return a line for each field in ``groups``, by heading and in its order.

    :param shown: says whether a field has a meaning now
    :param ends: where sliders end that would reach too far, in what is shown
    """
    infos = spec.infos()
    return [
        _line(spec, name, infos[name], heading, ends.get(name))
        for heading, names in groups.items()
        for name in names
        if name in infos and shown(name)
    ]


def edited(spec: S, name: str, shown: Any, lines: Collection[Line]) -> S:
    """Return ``spec`` with the value that a browser sent, if it can be one.

    Numbers are kept within their bounds.
    """
    line = next((line for line in lines if line.id == name), None)
    if line is None or not line.accepts(shown):
        return spec
    info = spec.info(name)
    value = shown
    if isinstance(getattr(spec, name), bool):
        value = shown == _WORDS[True]
    elif not info.choices:
        value = float(shown) * display_unit(info.unit)[1]
        value = max(value, value if info.low is None else info.low)
        value = min(value, value if info.high is None else info.high)
        value = round(value) if info.whole else value
    try:
        return spec.replace(**{name: value})
    except HXError:
        return spec


def _line(
    spec: Spec, name: str, info: FieldInfo, heading: str, end: float | None
) -> Line:
    value = getattr(spec, name)
    default = getattr(type(spec)(), name)
    label = info.label or name.replace("_", " ")
    told: dict[str, Any] = {
        "id": name, "label": label, "group": heading, "help": info.doc,
        "put": lambda document, _: document,
    }  # fmt: skip
    if isinstance(value, bool):
        words = tuple(_WORDS.values())
        return Line(value=_WORDS[value], choices=words, default=_WORDS[default], **told)
    if info.choices:
        return Line(value=value, choices=info.choices, default=default, **told)
    unit, size = display_unit(info.unit)
    low, high = info.low or 0.0, 1.0 if info.high is None else info.high
    return Line(
        value=round(value / size, 9),
        default=round(default / size, 9),
        unit=unit,
        low=round(low / size, 9),
        high=round(high / size, 9) if end is None else end,
        step=round((info.step or (high - low) / 100) / size, 9),
        **told,
    )

"""Lines of the plain numbers, choices and switches of any `Spec`."""

from collections.abc import Callable

from core.spec.fields import Spec
from workbench.forms.line import Line, Put, number_line


def field_lines(
    spec: Spec, prefix: str, group: str, change: Callable[[str], Put]
) -> list[Line]:
    """Return a line for each bounded number and each choice of ``spec``."""
    found = []
    for field, info in spec.infos().items():
        value = getattr(spec, field)
        name = f"{prefix}.{field}"
        default = type(spec).__dataclass_fields__[field].default
        if info.choices:
            label = info.label or field
            found.append(
                Line(
                    name,
                    label,
                    value,
                    change(field),
                    group,
                    default=default,
                    help=info.doc,
                    choices=info.choices,
                )
            )
        elif info.low is not None and value is not None:
            found.append(
                number_line(name, info, value, default, change(field), group=group)
            )
    return found

"""The document as JSON text, and back without loss.

The text is written and read from the declarations of the dataclasses, see
`core.spec.json_data`, so a new field needs no line here::

    {"format": 1, "kind": "hx-workbench experiment",
     "network": {"populations": [{"kind": "LIF", "name": "hidden", ...}], ...}, ...}

A text that cannot be read raises one `ConversionError` that lists what is wrong.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from core.errors import ConversionError
from core.spec.experiment import ExperimentSpec
from core.spec.json_data import from_data, kind_word, to_data

#: Number of the newest format, and what the file calls itself.
FORMAT: Final = 1
KIND: Final = "hx-workbench experiment"
#: Longer texts are refused.
MAX_TEXT = 64_000_000


def to_json(spec: ExperimentSpec) -> str:
    """Return the document as text.

    :raises ConversionError: if a number is not finite or a text is not Unicode
    """
    head = {"format": FORMAT, "kind": KIND}
    return json.dumps(head | to_data(spec), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> ExperimentSpec:
    """Return the document written in ``text``.

    :raises ConversionError: if it is no such document; lists all problems
    """
    data = upgrade(parse(text))
    fields = {k: v for k, v in data.items() if k not in ("format", "kind")}
    return from_data(ExperimentSpec, fields)


def parse(text: str) -> Any:
    """Return the objects, lists and numbers of ``text``: JSON, read strictly.

    :raises ConversionError: if it is not JSON, or too large
    """
    if len(text) > MAX_TEXT:
        raise ConversionError(
            "document",
            f"the text has {len(text)} characters, {MAX_TEXT} are allowed.",
            "Save large weights in a NIR file.",
        )
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        end = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        raise ConversionError(
            f"line {error.lineno}, column {error.colno}",
            "the text ends too early." if end else f"this is not JSON: {error.msg}.",
            "The file may be cut off: save it again." if end else "Correct it there.",
        ) from None
    except RecursionError:
        what = "objects lie in objects more than a thousand times."
        raise ConversionError("document", what, "This is no saved document.") from None
    except ConversionError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise ConversionError("document", f"{error}.", "Correct the number.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConversionError(
            "document", f"the field '{twice}' stands twice.", "Keep one of them."
        )
    return fields


def _refuse_constant(name: str) -> Any:
    raise ConversionError("document", f"{name} is no number.", "Write a finite number.")


#: What turns the data of format n into the data of format n + 1.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def upgrade(data: Any) -> dict[str, Any]:
    """Return ``data`` in the newest format.

    :raises ConversionError: if the format is unknown
    """
    if not isinstance(data, dict):
        raise ConversionError(
            "document",
            f"it is {kind_word(data)}, not an object.",
            "Open a saved document.",
        )
    if data.get("kind", KIND) != KIND or "format" not in data:
        raise ConversionError(
            "document",
            "it is JSON, but no experiment.",
            f'Its "kind" must be "{KIND}".',
        )
    version = data["format"]
    if type(version) is not int or not 1 <= version <= FORMAT:
        later = type(version) is int and version > FORMAT
        raise ConversionError(
            "format",
            f"this is {version!r}, known are 1 to {FORMAT}.",
            "Update HX Workbench: a newer one wrote the file."
            if later
            else "Open a saved document.",
        )
    upgraded: dict[str, Any] = data
    for step in range(version, FORMAT):
        upgraded = UPGRADES[step](upgraded)
    return upgraded

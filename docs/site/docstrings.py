"""Lets docstrings, written for a terminal, read well as Markdown.

Examples with ``>>>`` would become quotations, and the ``::`` before an equation would
stay: both become fenced blocks before the docstrings are parsed. The fields of a `Spec`
carry unit, bounds and help in their declaration (`core.spec.fields`): they become the
parameters of its class.
"""

import ast
import re
from typing import Any

from griffe import Attribute, Class, Extension, Object

_EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)
_LITERAL = re.compile(r"::\n\n((?: {4}.*(?:\n|$)|\n(?= {4}))+)")
_CODE = re.compile(r"``([^`]+)``")
_DECLARES = ("quantity", "choice", "plain", "potential")


class Docstrings(Extension):
    """Rewrites each docstring once it is read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)

    def on_class_members(self, *, cls: Class, **_: Any) -> None:
        """Explain the fields of a spec by what they are declared with."""
        lines = []
        for attribute in cls.attributes.values():
            call = _declaration(attribute)
            if call is None:
                continue
            lines.append(f":param {attribute.name}: {_help(call)}")
            default = call.args[0] if call.args else None
            attribute.value = None if default is None else ast.unparse(default)
        if lines and cls.docstring is not None:
            written = cls.docstring.value.rstrip()
            known = set(re.findall(r":param (\w+):", written))
            new = [line for line in lines if line.split()[1][:-1] not in known]
            joint = "\n" if known else "\n\n"
            cls.docstring.value = written + joint + "\n".join(new)


def markdown(text: str) -> str:
    """Return a docstring as Markdown."""
    text = _CODE.sub(r"`\1`", text)
    text = _LITERAL.sub(_fenced, text)
    return _EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", text)


def _fenced(found: re.Match[str]) -> str:
    lines = [line[4:] for line in found[1].rstrip().splitlines()]
    body = "\n".join(lines)
    return f":\n\n```text\n{body}\n```\n\n"


def _declaration(attribute: Attribute) -> ast.Call | None:
    """Return the call that declares a field, or None."""
    if attribute.value is None:
        return None
    try:
        found = ast.parse(str(attribute.value), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Name):
        return found if found.func.id in _DECLARES else None
    return None


def _help(call: ast.Call) -> str:
    """Return the sentence of a field, its unit and its bounds."""
    given = {k.arg: ast.unparse(k.value) for k in call.keywords}
    text = str(ast.literal_eval(given["doc"])) if "doc" in given else ""
    unit = ""
    if isinstance(call.func, ast.Name) and call.func.id == "quantity":
        unit = str(ast.literal_eval(call.args[1]))
    if isinstance(call.func, ast.Name) and call.func.id == "potential":
        unit = "model units"
    bounds = (
        f"{given['low']} … {given['high']}" if {"low", "high"} <= set(given) else ""
    )
    about = " ".join(part for part in (bounds, unit) if part)
    return f"{text} ({about})" if about else text

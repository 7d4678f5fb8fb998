"""docs/features.md: no row is missing, each yes names tests there are, counts agree."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (I?\d+) \| (.+?) \| (yes|partly|no) \| (.*) \|$", re.M)
ROWS = {number: (name, here, rest) for number, name, here, rest in ROW.findall(TEXT)}


def named_in(text):
    return re.findall(r"`(test_\w+)::(test_\w+)`", text)


def test_every_row_and_idea_is_there_once():
    wanted = [*map(str, range(1, 103)), *(f"I{n}" for n in range(1, 16))]
    assert [row[0] for row in ROW.findall(TEXT)] == wanted


def test_each_yes_is_shown_by_a_test_and_the_rest_says_what_is_missing():
    bare = [
        number
        for number, (_, here, rest) in ROWS.items()
        if here == "yes" and not named_in(rest)
    ]
    assert not bare
    silent = [
        number
        for number, (_, here, rest) in ROWS.items()
        if here != "yes" and not re.match(r"[A-Z`].{5,}\.", rest)
    ]
    assert not silent


def test_every_test_that_is_named_exists_and_drives_the_page():
    named = set(named_in(TEXT))
    for module in {module for module, _ in named}:
        path = ROOT / "tests" / "ui" / f"{module}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        there = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        missing = {name for kind, name in named if kind == module} - there
        assert not missing, f"{module}: {missing}"


def test_the_counts_at_the_top_are_those_of_the_tables():
    for word, part in (("Rows", "[0-9]"), ("Ideas", "I")):
        found = Counter(
            here for number, (_, here, _) in ROWS.items() if re.match(part, number)
        )
        said = f"{word}: {found['yes']} yes, {found['partly']} partly, {found['no']} no"
        assert said in TEXT

"""Results as tables of Markdown, and their place in a document.

A document holds a table between two lines, ``<!-- layers: NAME -->`` and
``<!-- end of layers: NAME -->``; what is between them is written anew.
"""

from collections.abc import Iterable, Sequence

from benchmarks.measure import Estimate
from benchmarks.peers import LOOP, OURS, PROTOTYPE
from benchmarks.results import Result
from benchmarks.targets import AMBITIOUS, DENSE, FLOOR, GATE, REALISTIC, Target

MISSING = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown, the first column to the left.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|--:|
    | 1 | 2 |
    """
    rule = "|---|" + "--:|" * (len(head) - 1)
    return "\n".join([_line(head), rule, *map(_line, rows)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float) -> str:
    """Return ``value`` with three digits, or all of a large one.

    >>> number(0.0012345), number(12.345), number(1234.5)
    ('0.00123', '12.3', '1234')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")


def interval(estimate: Estimate, scale: float = 1.0) -> str:
    """Return median and interval, multiplied by ``scale``."""
    low, high = number(estimate.low * scale), number(estimate.high * scale)
    return f"{number(estimate.median * scale)} ({low}–{high})"


def everyone(results: Sequence[Result]) -> str:
    """Return the table of all implementations of all workloads."""
    head = [
        "",
        "ms (95 %)",
        "ours / it (95 %)",
        "it / floor",
        "saved, B per T·B·N",
        "spikes per step",
    ]
    rows = [row for result in results for row in _rows(result)]
    return table(head, rows)


def _rows(result: Result) -> list[list[str]]:
    nothing = [MISSING] * 4
    rows = [[f"**{result.name}** {result.shape}", *[""] * 5]]
    for name in (*result.asked, FLOOR, DENSE):
        if name in result.taken:
            rows.append(_row(result, name))
        elif name in (OURS, PROTOTYPE, LOOP):
            rows.append([name, "n/a", *nothing])
    return rows


def _row(result: Result, name: str) -> list[str]:
    samples, ours = result.taken[name], result.taken.get(OURS)
    compared = MISSING if ours is None else interval(ours.over(samples))
    over_floor = samples.over(result.taken[FLOOR])
    saved, rate = result.saved.get(name), result.spike_rates.get(name)
    return [
        name,
        interval(samples.estimate, 1e3) + (" *" if samples.slow else ""),
        MISSING if name == OURS else compared,
        MISSING if name in (FLOOR, DENSE) else number(over_floor.median),
        MISSING if saved is None else f"{saved:.1f}",
        MISSING if rate is None else f"{rate:.4f}",
    ]


def against_targets(results: Sequence[Result]) -> str:
    """Return ours beside what was thought realistic and ambitious."""
    head = ["", "ours, ms", "/ floor", "/ dense floor"]
    head += ["faster than loop", "than jax", "than norse", "realistic", "ambitious"]
    return table(head, [_target_row(result) for result in results])


def _target_row(result: Result) -> list[str]:
    taken = result.taken
    ours = taken.get(OURS)

    def over(name: str) -> str:
        if ours is None or name not in taken:
            return MISSING
        return number(ours.over(taken[name]).median)

    def faster(name: str) -> str:
        if ours is None or name not in taken:
            return MISSING
        return number(taken[name].over(ours).median) + " ×"

    def judged(targets: dict[str, Target]) -> str:
        target = targets[result.name]
        answer = {True: "**yes**", False: "no", None: "not measured"}
        return f"{answer[target.reached(taken)]}: {target}"

    return [
        result.name,
        "n/a" if ours is None else number(ours.estimate.median * 1e3),
        over(FLOOR),
        over(DENSE),
        *map(faster, (LOOP, "jax", "norse")),
        judged(REALISTIC),
        judged(AMBITIOUS),
    ]


def gate(results: Sequence[Result]) -> str:
    """Return how ours compares with the prototype, workload by workload."""
    rows = []
    for result in results:
        taken, compared = result.taken, "n/a"
        if {OURS, PROTOTYPE} <= taken.keys():
            compared = interval(taken[OURS].over(taken[PROTOTYPE]))
        verdict = "passes" if result.passes() else "**misses**"
        rows.append([result.name, compared, verdict])
    return table(["", "ours / prototype (95 %)", f"gate ≤ {GATE}"], rows)


def replaced(document: str, name: str, text: str, kind: str = "layers") -> str:
    r"""Return ``document`` with ``text`` between the two lines of ``name``.

    :param kind: what the two lines begin with
    :raises ValueError: if the two lines are not there once, in this order

    >>> old = "a\n<!-- layers: x -->\nold\n<!-- end of layers: x -->\nb"
    >>> print(replaced(old, "x", "new"))
    a
    <!-- layers: x -->
    new
    <!-- end of layers: x -->
    b
    """
    first, last = f"<!-- {kind}: {name} -->", f"<!-- end of {kind}: {name} -->"
    before, found, rest = document.partition(first)
    old, ended, after = rest.partition(last)
    if not found or not ended or first in old + after or last in before + after:
        raise ValueError(
            f"The document has not the lines '{first}' and '{last}', once and in this "
            "order. Write them where the table belongs."
        )
    return f"{before}{first}\n{text}\n{last}{after}"

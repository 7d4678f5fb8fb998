"""Measures the demos and writes the table of ``docs/demos.md``.

``python docs/demos.py`` prints it, ``python docs/demos.py --write`` puts it in. With
names of demos behind it only these are measured, the rows of the others stay.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from core.demo import Demo, meter, observed
from core.simulate import StageMemory, simulate
from core.spec.experiment import ExperimentSpec
from workbench.demos import demos

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- demos: measured -->", "<!-- end of demos: measured -->"
#: The ideal model, and the chips that the demos are tried on.
PLACES = {"model": 0, "chip 1": 1, "chip 2": 2, "chip 3": 3}


def placed(spec: ExperimentSpec, chip: int) -> ExperimentSpec:
    """Return ``spec`` on the model (0) or on a chip."""
    mode = "both" if chip else "mock"
    spec = spec.replace(run=spec.run.replace(mode=mode))
    return spec.replace(chip=spec.chip.replace(number=chip)) if chip else spec


def rows(demo: Demo, memory: StageMemory) -> list[str]:
    """Return the lines of the table of one demo."""
    goals, starts, found = [], [], []
    for chip in PLACES.values():
        start = placed(demo.start(), chip)
        solved = demo.solution(start)
        begun, ended = (simulate(spec, memory) for spec in (start, solved))
        starts.append(f"{meter(demo, start, begun).share:.0%}")
        goals.append("yes" if meter(demo, solved, ended).reached else "**no**")
        found.append([observed(o.condition, solved, ended) for o in demo.observations])
    lines = [f"| **{demo.title}** | goal, from the start | | {' | '.join(starts)} |"]
    lines.append(f"| | goal, by the solution | reached | {' | '.join(goals)} |")
    for number, observation in enumerate(demo.observations):
        condition = observation.condition
        values = []
        for place in found:
            value = place[number]
            text = condition.words.format(f"{round(value * condition.scale, 4):.3g}")
            values.append(text if condition.holds(value) else f"**{text}**")
        band = f"{observation.published} (band: {condition.wanted})"
        lines.append(f"| | {band} | | {' | '.join(values)} |")
    return lines


def table(names: Sequence[str], old: str) -> str:
    """Return the table of all demos, as Markdown.

    :param names: the demos that are measured, all if there are none
    :param old: the page, where the rows of the others are
    """
    memory = StageMemory()
    lines = [
        f"| demo | what | wanted | {' | '.join(PLACES)} |",
        "|---" * (3 + len(PLACES)) + "|",
    ]
    for name, demo in demos().items():
        kept = re.search(
            rf"^\| \*\*{re.escape(demo.title)}\*\*.*\n(\| \| .*\n)+", old, re.M
        )
        if kept is None or not names or name in names:
            lines += rows(demo, memory)
        else:
            lines += kept[0].splitlines()
    return "\n".join(lines)


def texts() -> str:
    """Return what is set otherwise, and what deviates, of each demo."""
    parts = []
    for name, demo in demos().items():
        parts.append(f"### {demo.title} (`?demo={name}`)\n\nFrom: {demo.source}.")
        if demo.equivalents:
            parts.append(demo.equivalents)
        parts += [
            f"*{o.published}:* {o.deviation}" for o in demo.observations if o.deviation
        ]
    return "\n\n".join(parts)


def main(arguments: list[str]) -> None:
    """Measure, and print or write."""
    names = [name for name in arguments if name in demos()]
    old = PAGE.read_text(encoding="utf-8")
    text = f"{BEGIN}\n{table(names, old)}\n\n{texts()}\n{END}"
    if "--write" in arguments:
        page = PAGE.read_text(encoding="utf-8")  # it took minutes: it may have changed
        pattern = f"{re.escape(BEGIN)}.*{re.escape(END)}"
        page = re.sub(pattern, lambda _: text, page, flags=re.DOTALL)
        PAGE.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

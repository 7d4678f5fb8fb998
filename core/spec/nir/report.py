"""What reading a NIR graph found, assumed, folded, approximated and cannot place."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.errors import Problem

#: The parts of a report, in the order in which they are shown, with their headings.
HEADINGS = {
    "read": "Read",
    "assumed": "Assumed",
    "folded": "Folded",
    "approximated": "Approximated",
    "no_place": "No place on the chip",
}


@dataclass(frozen=True)
class ImportReport:
    """What was done with a graph, as values and as text.

    :param read: what is in the graph, counted
    :param assumed: what the file leaves open, and how it was taken
    :param folded: what became part of something else, without any loss
    :param approximated: what behaves a little differently here
    :param no_place: what the chip cannot hold or reach: fan-in, weights, times
    :param time_factor: file number × this = seconds on the chip
    :param fitting_factor: a factor with which the chip reaches all times, if another
    """

    read: tuple[Problem, ...] = ()
    assumed: tuple[Problem, ...] = ()
    folded: tuple[Problem, ...] = ()
    approximated: tuple[Problem, ...] = ()
    no_place: tuple[Problem, ...] = ()
    time_factor: float = 1e-3
    fitting_factor: float | None = None

    def parts(self) -> Iterator[tuple[str, tuple[Problem, ...]]]:
        """Yield heading and entries of all parts that have some."""
        for name, heading in HEADINGS.items():
            entries: tuple[Problem, ...] = getattr(self, name)
            if entries:
                yield heading, entries

    def factors(self) -> list[str]:
        """Return what is to be said of the time factor, in lines."""
        lines = [f"Time factor: {self.time_factor:g} s on the chip per file unit."]
        if self.fitting_factor is not None:
            lines.append(f"All times fit with time factor {self.fitting_factor:g}.")
        return lines

    def text(self) -> str:
        """Return the report as lines for a person."""
        lines = self.factors()
        for heading, entries in self.parts():
            lines += [f"{heading}:", *(f"  - {entry}" for entry in entries)]
        return "\n".join(lines)


@dataclass
class Remarks:
    """A report in the making."""

    parts: dict[str, list[Problem]] = field(
        default_factory=lambda: {name: [] for name in HEADINGS}
    )

    def add(self, part: str, where: str, what: str, fix: str = "") -> None:
        """Write an entry into a part of the report, once."""
        entry = Problem(where, what, fix, "note")
        if entry not in self.parts[part]:
            self.parts[part].append(entry)

"""``python -m benchmarks.fidelity`` writes docs/fidelity.md, the chip and silicon."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fidelity import figures, scales
from benchmarks.tables import number, replaced, table

DOCUMENT = Path("docs/fidelity.md")
PICTURES = Path("images/fidelity")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 if something is outside its band."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity")
    parser.add_argument("--chips", type=int, default=20, help="how many, from number 1")
    parser.add_argument("--write", type=Path, default=DOCUMENT, metavar="FILE")
    given = parser.parse_args(arguments)
    logging.getLogger("core").setLevel(logging.ERROR)
    texts = {"scales": scale_table(given.chips)}
    said = figures.draw(given.write.parent / PICTURES)
    for name, text in said.items():
        texts[name] = f"![]({PICTURES}/{name}.svg)\n\n{text}"
    document = given.write.read_text()
    for name, text in texts.items():
        document = replaced(document, name, f"\n{text}\n", "fidelity")
        print(f"\n## {name}\n\n{text}", flush=True)
    given.write.write_text(document)
    return 0 if "**outside**" not in "".join(texts.values()) else 1


def scale_table(chips: int) -> str:
    """Return the scale numbers of some chips beside those of real ones."""
    found = [scales.scales(chip) for chip in range(1, chips + 1)]
    rows = []
    for band in scales.BANDS:
        values = sorted(figures_of[band.name] for figures_of in found)
        inside = sum(band.low <= value <= band.high for value in values)
        all_inside = inside == chips
        rows.append(
            [
                band.name + (f", {band.unit}" if band.unit else ""),
                number(band.wanted),
                f"{number(band.low)} … {number(band.high)}",
                number(values[len(values) // 2]),
                f"{number(values[0])} … {number(values[-1])}",
                "all" if all_inside else f"**outside**: {chips - inside}",
            ]
        )
    head = ["", "published", "band", "median chip", "all chips", "inside"]
    return table(head, rows)


if __name__ == "__main__":
    sys.exit(main())

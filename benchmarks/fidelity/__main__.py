"""``python -m benchmarks.fidelity`` writes docs/fidelity.md, the chip and silicon."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fidelity import figures, report
from benchmarks.tables import replaced

DOCUMENT = Path("docs/fidelity.md")
PICTURES = Path("images/fidelity")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 if something is outside its band."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity")
    parser.add_argument("--chips", type=int, default=20, help="how many, from number 1")
    parser.add_argument("--write", type=Path, default=DOCUMENT, metavar="FILE")
    given = parser.parse_args(arguments)
    logging.getLogger("core").setLevel(logging.ERROR)
    texts = {
        "scales": report.typical_numbers(given.chips),
        "residuals": report.residuals(given.chips),
        "codes": report.codes(given.chips),
        "thresholds": report.thresholds(given.chips),
        "seconds": report.seconds(),
    }
    said = figures.draw(given.write.parent / PICTURES)
    for name, text in said.items():
        texts[name] = f"![]({PICTURES}/{name}.svg)\n\n{text}"
    document = given.write.read_text()
    for name, text in texts.items():
        document = replaced(document, name, f"\n{text}\n", "fidelity")
        print(f"\n## {name}\n\n{text}", flush=True)
    given.write.write_text(document)
    return int(report.OUTSIDE in "".join(texts.values()))


if __name__ == "__main__":
    sys.exit(main())

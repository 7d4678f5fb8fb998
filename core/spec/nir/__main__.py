"""Write the table of nodes into a page: ``python -m core.spec.nir docs/nir.md``."""

import sys
from pathlib import Path

from core.spec.nir.support import with_table

if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_table(file.read_text()))

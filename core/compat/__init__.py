"""Scripts for the real chip, unmodified: ``python -m core.compat SCRIPT [ARGUMENTS]``.

They import `hxtorch` and the names of the software stack below it; here all of these
names lead to this package. Nothing is installed: the names exist in the process that
called `install`, and nowhere else.
"""

from core.compat.install import install

__all__ = ["install"]

"""The demos, one declarative file each: to add one, add a file with a ``DEMO``.

They are found by importing the files of this folder; there is no list to edit.
"""

import pkgutil
from functools import cache
from importlib import import_module

from core.demo import Demo


@cache
def demos() -> dict[str, Demo]:
    """Return the demos by the name of their file, in the order of the gallery."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found = {name: import_module(f"{__name__}.{name}").DEMO for name in names}
    return dict(sorted(found.items(), key=lambda item: item[1].order))

"""Gives the foreign names to the interpreters that a launched script starts.

The launcher puts this folder on ``PYTHONPATH``. Each interpreter with this environment
imports `sitecustomize` before anything else: workers of `multiprocessing`, however they
are started, and programs run with ``sys.executable``. Until one of them imports a
foreign name, nothing of this package is loaded.
"""

import os
import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Any

#: Where the foreign names begin; `core.compat.install` has them with all below.
ROOTS = frozenset(
    {
        "_hxtorch_core",
        "_hxtorch_spiking",
        "calix",
        "dlens_vx_v3",
        "hxtorch",
        "pygrenade_vx",
        "pylogging",
        "quantities",
    }
)
_FOLDER = os.path.dirname(os.path.abspath(__file__))
_HOME = os.path.dirname(os.path.dirname(os.path.dirname(_FOLDER)))


class _Installed(Loader):
    """Hands out a module that is there; it keeps its own specification."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


class OnDemand(MetaPathFinder):
    """Installs the foreign names when the first of them is imported."""

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> ModuleSpec | None:
        if fullname not in ROOTS or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        sys.path.insert(0, _HOME)  # a package 'core' of the script comes later
        try:
            import_module("core.compat").install()
        finally:
            sys.path.remove(_HOME)
        module = sys.modules.get(fullname)
        if module is None:
            return None
        return spec_from_loader(fullname, _Installed(module))


def start() -> None:
    """Wait for the foreign names, and load the `sitecustomize` that this one hides."""
    sys.meta_path.insert(0, OnDemand())
    path = [entry for entry in sys.path if os.path.abspath(entry) != _FOLDER]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":  # not where it is read as a part of this package
    start()

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
    """Installs the foreign names when the first of them is imported.

    From then on 'core' is our package. A worker runs the script of its parent, where
    'core' is ours from the start, so it is in the worker, too.

    :param worker: whether this process is a worker of `multiprocessing`
    """

    def __init__(self, worker: bool) -> None:
        self._owns_core = worker
        self._modules: dict[str, ModuleType] | None = None

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> ModuleSpec | None:
        """Return how to import a foreign name, or 'core' where it is ours.

        :raises ImportError: if the process has imported another 'core' before
        """
        if fullname == "core" and self._owns_core:
            return PathFinder.find_spec(fullname, [_HOME])
        if fullname.partition(".")[0] in ROOTS and fullname in sys.modules:
            return sys.modules[fullname].__spec__  # its parent came with all below
        if fullname not in ROOTS:
            return None
        if self._modules is None:
            self._install(fullname)
        module = (self._modules or {}).get(fullname)
        if module is None:
            return None
        # Python takes the specification of a module that appears meanwhile, and would
        # load it a second time; this one is put back by its loader.
        sys.modules.pop(fullname, None)
        return spec_from_loader(fullname, _Installed(module))

    def _install(self, wanted: str) -> None:
        _refuse_namesake(wanted)
        self._owns_core = True  # a package 'core' of the script comes later
        self._modules = {}  # an installed package of one of the names is found
        try:
            import_module("core.compat").install()
        except BaseException:
            self._modules = None
            raise
        self._modules = {n: sys.modules[n] for n in ROOTS if n in sys.modules}


def _refuse_namesake(wanted: str) -> None:
    """Raise if there is a module 'core' that is not ours."""
    other = sys.modules.get("core")
    folders = list(getattr(other, "__path__", []))
    ours = os.path.realpath(os.path.join(_HOME, "core"))
    if other is None or ours in map(os.path.realpath, folders):
        return
    place = getattr(other, "__file__", None) or ", ".join(folders) or "a module"
    raise ImportError(
        f"{wanted}: its emulator is a package 'core', and this program has imported"
        f" another one, {place}. Rename that one.",
        name=wanted,
    )


def _is_worker() -> bool:
    """Return whether `multiprocessing` has started this interpreter."""
    return any(part.startswith("from multiprocessing.") for part in sys.orig_argv)


def start() -> None:
    """Wait for the foreign names, and load the `sitecustomize` that this one hides."""
    sys.meta_path.insert(0, OnDemand(_is_worker()))
    path = [entry for entry in sys.path if os.path.abspath(entry) != _FOLDER]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":  # not where it is read as a part of this package
    start()

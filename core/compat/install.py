"""Gives this package, and the stand-ins beside this file, the names that scripts use.

Every module gets its foreign name at once: a hook that imports on demand would, with
``import hxtorch.spiking.run``, put the module over the function of the same name.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.abc import MetaPathFinder
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from core import connection
from core.compat import quantities

#: Package or module of ours -> the names it gets, with all that is in it.
_NAMES = {
    "core": ("hxtorch.spiking", "hxtorch.snn", "hxtorch.core"),
    "core.compat.hxtorch": ("hxtorch",),
    "core.compat.hxtorch_core": ("_hxtorch_core",),
    "core.compat.hxtorch_spiking": ("_hxtorch_spiking",),
    "core.compat.dlens": ("dlens_vx_v3",),
    "core.compat.grenade": ("pygrenade_vx",),
    "core.compat.calix": ("calix",),
    "core.compat.pylogging": ("pylogging", "hxtorch.logger"),
}

#: Modules that are called differently here: package, their name -> our name.
_RENAMED = {
    ("core.functional", "superspike"): "core.functional.threshold",
    ("core.functional", "step_integration_code_factory"): "core.functional.step_code",
}

#: Packages of the software stack that have no stand-in, and what to use.
_NOT_COVERED = {"pynn_brainscales": "Write the network with hxtorch.spiking."}


def install() -> None:
    """Let this process import the names of the real chip's software.

    After it, a run on the chip needs `hxtorch.init_hardware`, and the results of
    ``Experiment.get_hw_results`` are a pair, too. Calling it twice is fine.
    """
    hxtorch: Any = import_module("core.compat.hxtorch")
    hxtorch.spiking = hxtorch.snn = hxtorch.core = import_module("core")
    modules = {own: list(_modules(own)) for own in _NAMES}
    for (package, foreign), own in _RENAMED.items():
        module = import_module(own)
        setattr(import_module(package), foreign, module)
        modules["core"].append((f"{package}.{foreign}", module))
    for own, names in _NAMES.items():
        for name, module in modules[own]:
            for foreign in names:
                sys.modules[foreign + name.removeprefix(own)] = module
    if quantities.package() is quantities:
        sys.modules["quantities"] = quantities
    if not any(isinstance(finder, _Refusal) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refusal())
    connection.required = True
    import_module("core.experiment").HardwareResults.as_pair = True


def _modules(name: str) -> Iterator[tuple[str, ModuleType]]:
    """Import a module and all below it, except the launcher; return each by name."""
    module = import_module(name)
    yield name, module
    for _, below, _ in iter_modules(getattr(module, "__path__", []), f"{name}."):
        if below != "core.compat":
            yield from _modules(below)


class _Refusal(MetaPathFinder):
    """Says of packages without a stand-in that they have none.

    To `importlib.util.find_spec`, which asks whether there is such a package, the
    answer is None; an import raises.
    """

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        """Raise if ``fullname`` is one of them and is imported."""
        if fullname in _NOT_COVERED and _is_import():
            raise ModuleNotFoundError(
                f"{fullname}: it is not covered by this emulator. "
                f"{_NOT_COVERED[fullname]}",
                name=fullname,
            )


def _is_import() -> bool:
    """Return whether the finder that calls this was called by an import.

    A finder gets the same arguments from an import and from a question. Without the
    frame of the import the import fails all the same, with Python's own message.
    """
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_name == "_find_spec":
        frame = frame.f_back
    return frame.f_code.co_name == "_find_and_load_unlocked"

"""Exchange with NIR, calibration files, scales of model and chip, foreign models.

The modules are imported when they are first used:

>>> import core.utils
>>> core.utils.readout_source.ReadoutSource.VOLTAGE.name
'VOLTAGE'
"""

from importlib import import_module
from typing import Any

_MODULES = (
    "calib_helper",
    "dynamic_range",
    "from_nir",
    "from_nir_data",
    "model_mapper",
    "readout_source",
    "to_nir",
    "to_nir_data",
)


def __getattr__(name: str) -> Any:
    if name == "MixinHXModelMapper":
        return import_module("core.utils.model_mapper").MixinHXModelMapper
    if name in _MODULES:
        return import_module(f"core.utils.{name}")
    raise AttributeError(f"module 'core.utils' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*globals(), *_MODULES, "MixinHXModelMapper"))

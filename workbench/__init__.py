"""The lab bench: a page and its views over the engine in `core`.

In a notebook each view is one line in a cell, over one document::

    import workbench

    project = workbench.Project()
    workbench.RasterView(project)

What can be shown is listed in `workbench.notebook`. Nothing is imported before it is
asked for: processes that need one small part of this package start with it alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.notebook import (
        CharacteriseView,
        ChipView,
        CodeView,
        DemosView,
        GraphView,
        InspectorView,
        MembraneView,
        PhaseView,
        PlotsView,
        RasterView,
        RunView,
        StatisticsView,
        SweepView,
        TrainView,
        WeightsView,
        Workbench,
        load,
        picture,
    )
    from workbench.project import Project

__all__ = [
    "CharacteriseView",
    "ChipView",
    "CodeView",
    "DemosView",
    "GraphView",
    "InspectorView",
    "MembraneView",
    "PhaseView",
    "PlotsView",
    "Project",
    "RasterView",
    "RunView",
    "StatisticsView",
    "SweepView",
    "TrainView",
    "WeightsView",
    "Workbench",
    "load",
    "picture",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("workbench.notebook"), name)
    raise AttributeError(f"module 'workbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""Modules: torch modules that register themselves in an experiment."""

from core.modules.hx_module import (
    HXBaseExperimentModule,
    HXFunctionalModule,
    HXModule,
    HXTorchBaseModule,
)
from core.modules.input_neuron import InputNeuron
from core.modules.neuron import AELIF, LI, LIF
from core.modules.synapse import Synapse
from core.modules.types import BasePopulation, InputPopulation, Population, Projection

__all__ = [
    "AELIF",
    "LI",
    "LIF",
    "BasePopulation",
    "HXBaseExperimentModule",
    "HXFunctionalModule",
    "HXModule",
    "HXTorchBaseModule",
    "InputNeuron",
    "InputPopulation",
    "Population",
    "Projection",
    "Synapse",
]

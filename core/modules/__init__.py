"""Modules: torch modules that register themselves in an experiment."""

from core.modules.batch_dropout import BatchDropout
from core.modules.hx_module import (
    HXBaseExperimentModule,
    HXFunctionalModule,
    HXHardwareEntityMixin,
    HXModule,
    HXTorchBaseModule,
    HXTorchFunctionMixin,
)
from core.modules.hx_module_wrapper import HXModuleWrapper
from core.modules.input_neuron import InputNeuron
from core.modules.neuron import (
    AELIF,
    LI,
    LIF,
    EventPropLIF,
    NeuronExp,
    ReadoutNeuronExp,
)
from core.modules.sparse_synapse import SparseSynapse
from core.modules.synapse import EventPropSynapse, Synapse
from core.modules.types import (
    BasePopulation,
    InputPopulation,
    ModuleParameterType,
    Population,
    Projection,
)

__all__ = [
    "AELIF",
    "LI",
    "LIF",
    "BasePopulation",
    "BatchDropout",
    "EventPropLIF",
    "EventPropSynapse",
    "HXBaseExperimentModule",
    "HXFunctionalModule",
    "HXHardwareEntityMixin",
    "HXModule",
    "HXModuleWrapper",
    "HXTorchBaseModule",
    "HXTorchFunctionMixin",
    "InputNeuron",
    "InputPopulation",
    "ModuleParameterType",
    "NeuronExp",
    "Population",
    "Projection",
    "ReadoutNeuronExp",
    "SparseSynapse",
    "Synapse",
]

"""A from-scratch `hxtorch.spiking` work-alike: ideal model and emulated chip."""

from core.execution_instance import ExecutionInstance
from core.experiment import Experiment
from core.handle import (
    Handle,
    LIFObservables,
    LIObservables,
    SynapseHandle,
    TensorHandle,
)
from core.modules import (
    AELIF,
    LI,
    LIF,
    HXBaseExperimentModule,
    HXFunctionalModule,
    HXModule,
    HXTorchBaseModule,
    InputNeuron,
    Synapse,
)
from core.parameter import (
    HXParameter,
    HXTransformedModelParameter,
    MixedHXModelParameter,
    ModelParameter,
    TrainableHXParameter,
    TrainableHXTransformedModelParameter,
    TrainableMixedHXModelParameter,
    TrainableModelParameter,
)
from core.run import run

__all__ = [
    "AELIF",
    "LI",
    "LIF",
    "ExecutionInstance",
    "Experiment",
    "HXBaseExperimentModule",
    "HXFunctionalModule",
    "HXModule",
    "HXParameter",
    "HXTorchBaseModule",
    "HXTransformedModelParameter",
    "Handle",
    "InputNeuron",
    "LIFObservables",
    "LIObservables",
    "MixedHXModelParameter",
    "ModelParameter",
    "Synapse",
    "SynapseHandle",
    "TensorHandle",
    "TrainableHXParameter",
    "TrainableHXTransformedModelParameter",
    "TrainableMixedHXModelParameter",
    "TrainableModelParameter",
    "run",
]

"""A from-scratch `hxtorch.spiking` work-alike: ideal model and emulated chip."""

from core import (
    backend,
    datasets,
    functional,
    handle,
    modules,
    morphology,
    observables,
    parameter,
    transforms,
    utils,
)
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
    BatchDropout,
    HXBaseExperimentModule,
    HXFunctionalModule,
    HXModule,
    HXModuleWrapper,
    HXTorchBaseModule,
    InputNeuron,
    NeuronExp,
    ReadoutNeuronExp,
    SparseSynapse,
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
from core.utils.from_nir import ConversionConfig, from_nir
from core.utils.from_nir_data import from_nir_data
from core.utils.to_nir import to_nir
from core.utils.to_nir_data import to_nir_data

__all__ = [
    "AELIF",
    "LI",
    "LIF",
    "BatchDropout",
    "ConversionConfig",
    "ExecutionInstance",
    "Experiment",
    "HXBaseExperimentModule",
    "HXFunctionalModule",
    "HXModule",
    "HXModuleWrapper",
    "HXParameter",
    "HXTorchBaseModule",
    "HXTransformedModelParameter",
    "Handle",
    "InputNeuron",
    "LIFObservables",
    "LIObservables",
    "MixedHXModelParameter",
    "ModelParameter",
    "NeuronExp",
    "ReadoutNeuronExp",
    "SparseSynapse",
    "Synapse",
    "SynapseHandle",
    "TensorHandle",
    "TrainableHXParameter",
    "TrainableHXTransformedModelParameter",
    "TrainableMixedHXModelParameter",
    "TrainableModelParameter",
    "backend",
    "datasets",
    "from_nir",
    "from_nir_data",
    "functional",
    "handle",
    "modules",
    "morphology",
    "observables",
    "parameter",
    "run",
    "to_nir",
    "to_nir_data",
    "transforms",
    "utils",
]

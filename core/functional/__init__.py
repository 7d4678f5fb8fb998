"""The numerics: torch, model units, differentiable."""

from core.functional.aelif import cuba_aelif_integration
from core.functional.compiled import reference
from core.functional.dropout import batch_dropout
from core.functional.eventprop import EventPropLIFFunction, EventPropSynapseFunction
from core.functional.fused import checkpointing
from core.functional.li import exp_cuba_li_integration
from core.functional.lif import exp_cuba_lif_integration
from core.functional.linear import (
    WeightRounding,
    linear,
    linear_exponential_clamp,
    linear_mock,
    linear_sparse,
)
from core.functional.refractory import refractory_update
from core.functional.spike_source import input_neuron
from core.functional.step_code import CuBaStepCode
from core.functional.threshold import SuperSpike, superspike_func, threshold
from core.functional.unterjubel import Unterjubel

__all__ = [
    "CuBaStepCode",
    "EventPropLIFFunction",
    "EventPropSynapseFunction",
    "SuperSpike",
    "Unterjubel",
    "WeightRounding",
    "batch_dropout",
    "checkpointing",
    "cuba_aelif_integration",
    "exp_cuba_li_integration",
    "exp_cuba_lif_integration",
    "input_neuron",
    "linear",
    "linear_exponential_clamp",
    "linear_mock",
    "linear_sparse",
    "reference",
    "refractory_update",
    "superspike_func",
    "threshold",
]

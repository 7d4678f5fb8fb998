"""The numerics: torch, model units, differentiable."""

from core.functional.aelif import cuba_aelif_integration
from core.functional.linear import (
    WeightRounding,
    linear,
    linear_exponential_clamp,
    linear_sparse,
)
from core.functional.refractory import refractory_update
from core.functional.spike_source import input_neuron
from core.functional.threshold import SuperSpike, superspike_func, threshold
from core.functional.unterjubel import Unterjubel

__all__ = [
    "SuperSpike",
    "Unterjubel",
    "WeightRounding",
    "cuba_aelif_integration",
    "input_neuron",
    "linear",
    "linear_exponential_clamp",
    "linear_sparse",
    "refractory_update",
    "superspike_func",
    "threshold",
]

"""Our layers as programs call them: the public functions of `core.functional`.

Parameters are numbers, weights are trained.
"""

from typing import Any

from torch import Tensor

from benchmarks.workloads import (
    ADAPTATION,
    ALPHA,
    DT,
    EXP_THRESHOLD,
    INCREMENT,
    REFRACTORY_TIME,
    SLOPE,
    TAU,
    TAU_ADAPTATION,
)
from core.functional import cuba_aelif_integration, linear

NEURON: dict[str, Any] = {
    "leak": 0.0,
    "reset": 0.0,
    "threshold": 1.0,
    "tau_syn": TAU,
    "c_mem": TAU,
    "g_l": 1.0,
    "refractory_time": REFRACTORY_TIME,
    "method": "superspike",
    "alpha": ALPHA,
    "exp_slope": SLOPE,
    "exp_threshold": EXP_THRESHOLD,
    "subthreshold_adaptation_strength": ADAPTATION,
    "spike_triggered_adaptation_increment": INCREMENT,
    "tau_adap": TAU_ADAPTATION,
    "dt": DT,
}
ADEX: dict[str, Any] = {
    "exponential": True,
    "subthreshold_adaptation": True,
    "spike_triggered_adaptation": True,
    "refractory": True,
}

project = linear


def lif(x: Tensor) -> Tensor:
    """Return the spikes of a LIF layer."""
    return cuba_aelif_integration(x, **NEURON)[-1]


def li(x: Tensor) -> Tensor:
    """Return the membrane of a layer that does not spike."""
    return cuba_aelif_integration(x, **NEURON, fire=False)[0]


def adex(x: Tensor) -> Tensor:
    """Return the spikes of adaptive exponential neurons."""
    return cuba_aelif_integration(x, **NEURON, **ADEX)[-1]


def recurrent(x: Tensor, weight: Tensor) -> Tensor:
    """Return the spikes of a recurrent LIF layer."""
    return cuba_aelif_integration(x, **NEURON, recurrent_weight=weight)[-1]

"""What the fused time loops of neurons have in common: terms, rows and functions.

The equations are those of `core.functional.aelif`, per lane and step::

    u  = v + k (i + g (E − v) + s exp((v − V) q) − w)     or as measured
    i' = i d + x
    z  = 1 if u > threshold else 0                          or as measured
    w' = w d_w + r (u − E) + b z                            or as measured
    v' = reset where z = 1, else u                          unless u was measured

and while a lane is refractory ``z = 0`` and ``v' = reset``. If ``prompt``, the current
is first: u is that of ``i'``. `core.kernels.forward` and
`core.kernels.backward` write a kernel for the terms that are on; what is off costs
nothing.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numba import float32, int32

from core.kernels.compile import inlined
from core.kernels.lanes import BLOCK

Kernel = Callable[..., None]


class Terms(NamedTuple):
    """Which terms a kernel has, and what was measured."""

    leaky: bool = True
    fire: bool = True
    refractory: bool = False
    exponential: bool = False
    subthreshold_adaptation: bool = False
    spike_triggered_adaptation: bool = False
    membrane_measured: bool = False
    adaptation_measured: bool = False
    spikes_measured: bool = False
    recurrent: bool = False
    prompt: bool = False


#: Rows of the parameters, in the letters of the equations. ``START`` is the first
#: membrane, ``HOLD`` the refractory time in steps, which has no gradient.
(K, G, LEAK, START, DECAY, THRESHOLD, RESET) = range(7)
(STRENGTH, STEEPNESS, ONSET, DECAY_W, RATE, INCREMENT, HOLD) = range(7, 14)
PARAMETERS: Final = 14
#: Rows of the state, after the parameters.
V, I, W, COUNTER = range(PARAMETERS, PARAMETERS + 4)
ROWS: Final = PARAMETERS + 4


@inlined
def entries(neurons: Any) -> Any:
    """Return how many batch entries of a recurrent layer make a block."""
    return max(4, BLOCK // max(neurons, 1))


@inlined
def exp2(y: Any) -> Any:
    """Return 2 to the power of a float32, without a branch: loops over it vectorise."""
    y = min(max(y, float32(-126.0)), float32(128.0))  # 2^128 is infinite
    magic = float32(12582912.0)  # 1.5 · 2²³ rounds to whole numbers
    n = (y + magic) - magic
    r = y - n
    p = float32(1.3264717e-3)
    p = p * r + float32(9.6715130e-3)
    p = p * r + float32(5.5507340e-2)
    p = p * r + float32(2.4022242e-1)
    p = p * r + float32(6.9314700e-1)
    p = p * r + float32(1.0)
    bits = np.int32((int32(n) + int32(127)) << int32(23))
    return p * np.int32(bits).view(np.float32)

"""Fused time loop of LI and LIF neurons, forward only, equal to the reference loop.

The equations are those of `core.functional.aelif`; every operation is rounded to single
precision in the same order, so results agree to the last bit. State stays in registers
and caches instead of going through a dozen arrays per step.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.compile import exact

F32 = NDArray[np.float32]


@exact
def integrate(
    x: F32,
    mobility: F32,
    conductance: F32,
    leak: F32,
    start: F32,
    decay: F32,
    threshold: F32,
    reset: F32,
    hold: F32,
    leaky: bool,
    fire: bool,
    refractory: bool,
    membrane: F32,
    current: F32,
    spikes: F32,
) -> None:
    """Integrate all lanes over time.

    :param x: graded spikes, shape (time, lanes), model units; a lane is one neuron of
        one batch entry
    :param mobility: ``dt / C``, shape (lanes,), like all parameters
    :param hold: refractory time in steps
    :param membrane: result, shape (time, lanes), like ``current`` and ``spikes``
    """
    steps, lanes = x.shape
    v, i = start.copy(), np.zeros(lanes, np.float32)
    counter = np.zeros(lanes, np.float32)
    one, zero = np.float32(1), np.float32(0)
    for t in range(steps):
        for k in range(lanes):
            drive = i[k]
            if leaky:
                drive = drive + conductance[k] * (leak[k] - v[k])
            u = v[k] + mobility[k] * drive
            i[k] = i[k] * decay[k] + x[t, k]
            z = zero
            if fire:
                if u > threshold[k]:
                    z, u = one, reset[k]
                if refractory:
                    if counter[k] > zero:
                        z, u = zero, reset[k]
                        counter[k] = max(counter[k] - one, zero)
                    if z > zero:
                        counter[k] = hold[k]
            v[k] = u
            membrane[t, k] = u
            current[t, k] = i[k]
            spikes[t, k] = z

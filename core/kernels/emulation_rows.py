"""The numbers that all parts of the emulation share: sub-steps, and rows of an array.

All lanes are held in one array, row by lane: parameters, state, and what one sub-step
needs. A lane is one neuron circuit.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Counts = NDArray[np.int64]
Bits = NDArray[np.uint32]

#: FPGA cycles of one sub-step. It divides 1 µs and is shorter than any spike's way.
STEP_CYCLES = 25
CYCLE_US = 0.008
STEP_US = STEP_CYCLES * CYCLE_US
STEPS_PER_NOISE = 5
#: From a spike to its effect on another neuron: two sub-steps, 0.4 µs. Spikes found in
#: one sub-step therefore act in the next but one, and nothing has to be repeated.
LOOP_STEPS = 2

# Rows of the parameters of a lane, as in ``lanes``.
RATE, RATE_EXC, RATE_INH, THRESHOLD, RESET, LOW, HIGH, SIGMA, LEAK = range(9)
LANE_ROWS = 9
# Rows of the state of a lane: now, after the sub-step, factors, sums over its events.
(V, E, I, RELEASE, V1, E1, I1, NOISE) = range(9, 17)
(KEEP_V, KEEP_E, KEEP_I, E_TO_V, I_TO_V, N_TO_V, ADD_V, ADD_E, ADD_I) = range(17, 26)
ROWS = 26
PAD = 80  # lanes between two rows, so that rows do not share cache sets

# A threshold that is never reached, and a release that is long past.
NEVER = 1e9
PAST = -1e3

"""The numbers that all parts of the emulation share: sub-steps, and rows of an array.

All lanes are held in one array, row by lane: parameters, state, and what one sub-step
needs. A lane is one neuron circuit. The loops that shall vectorise take the array flat,
with rows at multiples of `STRIDE`: only then does the compiler see that no row reaches
into another.
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
# Rate at which the reset pulls, 0 at once; 1 / limit² of both inputs, 0 without limit.
RESET_RATE, CURVE_EXC, CURVE_INH = range(9, 12)
# What both inputs lose per LSB that the membrane moves their way; where they lose
# nothing.
TILT_EXC, TILT_INH, LEVEL = range(12, 15)
# From the release of the reset to the end of the refractory time, µs.
HOLDOFF = 15
LANE_ROWS = 16
# Rows of the state of a lane: now, after the sub-step, factors, sums over its events.
V, E, I, RELEASE, V1, E1, I1, NOISE = range(16, 24)
KEEP_V, KEEP_E, KEEP_I, E_TO_V, I_TO_V, N_TO_V, ADD_V, ADD_E, ADD_I = range(24, 33)
# What the events of a sub-step lose per LSB, as the tilt of their inputs has it.
ADD_BEND = 33
# Share of each input that its limit lets through: now, and after the sub-step.
PASS_E, PASS_I, PASS_E1, PASS_I1 = range(34, 38)
# The same factors under the conductance of the reset.
HOLD_V, HOLD_E, HOLD_I, HOLD_N = range(38, 42)
# What joined circuits bring to a membrane: to its end, to its slope before and after,
# and what that end and these slopes lose per LSB.
JOIN_V, JOIN_0, JOIN_1, JOIN_BEND, JOIN_BEND_0, JOIN_BEND_1 = range(42, 48)
# Adaptation current: now, after the sub-step.
W, W1 = range(48, 50)
# Rows of lanes with an exponential onset or adaptation, as in ``adex``: 1 if there is
# one; slope and onset; coupling, rate and jump of the adaptation; a constant current;
# the exact linear step of potential and adaptation.
ADEX, SLOPE, ONSET, COUPLING, RATE_W, JUMP, BIAS = range(50, 57)
V_TO_V, W_TO_V, V_TO_W, W_TO_W = range(57, 61)
ADEX_ROWS = 11
# Where the reset alone brings a membrane that it holds.
HOLD_C = 61
# One sample of the CADC: its noise, what it reads of the membrane.
DITHER, SEEN = 62, 63
ROWS = 64

LANES = 512
PAD = 80  # lanes between two rows, so that rows do not share cache sets
#: Loops over all lanes take so many at once; lanes that are not there stay quiet.
WIDTH = 32
STRIDE = LANES + PAD

# A threshold that is never reached, and a release before any holdoff.
NEVER = 1e9
PAST = -1e4

# Flags of a lane: quiet, to be replayed, held by its reset all the time.
REPLAY, HELD = 1, 2

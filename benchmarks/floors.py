"""The least a dense implementation in single precision can take on this machine.

Two parts, measured in the rounds of the implementations:

* streaming: what a LIF layer reads and writes at the bandwidth of a large copy. Forward
  16 B for each element (input, and spikes, membrane and current out), AdEx 20 B, and
  20 B backward; the readout moves 28 B.
* dense: the matrix products of forward and backward pass, each into new memory.

Event-driven projections and low precision can be faster than the dense part.
"""

import numpy as np
import torch

from benchmarks.measure import Samples, Step
from benchmarks.workloads import Shape, Workload

MEMCPY, DENSE = "memcpy", "dense matmul"

#: Size of the copy, larger than any cache, bytes; it is read and written.
COPIED = 1 << 26


def steps(work: Workload) -> dict[str, Step]:
    """Return what is timed for the floors of ``work``."""
    source = np.ones(COPIED, np.uint8)
    target = np.ones_like(source)
    result: dict[str, Step] = {MEMCPY: lambda: np.copyto(target, source)}
    if work.shape.trained:
        result[DENSE] = dense(work)
    return result


def total(shape: Shape, taken: dict[str, Samples]) -> Samples:
    """Return the sum of the floors of one workload, round by round."""
    streaming = taken[MEMCPY].times(streamed_bytes(shape) / (2 * COPIED))
    return streaming.plus(taken[DENSE]) if DENSE in taken else streaming


def streamed_bytes(shape: Shape) -> int:
    """Return how many bytes the neurons of a workload read and write.

    >>> streamed_bytes(Shape("layer", 10, 1, 0, 2))
    320
    """
    each = (20 if shape.kind == "adex" else 16) + (20 if shape.trained else 0)
    return each * shape.elements + 28 * shape.time * shape.batch * shape.readout


def dense(work: Workload) -> Step:
    """Return a step that makes the matrix products of a trained workload."""
    shape = work.shape
    rows = shape.time * shape.batch
    x = work.input.reshape(rows, -1)
    w_in, *others = [w.detach() for w in work.weights()]
    hidden = torch.randn(rows, shape.neurons)  # spikes, or their gradient
    outer = torch.randn(rows, shape.readout)
    state = torch.randn(shape.batch, shape.neurons)
    product = torch.empty_like(state)

    def step() -> None:
        x @ w_in.t()
        hidden.t() @ x
        if shape.kind == "recurrent":
            for _ in range(2 * shape.time):  # forward and backward
                torch.mm(state, others[0], out=product)
            hidden.t() @ hidden
        if shape.readout:
            hidden @ others[-1].t()
            outer.t() @ hidden
            outer @ others[-1]

    return step

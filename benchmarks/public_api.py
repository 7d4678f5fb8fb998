"""What calling modules and running an experiment costs beside the numerics.

The network of W1: a synapse and a LIF layer, a synapse and an LI layer. Three times are
taken in the same rounds: through modules and `core.run`; the same with the functions of
`core.functional`; and both for a network of one neuron and two steps, where the kernels
have nothing to do. The overhead of a layer, a synapse with its neurons, is at most

    (modules − functions at full size + functions at the smallest size) / layers
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

import core
from benchmarks import ours
from benchmarks.measure import Samples, Step, interleave
from benchmarks.tables import interval, number, table
from benchmarks.workloads import DT, SHAPES, TAU, Shape, Workload

LAYERS = 2
SMALLEST = Shape("net", 2, 1, 1, 1, 1)


class Network:
    """A workload of the kind "net", through modules of an experiment."""

    def __init__(self, work: Workload) -> None:
        shape = work.shape
        self.work = work
        self.experiment = core.Experiment(mock=True, dt=DT)
        times = {"tau_mem": TAU, "tau_syn": TAU, "membrane_capacitance": TAU}
        values: dict[str, Any] = {"leak": 0.0, **times}
        spiking: dict[str, Any] = {
            "reset": 0.0,
            "threshold": 1.0,
            "refractory_time": 0.0,
        }
        self.hidden = core.LIF(shape.neurons, self.experiment, **spiking, **values)
        self.readout = core.LI(shape.readout, self.experiment, **values)
        self.synapses = [
            core.Synapse(shape.sources, shape.neurons, self.experiment),
            core.Synapse(shape.neurons, shape.readout, self.experiment),
        ]
        for synapse, weight in zip(self.synapses, work.weights(), strict=True):
            synapse.weight.data.copy_(weight.detach())

    def forward(self) -> Tensor:
        """Return the membrane of the readout, shape (time, batch, readout)."""
        first, second = self.synapses
        spikes = core.LIFObservables(spikes=self.work.input)
        result = self.readout(second(self.hidden(first(spikes))))
        core.run(self.experiment, None)
        return result.membrane_cadc


def functions(work: Workload) -> Callable[[], Tensor]:
    """Return the same as `Network.forward`, by functions."""
    first, second = work.weights()

    def forward() -> Tensor:
        spikes = ours.lif(ours.project(work.input, first))
        return ours.li(ours.project(spikes, second))

    return forward


def overhead(rounds: int) -> str:
    """Return a table of what a layer costs beside its kernels."""
    rows = []
    for trained in (False, True):
        steps: dict[str, Step] = {}
        for size, shape in (("full", SHAPES["W1"]), ("smallest", SMALLEST)):
            work = Workload(shape)
            modules = Network(work).forward
            for way, forward in (("modules", modules), ("functions", functions(work))):
                steps[f"{way} {size}"] = _step(work, forward, trained)
        rows.append(_overhead_row(trained, interleave(steps, rounds)))
    head = ["W1, ms", "modules", "functions", "modules, one neuron"]
    head += ["functions, one neuron", "overhead per layer, at most"]
    return table(head, rows)


def _step(work: Workload, forward: Callable[[], Tensor], trained: bool) -> Step:
    def inference() -> None:
        with torch.no_grad():
            forward()

    return (lambda: work.loss(forward()).backward()) if trained else inference


def _overhead_row(trained: bool, taken: dict[str, Samples]) -> list[str]:
    fixed = taken["functions smallest"]
    above = taken["modules full"].plus(taken["functions full"].times(-1.0))
    columns = [f"{way} {size}" for size in ("full", "smallest") for way in WAYS]
    return [
        "forward and backward" if trained else "forward",
        *(interval(taken[column].estimate, 1e3) for column in columns),
        interval(above.plus(fixed).times(1 / LAYERS).estimate, 1e3),
    ]


WAYS = ("modules", "functions")


def training_profile(steps: int = 20, shown: int = 3) -> str:
    """Return the largest costs of a training step of W1 through modules, with Adam.

    :param steps: training steps that are averaged
    :param shown: number of costs
    """
    network = Network(Workload(SHAPES["W1"]))
    weights = [synapse.weight for synapse in network.synapses]
    optimizer = torch.optim.Adam(weights, lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        network.work.loss(network.forward()).backward()
        optimizer.step()

    for _ in range(3):
        step()
    whole = interleave({"step": step}, 15)["step"].estimate.median
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(steps):
            step()
    costs = sorted(profiler.key_averages(), key=lambda cost: -cost.self_cpu_time_total)
    own = sum(cost.self_cpu_time_total for cost in costs)  # µs
    rows = [
        [
            f"`{cost.key}`",
            number(cost.self_cpu_time_total / steps / 1e3),
            f"{cost.self_cpu_time_total / own:.0%}",
            f"{cost.count / steps:g}",
        ]
        for cost in costs[:shown]
    ]
    head = ["operation", "ms per step", "share of all operations", "calls per step"]
    return (
        f"A step takes {number(1e3 * whole)} ms of CPU time without the profiler. With "
        f"it, operations take {number(own / steps / 1e3)} ms, of which:\n\n"
        + table(head, rows)
    )

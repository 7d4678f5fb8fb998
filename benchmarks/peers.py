"""Who is measured: our functions, the prototype, the torch loop and other libraries.

Each torch library is a set of `Layers`, called in its documented form for sequences;
the projections are dense products of torch unless it has its own. A library without a
part that a workload needs is left out there.

Differences that do not change the work per element: snntorch and spikingjelly scale the
current in another way, so their spike rates differ; norse, snntorch and spikingjelly
return spikes only, the others record membrane and current as well.
"""

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import ours, torch_loop
from benchmarks.measure import Step
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
    Workload,
)

OURS, PROTOTYPE, LOOP = "ours", "prototype", "torch loop"


@dataclass(frozen=True)
class Layers:
    """How one torch library computes a layer; what it has not is None.

    :ivar lif: from graded spikes to spikes, both (time, batch, neurons)
    :ivar li: from graded spikes to the membrane
    :ivar recurrent: ``lif`` with recurrent weights, shape (neurons, neurons)
    :ivar adex: adaptive exponential neurons
    :ivar project: from spikes and weights to graded spikes
    """

    lif: Callable[[Tensor], Tensor]
    li: Callable[[Tensor], Tensor]
    recurrent: Callable[[Tensor, Tensor], Tensor] | None = None
    adex: Callable[[Tensor], Tensor] | None = None
    project: Callable[[Tensor, Tensor], Tensor] = F.linear


@dataclass(frozen=True)
class Candidate:
    """One implementation of one workload.

    :ivar step: the forward pass, and the backward pass of a trained workload
    :ivar spikes: returns the spikes, to see that the work is comparable
    :ivar torch: whether torch knows what is kept for the backward pass
    """

    step: Step
    spikes: Callable[[], Any]
    torch: bool = True

    def spike_rate(self) -> float:
        """Return spikes for each neuron and step."""
        spikes = self.spikes()
        spikes = spikes.detach() if isinstance(spikes, Tensor) else spikes
        return float(spikes.mean())


def candidates(
    work: Workload, names: list[str], prototype: ModuleType | None = None
) -> dict[str, Candidate]:
    """Return the implementations of ``work`` among ``names``.

    :param prototype: the kernels of "prototype"
    """
    builders: dict[str, Callable[[Workload], Candidate | None]] = {
        OURS: partial(torch_candidate, our_layers),
        LOOP: partial(torch_candidate, loop_layers),
        "norse": partial(torch_candidate, norse_layers),
        "snntorch": partial(torch_candidate, snntorch_layers),
        "spikingjelly": partial(torch_candidate, spikingjelly_layers),
        "jax": jax_candidate,
    }
    if prototype is not None:
        builders[PROTOTYPE] = partial(
            torch_candidate, lambda work: prototype_layers(prototype)
        )
    built = {name: builders[name](work) for name in names}
    return {name: found for name, found in built.items() if found is not None}


#: Libraries that may be compared, and the module that has to be there.
LIBRARIES = {
    "norse": "norse.torch",
    "snntorch": "snntorch",
    "spikingjelly": "spikingjelly.activation_based.neuron",
    "jax": "jax",
}


def installed() -> list[str]:
    """Return the libraries that can be imported."""
    found = []
    for name, module in LIBRARIES.items():
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
            found.append(name)
    return found


def torch_candidate(
    layers_of: Callable[[Workload], Layers], work: Workload
) -> Candidate | None:
    """Return ``work`` made of the layers of one library, or None if it lacks one."""
    layers, kind = layers_of(work), work.shape.kind
    hidden: Callable[..., Tensor] | None = layers.lif
    if kind == "adex":
        hidden = layers.adex
    elif kind == "recurrent":
        hidden = layers.recurrent
    if hidden is None:
        return None
    weights = work.weights()

    def forward_only() -> Tensor:
        with torch.no_grad():
            return hidden(work.input)

    def train() -> Tensor:
        for weight in weights:
            weight.grad = None
        spikes = hidden(layers.project(work.input, weights[0]), *weights[1:-1])
        result = spikes
        if work.shape.readout:
            result = layers.li(layers.project(spikes, weights[-1]))
        work.loss(result).backward()
        return spikes

    step = train if work.shape.trained else forward_only
    return Candidate(step, step)


def our_layers(work: Workload) -> Layers:
    """Return the public functions of `core.functional`, as they stand now."""
    return Layers(ours.lif, ours.li, ours.recurrent, ours.adex, ours.project)


def loop_layers(work: Workload) -> Layers:
    """Return the plain torch loop."""
    return Layers(
        lambda x: torch_loop.lif(x)[0],
        lambda x: torch_loop.li(x)[0],
        lambda x, weight: torch_loop.lif(x, weight)[0],
        lambda x: torch_loop.adex(x)[0],
    )


def load(path: Path) -> ModuleType:
    """Import a file that is no part of a package, and what lies beside it.

    :raises FileNotFoundError: if there is no such file
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no prototype {path}.")
    sys.path.append(str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # numba looks its functions up by this name
    spec.loader.exec_module(module)
    return module


def prototype_layers(kernels: ModuleType) -> Layers:
    """Return the functions ``lif``, ``rlif`` and ``adex`` of a prototype."""
    values = {"k": DT / TAU, "g": 1.0, "leak": 0.0, "thr": 1.0, "reset": 0.0}
    lif = {n: torch.tensor(v) for n, v in (values | {"dec": 1 - DT / TAU}).items()}
    terms = {
        "slope": SLOPE,
        "vexp": EXP_THRESHOLD,
        "ka": DT / TAU_ADAPTATION * ADAPTATION,
        "decw": 1 - DT / TAU_ADAPTATION,
        "b": INCREMENT,
        "refrac": REFRACTORY_TIME / DT,
    }
    adex = lif | {name: torch.tensor(value) for name, value in terms.items()}
    return Layers(
        lambda x: kernels.lif(x, **lif, alpha=ALPHA)[0],
        lambda x: kernels.lif(x, **lif, fire=False)[1],
        lambda x, weight: kernels.rlif(x, weight, **lif, alpha=ALPHA)[0],
        lambda x: kernels.adex(x, **adex)[0],
    )


def norse_layers(work: Workload) -> Layers:
    """Return modules of norse; they index the input step by step."""
    import norse.torch as nt

    rate = torch.tensor(1 / TAU)
    lif = nt.LIFParameters(
        tau_syn_inv=rate, tau_mem_inv=rate, alpha=torch.tensor(ALPHA)
    )
    hidden = nt.LIF(p=lif, dt=DT)
    readout = nt.LI(nt.LIParameters(tau_syn_inv=rate, tau_mem_inv=rate), dt=DT)
    fed_back = nt.LIFRecurrent(work.shape.neurons, work.shape.neurons, p=lif, dt=DT)
    identity = torch.eye(work.shape.neurons)
    fed_back.input_weights = torch.nn.Parameter(identity, requires_grad=False)

    def recurrent(x: Tensor, weight: Tensor) -> Tensor:
        fed_back.recurrent_weights.data = weight.data  # the module trains its own
        return fed_back(x)[0]

    return Layers(lambda x: hidden(x)[0], lambda x: readout(x)[0], recurrent)


def snntorch_layers(work: Workload) -> Layers:
    """Return cells of snntorch, in a loop over the unbound input."""
    import snntorch as snn

    gradient = snn.surrogate.fast_sigmoid(slope=ALPHA)
    decays = {"alpha": 1 - DT / TAU, "beta": 1 - DT / TAU, "spike_grad": gradient}
    cell = snn.Synaptic(reset_mechanism="zero", **decays)
    leaky = snn.Synaptic(reset_mechanism="none", **decays)

    def lif(x: Tensor, weight: Tensor | None = None) -> Tensor:
        current, membrane = cell.reset_mem()
        spikes: list[Tensor] = []
        for x_t in x.unbind(0):
            given = x_t
            if weight is not None and spikes:
                given = x_t + F.linear(spikes[-1], weight)
            z, current, membrane = cell(given, current, membrane)
            spikes.append(z)
        return torch.stack(spikes)

    def li(x: Tensor) -> Tensor:
        current, membrane = leaky.reset_mem()
        trace = []
        for x_t in x.unbind(0):
            _, current, membrane = leaky(x_t, current, membrane)
            trace.append(membrane)
        return torch.stack(trace)

    return Layers(lif, li, lif)


def spikingjelly_layers(work: Workload) -> Layers:
    """Return the multi-step node of spikingjelly on torch, and the loop as readout."""
    from spikingjelly.activation_based import functional, neuron, surrogate

    node = neuron.CUBALIFNode(
        c_decay=1 - DT / TAU,
        v_decay=1 - DT / TAU,
        v_threshold=1.0,
        v_reset=0.0,
        surrogate_function=surrogate.ATan(),
    )
    node.step_mode = "m"

    def lif(x: Tensor) -> Tensor:
        functional.reset_net(node)
        return node(x)

    return Layers(lif, lambda x: torch_loop.li(x)[0])


def jax_candidate(work: Workload) -> Candidate:
    """Return ``jax.lax.scan``, compiled, with all projections."""
    from benchmarks import jax_scan

    step, spikes = jax_scan.build(work)
    return Candidate(step, spikes, torch=False)

"""From a NIR graph to a model of modules.

=======  ====================================================================
node     module
=======  ====================================================================
Input    `InputNeuron`
Linear   `Synapse`, on the chip its weights times ``weight_scale``
CubaLIF  `LIF` with ``C = tau_mem / r``; on the chip leak and reset 80, threshold
         150 LSB and the whole capacitor
CubaLI   `LI` with ``C = tau_mem``, its r is not used; leak 80 LSB
Output   none: it says whose handle leaves the model
=======  ====================================================================

A time is the number in the graph times ``time_factor``, s. An input weight w_in
multiplies the weights, as `core.spec.nir_io` explains. NIR has no refractory time: the
model has none either, unless the metadata of the node name one, as those of `to_nir`
do; a circuit of the chip always has one.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor, nn

from core.errors import (
    ConversionError,
    NetworkError,
    ParameterError,
    Problem,
    did_you_mean,
)
from core.execution_instance import ExecutionInstance
from core.experiment import Experiment
from core.handle import LIFObservables, SynapseHandle
from core.loops import Link as LoopLink
from core.loops import Loop
from core.modules import LI, LIF, InputNeuron, Synapse
from core.modules.defaults import NEURON
from core.parameter import HXTransformedModelParameter, MixedHXModelParameter
from core.run import run
from core.spec.network import LIFSpec
from core.spec.nir.graph import GraphReader
from core.spec.nir.neurons import Neurons, equal, read_neurons, spread
from core.spec.nir.times import TIME_FACTOR, check_time_factor
from core.transforms.weight_transforms import linear_saturating
from core.units import CADC_SIGNED_OFFSET
from core.utils.nir_reading import (
    KNOWN,
    UnsupportedNodeError,
    read_graph,
    sources,
    sources_first,
    unsupported,
)
from core.utils.to_nir import SNN

log = logging.getLogger(__name__)

#: Targets on the chip, LSB.
_LEAK = _RESET = 80
_THRESHOLD = 150
_CAPACITANCE = 63


@dataclass
class ConversionConfig:
    """How a graph becomes a model.

    :param dt: step width, s
    :param calib_path: calibration file; None calibrates before the run
    :param weight_scale: weight LSB on the chip of a weight of 1
    :param trace_scale: model units per LSB of a recorded trace
    :param trace_shift: steps by which traces are moved to earlier times, a whole number
    :param cadc_recording: use the membranes of the chip
    :param mock: True runs the ideal model, False the emulated chip
    :param input_loopback: record the input spikes
    :param device: of the weights
    :param time_factor: time in the graph × this = seconds; the default suits
        milliseconds on the chip and seconds of a biological model, which runs 1000
        times faster here
    :param per_neuron: neurons of one node may differ in their parameters
    :param recurrence: populations may depend on each other in a circle
    :param loops: ``late``: spikes within a circle arrive one step later than others,
        ``prompt``: they do not, as in programs that count in steps

    >>> ConversionConfig(mock=False).weight_scale
    64.0
    """

    dt: float = 1e-6
    calib_path: str | Path | None = None
    weight_scale: float = 64.0
    trace_scale: float = 1.0 / 50.0
    trace_shift: float = 0.0
    cadc_recording: bool = True
    mock: bool = True
    input_loopback: bool = True
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    time_factor: float = TIME_FACTOR
    per_neuron: bool = False
    recurrence: bool = False
    loops: str = "late"


class _Nodes(nn.ModuleDict):
    """Modules by the name of their node, whatever letters it has."""

    def __setitem__(self, key: str, module: nn.Module) -> None:
        self._modules[key] = module  # torch refuses names with dots


class NIRModel(SNN):
    """The network of a graph, ready to run and to train.

    ``model({"input": spikes})`` runs it and returns the spikes of all nodes that have
    some, by name; shapes (time, batch, neurons).

    :ivar hxnodes: modules by the name of their node
    :ivar handles: all that the last run gave, by the name of the node
    """

    def __init__(self, graph: nir.NIRGraph, cfg: ConversionConfig) -> None:
        super().__init__(cfg.dt, cfg.mock, cfg.device)
        self.time_factor = cfg.time_factor
        self.exp.default_execution_instance = ExecutionInstance(
            calib_path=cfg.calib_path, input_loopback=cfg.input_loopback
        )
        found = read_graph(graph)
        self._parts = sources_first(found, cfg.recurrence)
        self._order = [name for part in self._parts for name in part]
        self._sources = sources(found)
        self._inputs = [n for n in _get_keys(graph, nir.Input) if n in self._order]
        self._tapped = tuple(found.outputs)
        self.hxnodes = _Nodes()
        for name in self._order:
            self.hxnodes[name] = self._module(name, found, cfg)
        self._into = {
            name: [link for link in found.links if link.target == name]
            for name in found.neurons
        }
        # A list, because the modules of a loop are registered here already.
        prompt = cfg.loops == "prompt"
        self._loops = [self._loop(part, prompt) for part in self._parts]
        self.handles: dict[str, Any] = {}

    def _loop(self, part: list[str], prompt: bool) -> Loop | None:
        """Return what runs the nodes of a circle, None for a single node."""
        if len(part) == 1:
            return None
        modules: Any = self.hxnodes
        neurons = [name for name in part if name in self._into]
        links = [
            LoopLink(
                modules[link.name],
                neurons.index(link.source),
                neurons.index(name),
                0,
            )
            for name in neurons
            for link in self._into[name]
            if link.source in neurons
        ]
        outside = [sum(li.source not in part for li in self._into[n]) for n in neurons]
        entering = [max(1, count) for count in outside]
        members = [modules[n] for n in neurons]
        return Loop(self.exp, members, links, entering, prompt)

    def _module(self, name: str, found: GraphReader, cfg: ConversionConfig) -> Any:
        if name in found.neurons:
            size = found.size(name)
            return _neuron(self.exp, name, found.neurons[name], size, cfg)
        if name in found.shapes:
            return InputNeuron(found.size(name), self.exp)
        link = next(link for link in found.links if link.name == name)
        return _synapse(self.exp, link.weights, cfg)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """Modules whose handles leave the model."""
        return tuple(self.hxnodes[name] for name in self._tapped)

    def forward(self, spikes: dict[str, Tensor]) -> dict[str, Tensor]:
        """Run the network.

        :param spikes: spikes of the input by its name, shape (time, batch, channels)
        :returns: spikes by the name of the node, the input's included
        :raises NetworkError: if there is no such input, or one has no spikes
        """
        _check_inputs(self._inputs, spikes)
        handles: dict[str, Any] = {}
        for part, loop in zip(self._parts, self._loops, strict=True):
            if loop is not None:
                self._run_loop(part, loop, handles, next(iter(spikes.values())))
                continue
            (name,) = part
            before = [handles[source] for source in self._sources.get(name, ())]
            arguments = before or [LIFObservables(spikes=spikes[name])]
            handles[name] = self.hxnodes[name](*arguments)
        run(self.exp, len(spikes[self._inputs[0]]))
        self.handles = handles
        return {n: h.spikes for n, h in handles.items() if h.holds("spikes")}

    def _run_loop(
        self, part: list[str], loop: Loop, handles: dict[str, Any], like: Tensor
    ) -> None:
        """Connect the modules of a circle; fill in their handles."""
        neurons = [name for name in part if name in self._into]
        for name in neurons:
            drive = [handles[s] for s in self._sources[name] if s not in part]
            size: Any = self.hxnodes[name].size
            silence = like.new_zeros((*like.shape[:2], size))
            drive = drive or [SynapseHandle(graded_spikes=silence)]
            handles[name] = self.hxnodes[name](*drive)
        for name in neurons:
            for link in self._into[name]:
                if link.source in part:
                    back = self.hxnodes[link.name](handles[link.source])
                    handles[link.name] = back
                    self.hxnodes[name](back)
        loop()


def from_nir(graph: nir.NIRGraph, cfg: ConversionConfig | None = None) -> NIRModel:
    """Return a model that runs the network in ``graph``.

    :param cfg: None takes the defaults
    :raises UnsupportedNodeError: if a node has no module, or there is a loop; lists all
    :raises ConversionError: if the graph cannot be read; lists all reasons

    >>> import numpy as np
    >>> one = np.ones(2)
    >>> graph = nir.NIRGraph.from_list(
    ...     nir.Input({"input": np.array([3])}),
    ...     nir.Linear(np.ones((2, 3))),
    ...     nir.CubaLIF(0.01 * one, 0.01 * one, one, 0 * one, one),
    ... )
    >>> model = from_nir(graph)
    >>> spikes = model({"input": torch.ones(20, 1, 3)})
    >>> spikes["cubalif"].shape
    torch.Size([20, 1, 2])
    """
    if not isinstance(graph, nir.NIRGraph):
        what = f"it is a {type(graph).__name__}."
        raise ConversionError("NIR graph", what, "Give a nir.NIRGraph.")
    cfg = ConversionConfig() if cfg is None else cfg
    _check(cfg)
    return NIRModel(graph, cfg)


def _get_keys(graph: nir.NIRGraph, node_class: type[nir.NIRNode]) -> list[str]:
    """Return the names of all nodes of one class."""
    return [n for n, node in graph.nodes.items() if isinstance(node, node_class)]


def _map_nir_to_hxtorch(
    exp: Experiment, node: nir.NIRNode, cfg: ConversionConfig
) -> Any:
    """Return the module for one node; None for an output.

    :raises UnsupportedNodeError: if there is none
    :raises ConversionError: if its numbers differ between neurons or are out of range
    """
    kind = type(node).__name__
    if not isinstance(node, KNOWN):
        raise UnsupportedNodeError.of([unsupported(kind, node)])
    if isinstance(node, nir.Output):
        return None
    if isinstance(node, nir.Input):
        return InputNeuron(int(node.input_type["input"].prod()), exp)
    if isinstance(node, nir.Linear):
        return _synapse(exp, node.weight, cfg)
    problems: list[Problem] = []
    neurons = read_neurons(kind, node, problems)
    if neurons is None:
        raise ConversionError.of(problems)
    return _neuron(exp, kind, neurons, math.prod(neurons.shape), cfg)


def _synapse(exp: Experiment, weight: Any, cfg: ConversionConfig) -> Synapse:
    if weight.ndim != 2:
        raise ConversionError(
            "Linear",
            f"the weights have shape {weight.shape}.",
            "Give them the shape (target, source).",
        )
    targets, sources = weight.shape
    transform = partial(linear_saturating, scale=cfg.weight_scale)
    module = Synapse(sources, targets, exp, device=cfg.device, transform=transform)
    module.weight.data = torch.tensor(weight, dtype=torch.float32, device=cfg.device)
    return module


def _neuron(
    exp: Experiment, name: str, neurons: Neurons, size: int, cfg: ConversionConfig
) -> LI | LIF:
    values = _values(name, neurons, size, cfg.per_neuron)
    tau_mem = values["tau_mem"] * cfg.time_factor
    fires = neurons.kind is LIFSpec
    if not fires and np.any(values["r"] != 1):
        log.warning("r = %g of a CubaLI is not used: 1 is taken.", values["r"])
    capacitance = tau_mem / values["r"] if fires else tau_mem
    common: dict[str, Any] = {
        "leak": MixedHXModelParameter(values["v_leak"], _LEAK),
        "tau_mem": tau_mem,
        "tau_syn": values["tau_syn"] * cfg.time_factor,
        "membrane_capacitance": HXTransformedModelParameter(
            capacitance, partial(_capacitor, whole=capacitance)
        ),
        "enable_cadc_recording": cfg.cadc_recording,
        "trace_scale": cfg.trace_scale,
        "cadc_time_shift": int(cfg.trace_shift),
    }
    if not fires:
        return LI(size, exp, shift_cadc_to_first=True, **common)
    return LIF(
        size,
        exp,
        refractory_time=_refractory_time(neurons.refractory_time, cfg.time_factor),
        # A membrane at rest is recorded as v_leak.
        trace_offset=_LEAK - CADC_SIGNED_OFFSET - values["v_leak"] / cfg.trace_scale,
        reset=MixedHXModelParameter(values["v_reset"], _RESET),
        threshold=MixedHXModelParameter(values["v_threshold"], _THRESHOLD),
        **common,
    )


def _values(name: str, neurons: Neurons, size: int, per_neuron: bool) -> dict[str, Any]:
    """Return each parameter as one number, or as a tensor of shape (neurons,).

    :raises ConversionError: if neurons differ and ``per_neuron`` is off; lists all
    """
    problems = [
        Problem(
            f"node '{name}'",
            f"{parameter} differs between its neurons "
            f"({values.min():.4g} to {values.max():.4g}).",
            "Use one value for all, or ConversionConfig(per_neuron=True).",
        )
        for parameter, values in neurons.values.items()
        if not per_neuron and not equal(values)
    ]
    if problems:
        raise ConversionError.of(problems)
    found = {n: spread(v, (size,)) for n, v in neurons.values.items()}
    return {
        n: torch.tensor(v) if isinstance(v, np.ndarray) else v for n, v in found.items()
    }


def _refractory_time(time: float | None, factor: float) -> MixedHXModelParameter:
    """Return what the node says, or nothing in the model and the default on the chip.

    :param time: in units of the graph
    """
    seconds = (time or 0.0) * factor
    return MixedHXModelParameter(seconds, seconds or NEURON.refractory_time)


def _capacitor(model_value: Any, whole: float) -> Any:
    """Return the LSB of a model capacitance; ``whole`` takes all of the capacitor."""
    return model_value / whole * _CAPACITANCE


def _check(cfg: ConversionConfig) -> None:
    check_time_factor(cfg.time_factor)
    if cfg.loops not in ("late", "prompt"):
        what = f"loops is {cfg.loops!r}."
        raise ParameterError("ConversionConfig", what, "Give 'late' or 'prompt'.")
    if not float(cfg.trace_shift).is_integer():
        raise ParameterError(
            "ConversionConfig",
            f"trace_shift is {cfg.trace_shift}.",
            "Give a whole number of time steps.",
        )


def _check_inputs(inputs: list[str], spikes: Any) -> None:
    if not isinstance(spikes, Mapping):
        raise NetworkError(
            "spikes",
            f"they are a {type(spikes).__name__}.",
            f"Give them by the name of their input: {{{inputs[0]!r}: spikes}}.",
        )
    problems = [
        Problem(f"input '{name}'", "it has no spikes.", "Add them under this name.")
        for name in inputs
        if name not in spikes
    ]
    problems += [
        Problem(
            f"spikes of '{name}'",
            f"the graph has no such input.{did_you_mean(name, inputs)}",
            f"Its inputs: {', '.join(inputs)}.",
        )
        for name in spikes
        if name not in inputs
    ]
    if problems:
        raise NetworkError.of(problems)

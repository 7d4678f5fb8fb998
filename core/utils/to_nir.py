"""From modules to a NIR graph.

==============================  ==================================================
module                          node
==============================  ==================================================
spikes that enter, InputNeuron  `nir.Input`
Synapse, SparseSynapse          `nir.Linear`
neurons that fire               `nir.CubaLIF` with ``r = tau_mem / C``, w_in = 1
neurons that do not             `nir.CubaLI` with r = 1, w_in = 1
a handle that nothing reads     `nir.Output`
==============================  ==================================================

Potentials and weights are model units, a time in the graph is seconds divided by the
``time_factor`` of the model (1e-3 if it has none). EventProp and exponential neurons
have no capacitance: r = 1. NIR has no refractory time: it is noted as
``refractory_time`` in the metadata of the node, which `from_nir` reads. Nodes are named
``"0"``, ``"1"``, ..., sources before targets.
"""

import logging
from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.chip.network import Floats
from core.errors import ConversionError, NetworkError, Problem
from core.experiment import Experiment
from core.modules import AELIF, InputNeuron, Projection
from core.modules.neuron import EventPropLIF, NeuronExp, ReadoutNeuronExp
from core.spec.nir.neurons import REFRACTORY_KEY
from core.spec.nir.times import TIME_FACTOR, check_time_factor
from core.utils.module_graph import ModuleGraph
from core.utils.nir_reading import UnsupportedNodeError

log = logging.getLogger(__name__)

_CONVERTIBLE = (AELIF, Projection, InputNeuron)


class SNN(torch.nn.Module):
    """Base of models that `to_nir` can read: they have an experiment and run it.

    :param dt: step width, s
    :param mock: True runs the ideal model, False the emulated chip
    :param device: of the tensors
    :ivar exp: the experiment
    :ivar time_factor: time in NIR × this = seconds
    :ivar outputs: modules whose handles leave the model; empty: those that none reads

    >>> import core
    >>> class Net(SNN):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.synapse = core.Synapse(2, 3, self.exp)
    ...         self.neuron = core.LIF(3, self.exp)
    ...     def forward(self, spikes):
    ...         handle = core.LIFObservables(spikes=spikes)
    ...         out = self.neuron(self.synapse(handle))
    ...         core.run(self.exp, len(spikes))
    ...         return out.spikes
    >>> graph = to_nir(Net(), torch.zeros(10, 1, 2))
    >>> [type(graph.nodes[name]).__name__ for name in sorted(graph.nodes)]
    ['Input', 'Linear', 'CubaLIF', 'Output']
    """

    def __init__(
        self,
        dt: float = 1e-6,
        mock: bool = True,
        device: torch.device = torch.device("cpu"),  # noqa: B008, a value
    ) -> None:
        super().__init__()
        self.exp = Experiment(mock=mock, dt=dt)
        self.device = device
        self.time_factor = TIME_FACTOR

    @property
    def outputs(self) -> tuple[Any, ...]:
        """Modules whose handles leave the model."""
        return ()

    def forward(self, spikes: Any) -> Any:
        """Connect the modules, run the experiment and return the results."""
        raise NotImplementedError("A model defines its forward.")


def to_nir(snn: torch.nn.Module, input_sample: Any) -> nir.NIRGraph:
    """Return the network of modules that ``snn`` runs as a NIR graph.

    :param snn: model with an experiment ``exp``
    :param input_sample: what the model is called with, once
    :raises UnsupportedNodeError: if NIR has no node for a module; lists all
    :raises NetworkError: if the model ran no modules

    >>> import core
    >>> class Layer(SNN):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.synapse = core.Synapse(3, 2, self.exp)
    ...         self.neurons = core.LIF(2, self.exp, leak=0, reset=0, threshold=1)
    ...     def forward(self, spikes):
    ...         out = self.neurons(self.synapse(core.LIFObservables(spikes=spikes)))
    ...         core.run(self.exp, len(spikes))
    ...         return out
    >>> graph = to_nir(Layer(), torch.ones(10, 1, 3))
    >>> sorted(type(node).__name__ for node in graph.nodes.values())
    ['CubaLIF', 'Input', 'Linear', 'Output']
    """
    factor = getattr(snn, "time_factor", TIME_FACTOR)
    check_time_factor(factor)
    manager = _manager(snn)
    snn(input_sample)
    if not manager.prev_graph:
        raise NetworkError(
            type(snn).__name__,
            "it ran no modules.",
            "Connect modules and call core.run in its forward.",
        )
    graph = ModuleGraph(manager, getattr(snn, "outputs", ()))
    _check(graph)
    order = graph.order()
    names = {node: str(index) for index, node in enumerate(order)}
    nodes = {names[node]: _nir_node(graph, node, factor) for node in order}
    edges = [(names[a], names[b]) for a, b in graph.edges.edges]
    edges.sort(key=lambda edge: (int(edge[0]), int(edge[1])))
    # With checks, nir adds outputs of its own.
    return nir.NIRGraph(nodes, edges, type_check=False)


def _manager(snn: torch.nn.Module) -> Any:
    try:
        return snn.exp.modules  # type: ignore[union-attr]
    except AttributeError:
        raise NetworkError(
            type(snn).__name__,
            "it has no experiment.",
            "Give it an attribute exp, or derive it from core.utils.to_nir.SNN.",
        ) from None


def _check(graph: ModuleGraph) -> None:
    problems = [
        Problem(
            f"module {node} ({type(module).__name__})",
            "NIR has no node for it.",
            "Use Synapse, LIF and LI.",
        )
        for node, module in graph.modules.items()
        if not isinstance(module, _CONVERTIBLE)
    ]
    if problems:
        raise UnsupportedNodeError.of(problems)


def _nir_node(graph: ModuleGraph, node: Any, factor: float) -> Any:
    if node in graph.modules:
        return _map_hxtorch_to_nir(graph.modules[node], factor)
    size = np.array([graph.size(node)])
    if graph.is_input(node):
        return nir.Input({"input": size})
    return nir.Output({"output": size})


def _map_hxtorch_to_nir(module: Any, time_factor: float = TIME_FACTOR) -> Any:
    """Return the node of NIR for ``module``.

    :raises UnsupportedNodeError: if there is none
    """
    if not isinstance(module, _CONVERTIBLE):
        raise UnsupportedNodeError(
            type(module).__name__,
            "NIR has no node for it.",
            "Use Synapse, LIF and LI.",
        )
    if isinstance(module, InputNeuron):
        return nir.Input({"input": np.array([module.size])})
    if isinstance(module, Projection):
        return nir.Linear(weight=_weight(module))
    return _neurons(module, time_factor)


def _weight(module: Projection) -> NDArray[Any]:
    """Return the weights, shape (target, source); those that are no synapses are 0."""
    weight = module.weight.detach().cpu()
    mask = getattr(module, "mask", None)
    return (weight if mask is None else weight * mask.cpu()).numpy().copy()


def _neurons(module: AELIF, time_factor: float) -> Any:
    lost = [name for name in ("exponential", "adaptation") if getattr(module, name)] + [
        "the missing leak"
    ] * (not module.leaky)
    if lost:
        log.warning("NIR has no field for %s: it is left out.", ", ".join(lost))
    tau_mem, tau_syn, resistance = _dynamics(module)
    values = {
        "tau_mem": _decimal(tau_mem / time_factor),
        "tau_syn": _decimal(tau_syn / time_factor),
        "v_leak": _values(module, "leak"),
    }
    if not module.fire:
        return nir.CubaLI(**values, r=np.ones(module.size))
    return nir.CubaLIF(
        **values,
        r=_decimal(resistance),
        v_reset=_values(module, "reset"),
        v_threshold=_values(module, "threshold"),
        metadata=_refractoriness(module, time_factor),
    )


def _refractoriness(module: AELIF, time_factor: float) -> dict[str, Any]:
    """Return the metadata that hold the refractory time, if there is one."""
    if isinstance(module, EventPropLIF | NeuronExp):  # their models have none
        return {}
    times = _values(module, "refractory_time")
    if not times.any():
        return {}
    log.info("NIR has no field for refractory times: they are in the metadata.")
    return {REFRACTORY_KEY: _decimal(times / time_factor)}


def _dynamics(module: AELIF) -> tuple[Floats, Floats, Floats]:
    """Return time constants of membrane and synapse, s, and the resistance."""
    tau_mem, tau_syn = _values(module, "tau_mem"), _values(module, "tau_syn")
    if isinstance(module, NeuronExp | ReadoutNeuronExp):
        # Their model values are factors per step, exp(-dt / tau).
        dt = 1e-6 if module.experiment is None else module.experiment.dt
        tau_mem, tau_syn = -dt / np.log(tau_mem), -dt / np.log(tau_syn)
    elif not isinstance(module, EventPropLIF):
        return tau_mem, tau_syn, tau_mem / _values(module, "membrane_capacitance")
    return tau_mem, tau_syn, np.ones(module.size)


def _values(module: AELIF, name: str) -> Floats:
    """Return a model value of each neuron."""
    value = getattr(module, name).model_value
    array = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
    try:
        return np.array(np.broadcast_to(np.asarray(array, float), (module.size,)))
    except ValueError:
        raise ConversionError(
            f"{type(module).__name__}.{name}",
            f"has the shape {np.shape(array)}, there are {module.size} neurons.",
            "Give one number, or one for each neuron.",
        ) from None


def _decimal(values: Floats) -> Floats:
    """Return ``values`` without the rounding errors of the last operations."""
    return np.array([float(f"{value:.15g}") for value in values])

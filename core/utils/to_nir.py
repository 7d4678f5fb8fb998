"""From modules to a NIR graph, as `core.describe` reads and `core.spec.nir` writes.

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
have no capacitance: r = 1. What NIR has no field for is in the metadata of the node:
``refractory_time``, which `from_nir` reads; under ``hx`` all that a document knows of a
population, AdEx included, with a ``note`` in words. Nodes are named ``"0"``, ``"1"``,
..., sources before targets.
"""

import logging
from typing import Any

import nir
import numpy as np
import torch

from core.describe import ModuleReader, population_of, weights_of
from core.errors import ConversionError, NetworkError, Problem
from core.experiment import Experiment
from core.module_values import model_value
from core.modules import AELIF, InputNeuron, Projection
from core.spec.network import LISpec
from core.spec.nir import write
from core.spec.nir.numbers import Style
from core.spec.nir.times import TIME_FACTOR, check_time_factor
from core.utils.nir_reading import UnsupportedNodeError

log = logging.getLogger(__name__)

_CONVERTIBLE = (AELIF, Projection, InputNeuron)
_PARAMETERS = ("leak", "tau_mem", "tau_syn", "reset", "threshold")


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
    exp = _experiment(snn)
    snn(input_sample)
    if not exp.modules.prev_graph:
        raise NetworkError(
            type(snn).__name__,
            "it ran no modules.",
            "Connect modules and call core.run in its forward.",
        )
    found = ModuleReader(exp)
    _check(found)
    network = found.network(getattr(snn, "outputs", ()))
    return write.to_nir(
        network.replace(
            populations=tuple(
                _readout(p) if isinstance(p, LISpec) else p for p in network.populations
            )
        ),
        time_factor=factor,
        dt=exp.dt,
        loops=found.loops,
        numbered=True,
    )


def _experiment(snn: torch.nn.Module) -> Experiment:
    try:
        exp: Any = snn.exp
        exp.modules  # noqa: B018, asks whether it is one
    except AttributeError:
        raise NetworkError(
            type(snn).__name__,
            "it has no experiment.",
            "Give it an attribute exp, or derive it from core.utils.to_nir.SNN.",
        ) from None
    found: Experiment = exp
    return found


def _check(found: ModuleReader) -> None:
    """Raise if there is something that NIR has not."""
    problems = [
        Problem(
            f"module {node} ({type(module).__name__})",
            "NIR has no node for it.",
            "Use Synapse, LIF and LI.",
        )
        for node, module in found.modules.items()
        if not isinstance(module, _CONVERTIBLE)
    ]
    if problems:
        raise UnsupportedNodeError.of(problems)
    for module in found.neurons.values():
        _check_neurons(module)
    problems = list(found.problems())
    if problems:
        raise UnsupportedNodeError.of(problems)


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
        return nir.Linear(weight=weights_of(module))
    _check_neurons(module)
    population = population_of(type(module).__name__, module, module.experiment)
    return write.neuron_node(_readout(population), time_factor, Style(exact=True))


def _readout(population: LISpec) -> LISpec:
    """Return neurons that do not fire with r = 1, as the API writes them."""
    if population.spiking:
        return population
    return population.replace(membrane_capacitance=population.tau_mem)


def _check_neurons(module: AELIF) -> None:
    """Say what is lost, and refuse numbers that are not those of the neurons."""
    lost = [name for name in ("exponential", "adaptation") if getattr(module, name)]
    if lost:
        what = "NIR has no field for %s: our metadata keep it, others run without."
        log.warning(what, ", ".join(lost))
    for name in _PARAMETERS[: None if module.fire else 3]:
        shape = np.shape(model_value(module, name))
        if shape not in ((), (1,), (module.size,)):
            raise ConversionError(
                f"{type(module).__name__}.{name}",
                f"has the shape {shape}, there are {module.size} neurons.",
                "Give one number, or one for each neuron.",
            )

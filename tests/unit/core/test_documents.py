"""The five API documents of the user: every name, signature and method in them."""

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import core
from core import (
    LI,
    LIF,
    Experiment,
    Handle,
    HXModuleWrapper,
    LIFObservables,
    SparseSynapse,
    Synapse,
    SynapseHandle,
    TensorHandle,
)
from core.chip.network import NetworkBuilder
from core.functional.eventprop import CUBALIFParams, EventPropNeuron
from core.modules import HXTorchBaseModule, Projection
from core.utils.to_nir import SNN

DOCUMENTS = sorted((Path(__file__).parents[2] / "api").glob("*.txt"))
TEXT = {path.name[:3]: path.read_text() for path in DOCUMENTS}
STEPS = 12


def resolve(dotted: str) -> Any:
    """Return what ``hxtorch.spiking.a.b`` is called in `core`."""
    found: Any = core
    path = "core"
    for name in dotted.removeprefix("hxtorch.spiking").strip(".").split("."):
        if not name:
            continue
        path = f"{path}.{name}"
        has = hasattr(found, name)
        found = getattr(found, name) if has else importlib.import_module(path)
    return found


def test_there_are_five_documents() -> None:
    assert len(DOCUMENTS) == 5


@pytest.mark.parametrize(
    "dotted",
    sorted(
        {n for t in TEXT.values() for n in re.findall(r"hxtorch(?:\.\w+)+", t)}
        - {"hxtorch.run"}
    ),
)
def test_each_dotted_name_exists(dotted: str) -> None:
    # cuba_lif_integration is the old name of what is now cuba_aelif_integration.
    renamed = dotted.replace("cuba_lif_integration", "cuba_aelif_integration")
    assert resolve(renamed) is not None


INDEX = dict(re.findall(r"^(\w+)\(([^()]*)\)$", TEXT["001"], re.MULTILINE))


def test_the_index_lists_all_classes() -> None:
    assert len(INDEX) >= 20
    aliases = re.findall(r"^(\w+)\n\nalias of types\.(\w+)$", TEXT["001"], re.MULTILINE)
    assert len(aliases) == 4
    for name, made in aliases:
        assert getattr(core, name).__name__ == made


@pytest.mark.parametrize("name", sorted(INDEX))
def test_each_class_takes_the_documented_arguments(name: str) -> None:
    parameters = inspect.signature(getattr(core, name)).parameters
    open_ended = {p.kind for p in parameters.values()}
    for wanted in re.findall(r"\w+", INDEX[name]):
        keywords = inspect.Parameter.VAR_KEYWORD in open_ended
        assert wanted in parameters or keywords or "*" in INDEX[name], wanted
    positional = [
        a.strip() for a in INDEX[name].split(",") if re.fullmatch(r"\s*\w+", a)
    ]
    if "*" not in INDEX[name] and "chip_coordinate" not in positional:
        assert list(parameters)[: len(positional)] == positional


def documented() -> list[Any]:
    """Return all public classes and functions of the interface."""
    places = (core, core.modules, core.functional)
    found = {getattr(place, name) for place in places for name in place.__all__}
    found |= {getattr(core, name) for name in INDEX}
    return sorted(
        (x for x in found if inspect.isclass(x) or inspect.isfunction(x)),
        key=lambda x: x.__qualname__,
    )


@pytest.mark.parametrize("item", documented(), ids=lambda item: item.__qualname__)
def test_each_documented_name_has_an_example(item: Any) -> None:
    if item.__name__.startswith("Handle_"):  # made by Handle, which has one
        return
    assert ">>>" in inspect.getdoc(item)


@pytest.fixture
def exp() -> Experiment:
    return Experiment(mock=True)


def ones(*shape: int) -> Any:
    return LIFObservables(spikes=torch.ones(shape))


# --- 000: HXTorchBaseModule -----------------------------------------------------------


def test_base_module_takes_no_arguments_and_offers_its_methods(exp: Experiment) -> None:
    module = HXTorchBaseModule()
    assert module.output_type is TensorHandle
    module.experiment = exp
    given, output = TensorHandle(torch.ones(2)), TensorHandle()
    assert module.forward(given) is module.output_handle
    assert module.exec_forward(given, output) is None  # type: ignore[func-returns-value]
    assert torch.equal(output.tensor, torch.ones(2))
    assert module.exec_forward((given,), output) is None  # type: ignore[func-returns-value]
    assert module.post_process(module.hw_observables, 10) is None
    assert module.post_simulation_processing(output) is None  # type: ignore[func-returns-value]


def test_methods_named_in_the_document_are_those_tested_here() -> None:
    named = set(re.findall(r"^(\w+)\(", TEXT["000"], re.MULTILINE)) - {"__init__"}
    assert named == {
        "exec_forward",
        "forward",
        "post_process",
        "post_simulation_processing",
    }


# --- 001: functions of the package ----------------------------------------------------


def test_run_fills_handles(exp: Experiment) -> None:
    out = LI(2, exp)(Synapse(3, 2, exp)(ones(STEPS, 1, 3)))
    assert core.run(exp, STEPS) is None
    assert out.membrane_cadc.shape == (STEPS, 1, 2)


class Small(SNN):
    """A network of two layers as `to_nir` wants it."""

    def __init__(self) -> None:
        super().__init__(mock=True)
        capacitance = core.HXTransformedModelParameter(10e-6, lambda m: m / 10e-6 * 63)
        self.synapse = Synapse(3, 2, self.exp)
        self.neurons = LIF(
            2,
            self.exp,
            leak=core.MixedHXModelParameter(0.0, 80),
            reset=core.MixedHXModelParameter(0.0, 80),
            threshold=core.MixedHXModelParameter(1.0, 125),
            membrane_capacitance=capacitance,
        )

    def forward(self, spikes: Any) -> Any:
        out = self.neurons(self.synapse(LIFObservables(spikes=spikes)))
        core.run(self.exp, len(spikes))
        return out


def test_nir_functions_go_there_and_back() -> None:
    snn, sample = Small(), torch.ones(STEPS, 1, 3)
    graph = core.to_nir(snn, sample)
    model = core.from_nir(graph, core.ConversionConfig())
    (name,) = (n for n, m in model.hxnodes.items() if isinstance(m, LIF))
    (source,) = (k for k, n in graph.nodes.items() if type(n).__name__ == "Input")
    result = model({source: sample})
    assert torch.equal(result[name], snn(sample).spikes)
    data = core.to_nir_data(result, model)
    again = core.from_nir_data(data, model)
    assert torch.equal(again[name], result[name])


# --- 002: SparseSynapse ---------------------------------------------------------------


def test_sparse_synapse_offers_its_methods_and_attributes(exp: Experiment) -> None:
    connections = torch.eye(3).to_sparse()
    synapse = SparseSynapse(
        connections, exp, core.functional.linear_sparse, None, None, None, abs
    )
    assert isinstance(synapse, Projection)
    assert synapse.extra_repr().startswith("number connections=3")
    assert synapse.changed_since_last_run
    assert synapse.reset_changed_since_last_run() is None  # type: ignore[func-returns-value]
    assert not synapse.changed_since_last_run
    before = synapse.weight.detach().clone()
    synapse.reset_parameters()
    assert not torch.equal(before, synapse.weight)
    assert synapse.register_hw_entity() is None  # type: ignore[func-returns-value]
    assert exp._projections == [synapse]
    builder = NetworkBuilder()
    exc, inh = synapse.add_to_network_graph("pre", "post", builder)
    assert exc == inh == builder.projections[0].name
    found = set(re.findall(r"^(\w+)(?:: |$)", TEXT["002"], re.MULTILINE))
    documented = {"connections", "extra_args", "extra_kwargs", "in_features"}
    documented |= {"out_features", "output_type", "training", "weight"}
    assert documented <= found
    assert all(hasattr(synapse, name) for name in documented)
    named = set(re.findall(r"^(\w+)\(", TEXT["002"], re.MULTILINE)) - {"__init__"}
    assert all(callable(getattr(synapse, name)) for name in named)


# --- 003: Experiment ------------------------------------------------------------------


def test_experiment_takes_the_documented_arguments() -> None:
    parameters = inspect.signature(Experiment).parameters
    assert list(parameters)[:3] == ["mock", "dt", "hw_routing_func"]
    assert "input_loopback" in parameters
    assert (parameters["mock"].default, parameters["dt"].default) == (False, 1e-6)
    assert isinstance(Experiment(), core.experiment.BaseExperiment)


def test_experiment_offers_its_methods(exp: Experiment) -> None:
    module = HXTorchBaseModule()
    given = TensorHandle(torch.ones(1))
    exp.connect(module, given, module.output_handle)
    exp.connect(module, (given,), module.output_handle)
    exp.modules.clear()
    wrapper = HXModuleWrapper(exp, synapse=Synapse(1, 1, exp))
    exp.connect_wrapper(wrapper)
    assert exp.modules.get_id_by_wrapper(wrapper) == "w_0"
    assert exp.default_execution_instance is exp.default_execution_instance
    results = exp.get_hw_results(None)
    assert isinstance(results, dict)
    assert exp.last_run_chip_configs is None
    neurons, synapse = LIF(1, exp), Synapse(1, 1, exp)
    exp.register_population(neurons)
    exp.register_projection(synapse)
    assert (exp._populations, exp._projections) == ([neurons], [synapse])
    exp.clear()
    assert not exp.modules.nodes
    assert not exp.modules.wrappers
    named = re.findall(r"^(?:property )?(\w+)(?:\(|$)", TEXT["003"], re.MULTILINE)
    for name in set(named) - {"__init__", "class"}:
        assert hasattr(exp, name), name


def test_results_on_the_chip_are_a_dict_by_population() -> None:
    exp = Experiment()
    neurons = LI(2, exp)
    neurons(Synapse(3, 2, exp)(ones(STEPS, 1, 3)))
    results = exp.get_hw_results(STEPS)
    assert results[neurons.descriptor].voltage.cadc.shape[1:] == (1, 2)
    assert exp.last_run_chip_configs


# --- 004: EventPropNeuron -------------------------------------------------------------


def test_eventprop_neuron_is_called_with_parameters() -> None:
    assert list(inspect.signature(EventPropNeuron.forward).parameters) == [
        "ctx",
        "input",
        "params",
        "dt",
        "hw_data",
    ]
    assert list(inspect.signature(EventPropNeuron.backward).parameters) == [
        "ctx",
        "grad_spikes",
        "grad_membrane",
        "grad_current",
    ]
    graded = torch.zeros(2, STEPS, 1, 3)
    graded[0, 1] = 8.0
    graded.requires_grad_()
    params = CUBALIFParams(tau_mem=10e-6, tau_syn=5e-6)
    spikes, membrane, current = EventPropNeuron.apply(graded, params, 1e-6)
    assert spikes.shape == membrane.shape == current.shape == (STEPS, 1, 3)
    assert spikes.sum() > 0
    spikes.sum().backward()
    assert graded.grad is not None
    assert torch.isfinite(graded.grad).all()
    assert graded.grad.abs().sum() > 0


def test_handle_is_a_factory() -> None:
    assert type(Handle("tensor")) is TensorHandle
    assert type(SynapseHandle()) is core.SynapseHandle
    exercised: Callable[..., Any] = Handle
    assert np.all([name in dir(exercised(a=1)) for name in ("holds", "clone")])

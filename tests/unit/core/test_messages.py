"""Every error of the interface: its type and what it says.

One row per mistake: what is done, the built-in exception that scripts catch, and words
of the message. A message says where, what and how to fix it, so each row also checks
that there is a sentence after the fact.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch

import core
from core import (
    AELIF,
    LI,
    LIF,
    BatchDropout,
    ExecutionInstance,
    Experiment,
    Handle,
    HXModuleWrapper,
    HXParameter,
    LIFObservables,
    LIObservables,
    Synapse,
    SynapseHandle,
    TrainableHXParameter,
    connection,
)
from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
)
from core.chip.network import Network
from core.chip.results import RoutingResult
from core.chip.routing import GreedyRouter
from core.datasets.yinyang import YinYangDataset
from core.errors import HXError
from core.functional import CuBaStepCode, cuba_aelif_integration, threshold
from core.modules import (
    EventPropLIF,
    HXFunctionalModule,
    HXTorchBaseModule,
    Population,
)
from core.morphology import SingleCompartmentNeuron
from core.neuron_placement import NeuronPlacement
from core.observables import CADCHandle
from core.parameter import MockParameter
from core.transforms.encode import CoordinatesToSpikes
from core.utils.from_nir import from_nir
from core.utils.model_mapper import MixinHXModelMapper

STEPS = 10
ONE = torch.ones(STEPS, 1, 3)


def mock() -> Experiment:
    return Experiment(mock=True)


def ran(build: Callable[[Experiment], Any], exp: Experiment) -> None:
    """Call modules and run them."""
    build(exp)
    core.run(exp, STEPS)


def in_mock(build: Callable[[Experiment], Any]) -> Callable[[], None]:
    return lambda: ran(build, mock())


def on_chip(build: Callable[[Experiment], Any], **options: Any) -> Callable[[], None]:
    return lambda: ran(build, Experiment(**options))


def drive(**changes: Any) -> Any:
    return SynapseHandle(graded_spikes=changes.get("graded", ONE))


def spikes(values: Any = ONE) -> Any:
    return LIFObservables(spikes=values)


VALUES: dict[str, Any] = {
    "leak": 0.0,
    "reset": 0.0,
    "threshold": 1.0,
    "tau_syn": 1e-5,
    "c_mem": 1e-5,
    "g_l": 1.0,
    "refractory_time": 0.0,
    "method": "superspike",
    "alpha": 50.0,
    "exp_slope": 1.0,
    "exp_threshold": 1.0,
    "subthreshold_adaptation_strength": 1.0,
    "spike_triggered_adaptation_increment": 1.0,
    "tau_adap": 1e-4,
}


def integrate(**changes: Any) -> None:
    cuba_aelif_integration(ONE, **VALUES | changes)


def nir_model() -> Any:
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([3])}), nir.Linear(np.ones((3, 3)))
    )
    return from_nir(nir.NIRGraph({"in": graph.nodes["input"]}, [], type_check=False))


def broken_code() -> str:
    return CuBaStepCode().generate() + '\nraise ValueError("mine")'


def loop(exp: Experiment) -> None:
    neurons, synapse = LIF(3, exp), Synapse(3, 3, exp)
    neurons(synapse(neurons.output_handle))


def two_wrappers(exp: Experiment) -> None:
    synapse = Synapse(3, 3, exp)
    HXModuleWrapper(exp, a=synapse)()
    HXModuleWrapper(exp, b=synapse)()


def two_batches(exp: Experiment) -> None:
    for batch in (1, 2):
        LI(3, exp)(Synapse(3, 3, exp)(spikes(torch.ones(STEPS, batch, 3))))


def two_targets(exp: Experiment) -> None:
    graded = Synapse(3, 3, exp)(spikes())
    for _ in range(2):
        LI(3, exp)(graded)


def plastic(exp: Experiment) -> None:
    LI(3, exp)(Synapse(3, 3, exp, plasticity_rule="rule")(spikes()))


def two_madc(exp: Experiment) -> None:
    for _ in range(2):
        LI(3, exp, enable_madc_recording=True, record_neuron_id=0)(drive())


def unequal(**values: Any) -> Callable[[Experiment], None]:
    def build(exp: Experiment) -> None:
        LI(3, exp)(drive())
        LI(3, exp, **values)(drive())

    return build


def without_connection() -> None:
    connection.required, before = True, connection.present()
    connection.close()
    try:
        ran(lambda exp: LI(3, exp)(drive()), Experiment())
    finally:
        connection.required = False
        if before:
            connection.open()


def full_chip() -> None:
    placement = NeuronPlacement()
    placement.register_id(range(512), SingleCompartmentNeuron(1).compartments)
    placement.register_id(512, SingleCompartmentNeuron(1).compartments)


def taken_circuit() -> None:
    shape = SingleCompartmentNeuron(1).compartments
    place = LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(3))
    NeuronPlacement().register_id([0, 1], shape, [place, place])


def broken_synapse(exp: Experiment) -> Synapse:
    synapse = Synapse(3, 3, exp)
    synapse.weight.data[0, 0] = torch.nan
    return synapse


def called_twice(exp: Experiment) -> None:
    synapse = Synapse(3, 3, exp)
    for _ in range(2):
        synapse(spikes())


def wired(exp: Experiment) -> None:
    LI(3, exp)(Synapse(3, 3, exp)(spikes()))


def leaves_out(network: Network) -> RoutingResult:
    result = GreedyRouter()(network)
    return replace(result, row_source=np.full_like(result.row_source, -1))


class Once(HXFunctionalModule):
    def forward_func(self, input: Any) -> Any:
        return input


class TwoCompartments(SingleCompartmentNeuron):
    @property
    def compartments(self) -> LogicalNeuronCompartments:
        return LogicalNeuronCompartments(
            {CompartmentOnLogicalNeuron(0): [0], CompartmentOnLogicalNeuron(1): [1]}
        )


def places_of(*sizes: int) -> list[LogicalNeuronOnDLS]:
    shapes = [SingleCompartmentNeuron(size).compartments for size in sizes]
    return [LogicalNeuronOnDLS(s, AtomicNeuronOnDLS(i)) for i, s in enumerate(shapes)]


def cadc() -> CADCHandle:
    return CADCHandle([[[(0, -128), (100, -128)]]], 1, 1)


def graph(**nodes: Any) -> nir.NIRGraph:
    names = ["in", *nodes, "out"]
    ends = {
        "in": nir.Input({"input": np.array([3])}),
        "out": nir.Output({"output": np.array([3])}),
    }
    return nir.NIRGraph(
        nodes={"in": ends["in"], **nodes, "out": ends["out"]},
        edges=list(pairwise(names)),
        type_check=False,
    )


class Mapped(torch.nn.Linear, MixinHXModelMapper):
    pass


class Empty(HXModuleWrapper):
    def forward_func(self, *input: Any, hw_data: Any = None) -> Any:
        return ()


def empty_wrapper(exp: Experiment) -> None:
    synapse = Synapse(3, 3, exp)
    synapse(spikes())
    Empty(exp, synapse=synapse)()


MISTAKES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    # 2 handles
    "names and values mixed": (
        lambda: Handle("a", b=1),
        Exception,
        "Ambiguous Handle construction mode",
    ),
    "clone of other fields": (
        lambda: LIFObservables().clone(LIObservables()),
        AssertionError,
        "cannot copy fields",
    ),
    "unknown field": (lambda: LIFObservables(x=1), TypeError, "unexpected keyword"),
    "handle as key": (lambda: {LIFObservables(): 1}, TypeError, "unhashable"),
    # 3 run and experiment
    "runtime is a float": (
        lambda: core.run(Experiment(), 10.0),  # type: ignore[arg-type]
        ValueError,
        "Requested runtime invalid.",
    ),
    "runtime is None": (
        lambda: core.run(Experiment(), None),
        ValueError,
        "Requested runtime invalid.",
    ),
    "runtime too long": (
        on_chip(lambda exp: LI(3, exp)(drive()), dt=10.0),
        ValueError,
        "Runtime of 100 s to long. Maximum supported runtime 34.36 s",
    ),
    "no connection": (without_connection, RuntimeError, "No connection present."),
    "synapse without neurons": (
        on_chip(lambda exp: Synapse(3, 3, exp)(spikes())),
        AssertionError,
        "1 source and 0 target populations",
    ),
    "synapse with two targets": (
        on_chip(two_targets),
        AssertionError,
        "1 source and 2 target populations",
    ),
    "plasticity and CADC": (
        on_chip(plastic),
        ValueError,
        "CADC recoding & plasticity rule cannot both be active!",
    ),
    "batch sizes differ": (on_chip(two_batches), ValueError, "batch sizes: [1, 2]"),
    "batch sizes differ in mock": (in_mock(two_batches), ValueError, "batch sizes"),
    "overlapping wrappers": (
        in_mock(two_wrappers),
        ValueError,
        "You tried to register a wrapper with a group of modules that are partially"
        " registered in another group.",
    ),
    "run without calls": (
        lambda: core.run(Experiment(), STEPS),
        ValueError,
        "Call the modules again before each run.",
    ),
    "step width of zero": (lambda: Experiment(dt=0), ValueError, "step width dt is 0"),
    # 4 parameters
    "model value of an HXParameter": (
        lambda: setattr(HXParameter(1), "model_value", 2),
        AttributeError,
        "",
    ),
    "trained without a way to the chip": (
        lambda: TrainableHXParameter(1.0).set_on_chip(None, None),
        ValueError,
        "When executing on HW,set_on_chip_func needs to be provided.",
    ),
    # 5 modules
    "module of no experiment": (
        lambda: HXTorchBaseModule()(drive()),
        ValueError,
        "belongs to no experiment",
    ),
    "i_synin_gm differs": (
        on_chip(unequal(i_synin_gm=600)),
        AttributeError,
        "'i_synin_gm[0]' requires same value for all neurons",
    ),
    "synapse_dac_bias differs": (
        on_chip(unequal(synapse_dac_bias=700)),
        AttributeError,
        "'synapse_dac_bias' requires same value for all neurons",
    ),
    "wrapper returns too few": (
        in_mock(empty_wrapper),
        AssertionError,
        "forward_func returned 0 handles, there are 1 members",
    ),
    "parameter of a wrong shape on the chip": (
        lambda: Population(3, None, leak=torch.zeros(2)).neuron_target(),
        ValueError,
        "Give one number, or one for each neuron",
    ),
    # 6 synapses
    "number of sources": (
        in_mock(lambda exp: Synapse(4, 3, exp)(spikes())),
        RuntimeError,
        "takes 4 sources, the input has 3",
    ),
    "spikes of another type": (
        in_mock(lambda exp: Synapse(3, 3, exp)(spikes(ONE.double()))),
        RuntimeError,
        "dtype",
    ),
    "spikes are bool": (
        in_mock(lambda exp: Synapse(3, 3, exp)(spikes(ONE.bool()))),
        RuntimeError,
        "dtype",
    ),
    "no spikes": (
        in_mock(lambda exp: Synapse(3, 3, exp)(spikes(None))),
        TypeError,
        "its spikes are NoneType",
    ),
    "sparse spikes": (
        in_mock(lambda exp: Synapse(3, 3, exp)(spikes(ONE.to_sparse()))),
        TypeError,
        "its spikes are a sparse tensor",
    ),
    "number of sources that is no number": (
        lambda: Synapse(2.5, 3, None),  # type: ignore[arg-type]
        ValueError,
        "the number of sources is 2.5",
    ),
    "MADC of a half neuron": (
        on_chip(
            lambda exp: LI(3, exp, enable_madc_recording=True, record_neuron_id=0.5)(
                drive()
            )
        ),
        ValueError,
        "the MADC cannot read neuron 0.5",
    ),
    "trace shifted by half a step": (
        on_chip(lambda exp: LI(3, exp, cadc_time_shift=0.5)(drive())),
        ValueError,
        "cadc_time_shift is 0.5",
    ),
    # 7 neurons
    "constraint of another size": (
        lambda: LIF(3, None, placement_constraint=[1]),
        ValueError,
        "The number of neurons in logical neurons in `placement_constraint` does not"
        " equal the `size` of the module.",
    ),
    "two compartments": (
        lambda: LIF(3, None, neuron_structure=TwoCompartments(1)),
        ValueError,
        "Currently only neurons with a single compartment are supported.",
    ),
    "fixed flag of LIF": (lambda: LIF(3, None, fire=True), TypeError, "fire"),
    "input of another size": (
        in_mock(lambda exp: LIF(4, exp)(drive())),
        ValueError,
        "has 4 neurons, its input has shape (10, 1, 3)",
    ),
    "input without a batch": (
        in_mock(lambda exp: LIF(3, exp)(drive(graded=torch.ones(STEPS, 3)))),
        ValueError,
        "Give it the shape (time, batch, 3).",
    ),
    "whole graded spikes": (
        in_mock(lambda exp: LIF(3, exp)(drive(graded=ONE.long()))),
        ValueError,
        "graded spikes are of type torch.int64",
    ),
    "inputs of two lengths": (
        in_mock(lambda exp: LIF(3, exp)(drive(), drive(graded=ONE[:5]))),
        ValueError,
        "Give all inputs the same time steps and batch size.",
    ),
    "step code that fails": (
        lambda: integrate(integration_step_code=broken_code()),
        RuntimeError,
        "An error occured while executing the code of the integration step.\nIn line"
        f' {broken_code().count(chr(10)) + 1} ("raise ValueError("mine")") in'
        " integration_step_code, following error occured:\nmine",
    ),
    "surrogate of no name": (
        lambda: integrate(method="bad"),
        ValueError,
        "Threshold function 'bad' is not implemented yet",
    ),
    "threshold of no name": (
        lambda: threshold(ONE, "bad", 1.0),
        ValueError,
        "Threshold function 'bad' is not implemented yet",
    ),
    "time constant of zero": (
        in_mock(lambda exp: LIF(3, exp, tau_mem=0.0)(drive())),
        ValueError,
        "tau_mem: is 0",
    ),
    "capacitance of zero": (lambda: integrate(c_mem=0.0), ValueError, "c_mem"),
    "leak is not a number": (
        in_mock(lambda exp: LIF(3, exp, leak=float("nan"))(drive())),
        ValueError,
        "leak: is nan",
    ),
    "two inputs of EventProp": (
        in_mock(lambda exp: EventPropLIF(3, exp)(drive(), drive())),
        AssertionError,
        "one",
    ),
    "tensor instead of a handle": (
        in_mock(lambda exp: Synapse(3, 3, exp)(ONE)),
        TypeError,
        "Wrap tensors, LIFObservables(spikes=tensor) for example.",
    ),
    "spikes instead of graded spikes": (
        in_mock(lambda exp: LIF(3, exp)(spikes())),
        TypeError,
        "Call it with the handle of a synapse.",
    ),
    "neuron without a handle": (
        in_mock(lambda exp: LIF(3, exp)()),
        TypeError,
        "it was called with no handle",
    ),
    "size that is no number": (lambda: LIF(2.5, None), ValueError, "size is 2.5"),  # type: ignore[arg-type]
    "negative size": (lambda: LIF(-1, None), ValueError, "the size is -1"),
    "negative refractory time": (
        in_mock(lambda exp: LIF(3, exp, refractory_time=-1.0)(drive())),
        ValueError,
        "the refractory time is -1 s",
    ),
    "negative spread of a mock parameter": (
        lambda: MockParameter(1.0, -1.0),
        ValueError,
        "the standard deviation is -1.0",
    ),
    "negative pause": (
        lambda: Experiment(inter_batch_entry_wait=-1),
        ValueError,
        "Give FPGA cycles, 0 or more.",
    ),
    "weights that are not finite": (
        on_chip(lambda exp: LI(3, exp)(broken_synapse(exp)(spikes()))),
        ValueError,
        "1 of 9 are not finite",
    ),
    "spikes that are not finite": (
        on_chip(lambda exp: LI(3, exp)(Synapse(3, 3, exp)(spikes(ONE * torch.nan)))),
        ValueError,
        "some of its spikes are not finite",
    ),
    "no spikes on the chip": (
        on_chip(lambda exp: LI(3, exp)(Synapse(3, 3, exp)(spikes(None)))),
        ValueError,
        "its spikes are NoneType",
    ),
    "synapse called twice": (
        in_mock(called_twice),
        ValueError,
        "was called with 2 inputs since the last run",
    ),
    "module called too often": (
        in_mock(lambda exp: [m(drive()) for m in [Once(exp)] * 2]),
        TypeError,
        "was called with 2 handles since the last run",
    ),
    "trace scale of another size": (
        on_chip(lambda exp: LI(3, exp, trace_scale=torch.ones(2))(drive())),
        AssertionError,
        "trace_scale: has 2 values, there are 3 neurons",
    ),
    "router that returns nothing": (
        on_chip(wired, hw_routing_func=lambda network: None),
        RuntimeError,
        "Return a RoutingResult, as GreedyRouter does",
    ),
    "router that leaves a source out": (
        on_chip(wired, hw_routing_func=leaves_out),
        RuntimeError,
        "has no excitatory row in the upper hemisphere",
    ),
    "population of the user on the chip": (
        on_chip(lambda exp: Population(3, exp)(drive())),
        NotImplementedError,
        "Define add_to_network_graph",
    ),
    "projection that is not connected": (
        lambda: Synapse(3, 3, mock()).source_population(),
        ValueError,
        "Call it between two populations first.",
    ),
    # 9 module manager
    "dropout of another size": (
        in_mock(lambda exp: BatchDropout(4, 0.5, exp)(LIF(3, exp)(drive()))),
        ValueError,
        "has 4 neurons, those before it are 3",
    ),
    "circle": (
        in_mock(loop),
        ValueError,
        "Encountered cyclic dependencies in the network.",
    ),
    "dropout after a synapse": (
        in_mock(lambda exp: BatchDropout(3, 0.5, exp)(Synapse(3, 3, exp)(spikes()))),
        TypeError,
        "The BatchDropout module is only allowed to succeed a Neuron module.",
    ),
    # 10 transforms, data, exchange
    "dropout is no probability": (
        lambda: BatchDropout(3, 2.0, None),
        ValueError,
        "Give a number from 0 to 1.",
    ),
    "coordinates in one dimension": (
        lambda: CoordinatesToSpikes(10, 0.0, 5e-6)(torch.ones(4)),
        ValueError,
        "shape",
    ),
    "bias beyond the end": (
        lambda: CoordinatesToSpikes(10, 0.0, 5e-6, t_bias=20e-6)(torch.ones(1, 4)),
        IndexError,
        "t_bias",
    ),
    "coordinate beyond the end": (
        lambda: CoordinatesToSpikes(10, 0.0, 20e-6)(torch.ones(1, 4)),
        ValueError,
        "",
    ),
    "dots larger than half of the sign": (
        lambda: YinYangDataset(r_small=0.3, r_big=0.5),
        ValueError,
        "",
    ),
    "interpolation of no name": (
        lambda: cadc().to_dense(1e-6, 1e-6, "cubic"),
        RuntimeError,
        "Mode 'cubic' is not supported yet. Supported modes are: 'linear', 'nn'.",
    ),
    "state without a key": (
        lambda: Mapped(2, 2).map_from({}, {}),
        KeyError,
        "weight",
    ),
    "NIR nodes of no counterpart": (
        lambda: from_nir(graph(a=nir.Threshold(np.ones(3)), b=nir.Scale(np.ones(3)))),
        NotImplementedError,
        "Threshold",
    ),
    "NIR parameters that differ": (
        lambda: from_nir(
            graph(
                a=nir.CubaLI(
                    tau_mem=np.array([1.0, 2.0, 3.0]),
                    tau_syn=np.ones(3),
                    r=np.ones(3),
                    v_leak=np.zeros(3),
                )
            )
        ),
        ValueError,
        "tau_mem",
    ),
    # 11 as far as the chip goes
    "two MADC recordings": (
        on_chip(two_madc),
        RuntimeError,
        "Another HXModule already registered MADC recording.",
    ),
    "no calibration": (
        lambda: ExecutionInstance().load_calib(None),
        AssertionError,
        "no calibration",
    ),
    "no such calibration": (
        lambda: ExecutionInstance().load_calib(Path("/nowhere.pkl")),
        FileNotFoundError,
        "Failed to open calibration at /nowhere.pkl",
    ),
    "no CADC recording": (
        lambda: ExecutionInstance().cadc_recordings(),
        AssertionError,
        "enable_cadc_recording",
    ),
    "chip is full": (full_chip, ValueError, "Cannot register ID 512"),
    "circuit is taken": (taken_circuit, ValueError, "Cannot register LogicalNeuron"),
    "several circuits for a neuron": (
        on_chip(
            lambda exp: LI(3, exp, placement_constraint=places_of(1, 1, 2))(drive())
        ),
        ValueError,
        "neurons of [1, 2] circuits, all shall have one number",
    ),
    "noise in the step code": (
        lambda: CuBaStepCode(noisy_traces=True),
        NotImplementedError,
        "the model of the neurons has no noise",
    ),
    "weights that are not finite in mock": (
        in_mock(lambda exp: broken_synapse(exp)(spikes())),
        ValueError,
        "projection 'Synapse': 1 of 9 are not finite",
    ),
    "list as a parameter": (
        in_mock(lambda exp: LIF(3, exp, leak=[0.0, 0.0, 0.0])(drive())),
        ValueError,
        "LIF.leak: is a list of 3 values. Give a tensor of 3 values",
    ),
    "steepness that is text": (
        lambda: LIF(3, None, alpha="50"),  # type: ignore[arg-type]
        ValueError,
        "LIF.alpha: is '50'",
    ),
    "steepness that is not a number in a function": (
        lambda: integrate(alpha=float("nan")),
        ValueError,
        "alpha: is nan",
    ),
    "list as a parameter of a function": (
        lambda: integrate(leak=[0.0, 1.0, 2.0]),
        ValueError,
        "leak: is [0.0, 1.0, 2.0], not a number. Give a tensor: torch.tensor(",
    ),
    "array as graded spikes": (
        lambda: cuba_aelif_integration(np.ones((9, 1, 3)), **VALUES),  # type: ignore[arg-type]
        ValueError,
        "graded spikes are a ndarray. Give a tensor",
    ),
    "path as a calibration": (
        lambda: setattr(Experiment(), "calibration", "chip.pkl"),
        ValueError,
        "Give what core.chip.calibration_io.load(path) returns",
    ),
    "tensor for a NIR model": (
        lambda: nir_model()(ONE),
        ValueError,
        "spikes: they are a Tensor. Give them by the name of their input: {'in'",
    ),
    "refractory time of an integrator": (
        lambda: LI(3, None, refractory_time=1e-6),
        TypeError,
        "LI: does not take refractory_time",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str) -> None:
    action, kind, words = MISTAKES[mistake]
    with pytest.raises(kind) as caught:
        action()
    text = str(caught.value)
    assert words in text
    if isinstance(caught.value, HXError):
        for problem in caught.value.problems:
            assert problem.where
            assert problem.what
            assert problem.fix


def test_refractoriness_without_spikes_is_a_warning() -> None:
    exp = mock()
    AELIF(3, exp, fire=False, enable_spike_recording=False)(drive())
    text = "Refractory period is not applicable due to specified non-spiking behaviour."
    with pytest.warns(UserWarning, match=text):
        core.run(exp, None)


def test_functions_in_place_of_parameters_are_tolerated_in_mock() -> None:
    """Old scripts pass a function where ``func`` used to be."""
    exp = mock()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        core.HXModule(exp, lambda x: x)
        Synapse(10, 10, exp, lambda x: x)
        Synapse(10, 12, exp, None)
        LIF(10, exp, lambda x: x)

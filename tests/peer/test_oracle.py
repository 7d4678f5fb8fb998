"""Forward values and gradients against recorded outputs of hxtorch.

Tolerances are those of tests/oracle/README.md: other order of float32 sums.
"""

import json
import re
from contextlib import nullcontext
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core import (
    LI,
    LIF,
    BatchDropout,
    Experiment,
    Handle,
    InputNeuron,
    LIFObservables,
    MixedHXModelParameter,
    SparseSynapse,
    Synapse,
    run,
)
from core.datasets.yinyang import YinYangDataset
from core.functional import (
    CuBaStepCode,
    EventPropLIFFunction,
    EventPropSynapseFunction,
    batch_dropout,
    cuba_aelif_integration,
    exp_cuba_li_integration,
    exp_cuba_lif_integration,
    input_neuron,
    linear,
    linear_exponential_clamp,
    linear_sparse,
    reference,
    superspike_func,
)
from core.functional.eventprop import CUBALIFParams, EventPropNeuron
from core.modules.neuron import EventPropLIF
from core.modules.synapse import EventPropSynapse
from core.observables import AnalogObservable
from core.transforms.decode import MaxOverTime, MeanOverTime, SumOverTime
from core.transforms.encode import (
    CoordinatesToSpikes,
    PixelsToSpikeTimes,
    SpikeTimesToDense,
    SpikeTimesToSparseTensor,
)
from core.transforms.weight_transforms import linear_saturating

pytestmark = pytest.mark.peer
ORACLE = Path(__file__).parents[1] / "oracle"


def names(*patterns: str) -> list[str]:
    return sorted(f.stem for p in patterns for f in ORACLE.glob(f"{p}.npz"))


def load(name: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    with np.load(ORACLE / f"{name}.npz") as file:
        data = {k: torch.from_numpy(file[k]) for k in file.files if k != "meta"}
        return data, json.loads(str(file["meta"]))


def assert_close(found: Any, expected: torch.Tensor, tolerance: float = 1e-4) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=tolerance)


def assert_gradient(
    found: torch.Tensor | None, expected: torch.Tensor, tolerance: float = 1e-3
) -> None:
    assert found is not None
    scale = max(float(expected.abs().max()), 1e-30)
    assert float((found - expected).abs().max()) <= tolerance * scale


def integration(name: str) -> tuple[dict[str, Any], dict[str, torch.Tensor], str]:
    """Return arguments of `cuba_aelif_integration`, all data, and the step code."""
    data, meta = load(name)
    flags, injected = meta["flags"], meta.get("injected", {})
    values = {
        k: torch.tensor(v) if isinstance(v, list) else v
        for k, v in meta["params"].items()
    }
    values["g_l"] = values["c_mem"] / values.pop("tau_mem")

    def measured(key: str, name: str) -> torch.Tensor | None:
        return data[key] if injected[name] else None

    hw_data = injected and Handle(
        voltage=AnalogObservable(measured("hw_v", "voltage")),
        adaptation=AnalogObservable(measured("hw_w", "adaptation")),
        spikes=measured("hw_z", "spikes"),
    )
    flags = {**flags, "refractory": bool(values["refractory_time"])}
    code = CuBaStepCode(
        **flags,
        hw_voltage_trace_available=injected.get("voltage", False),
        hw_adaptation_trace_available=injected.get("adaptation", False),
        hw_spikes_available=injected.get("spikes", False),
    ).generate()
    return {**values, **flags, "hw_data": hw_data or None}, data, code


@pytest.mark.parametrize("name", names("integrate_*", "inject_*"))
def test_kernels_equal_the_loop_on_what_was_recorded(name: str) -> None:
    arguments, data, _ = integration(name)
    found = cuba_aelif_integration(data["x"], **arguments)
    with reference():
        expected = cuba_aelif_integration(data["x"], **arguments)
    for a, b in zip(found, expected, strict=True):
        if a is None or b is None:  # no MADC
            assert a is b
        elif arguments["exponential"]:  # the exponential function is our own
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
        else:
            assert torch.equal(a, b)


@pytest.mark.parametrize("way", ["kernels", "loop", "step code"])
@pytest.mark.parametrize("name", names("integrate_*", "inject_*"))
def test_integration(name: str, way: str) -> None:
    arguments, data, code = integration(name)
    flags, x = arguments, data["x"].requires_grad_()
    with reference() if way == "loop" else nullcontext():
        v, v_madc, i, w, w_madc, z = cuba_aelif_integration(
            x,
            **arguments,
            # one more character, and it is not the code of the library any more
            integration_step_code=code + "\n" if way == "step code" else None,
        )
    loss = (v * data["grad_v"]).sum()
    if flags["fire"]:
        loss = loss + (z * data["grad_z"]).sum()
    loss.backward()

    tolerance = 2e-3 if "80" in name else 1e-4  # float32 near 80
    assert_close(v, data["membrane"], tolerance)
    assert_close(i, data["current"])
    assert_close(w, data["adaptation"])
    assert torch.equal(z, data["spikes"])
    assert v_madc is None
    assert w_madc is None
    assert_gradient(x.grad, data["grad_x"], 2e-3 if flags["exponential"] else 1e-3)


def build(meta: dict[str, Any], data: dict[str, torch.Tensor], **changes: Any) -> Any:
    """Return experiment and modules of the recorded two-layer networks."""
    exp = Experiment(mock=True, dt=meta["dt"])
    common = {"leak": 0.0, "tau_mem": 6e-6, "tau_syn": 6e-6, **changes}
    refractory = {"refractory_time": 0.0} if meta.get("refractory_time") == 0 else {}
    hidden = Synapse(5, 8, exp)
    lif = LIF(8, exp, reset=0.0, threshold=1.0, alpha=50.0, **refractory, **common)
    readout = Synapse(8, 3, exp)
    li = LI(3, exp, **common)
    hidden.weight.data = data["w1"]
    readout.weight.data = data["w2"]
    return exp, hidden, lif, readout, li


def assert_network_as_recorded(
    exp: Experiment, layers: tuple[Any, ...], data: dict[str, torch.Tensor]
) -> None:
    """Run two layers and compare all that was recorded, and the gradients."""
    hidden, lif, readout, li = layers
    g1 = hidden(LIFObservables(spikes=data["spikes_in"]))
    z = lif(g1)
    g2 = readout(z)
    y = li(g2)
    run(exp, None)
    loss = y.membrane_cadc.amax(0).square().sum()
    loss.backward()

    assert torch.equal(z.spikes, data["z"])
    for found, key in (
        (g1.graded_spikes, "g1"),
        (z.membrane_cadc, "v"),
        (z.current, "i"),
        (g2.graded_spikes, "g2"),
        (y.membrane_cadc, "y"),
        (y.current, "i2"),
        (loss, "loss"),
    ):
        if key == "i2" and key not in data:  # not recorded of EventProp
            continue
        assert_close(found, data[key])
    assert_gradient(hidden.weight.grad, data["grad_w1"])
    assert_gradient(readout.weight.grad, data["grad_w2"])


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("net_mock_defaultC", {}),
        ("net_mock_norefrac", {}),
        ("net_mock_C_eq_tau", {"membrane_capacitance": 6e-6}),
    ],
)
def test_network(name: str, changes: dict[str, Any]) -> None:
    data, meta = load(name)
    exp, hidden, lif, readout, li = build(meta, data, **changes)
    assert_network_as_recorded(exp, (hidden, lif, readout, li), data)


def test_eventprop_network() -> None:
    data, meta = load("net_mock_eventprop")
    exp = Experiment(mock=True, dt=meta["dt"])
    common = {"leak": 0.0, "tau_mem": 6e-6, "tau_syn": 6e-6}
    hidden = EventPropSynapse(5, 8, exp)
    lif = EventPropLIF(8, exp, reset=0.0, threshold=1.0, **common)
    readout, li = Synapse(8, 3, exp), LI(3, exp, **common)
    hidden.weight.data, readout.weight.data = data["w1"], data["w2"]
    assert_network_as_recorded(exp, (hidden, lif, readout, li), data)


def values_of(parameters: dict[str, float]) -> tuple[float, ...]:
    """Return parameters in the order of `EventPropLIFFunction`."""
    names = ("leak", "reset", "threshold", "tau_syn", "tau_mem")
    return tuple(parameters[name] for name in names)


@pytest.mark.parametrize("interface", [EventPropLIFFunction, EventPropNeuron])
@pytest.mark.parametrize("name", ["eventprop_a", "eventprop_b", "eventprop_dt05"])
def test_eventprop(name: str, interface: Any) -> None:
    data, meta = load(name)
    x = data["input_spikes"].requires_grad_()
    weight = data["weight"].requires_grad_()
    parameters = dict(meta["params"])
    dt = parameters.pop("dt")

    stacked = EventPropSynapseFunction.apply(x, weight)
    stacked.retain_grad()
    if interface is EventPropNeuron:
        found = EventPropNeuron.apply(stacked, CUBALIFParams(**parameters), dt)
    else:
        found = EventPropLIFFunction.apply(stacked, *values_of(parameters), None, dt)
    spikes, membrane, current = found
    (spikes * data["grad_z"]).sum().backward()

    assert torch.equal(spikes, data["spikes"])
    assert_close(stacked, data["stacked"])
    assert_close(membrane, data["membrane"])
    assert_close(current, data["current"])
    assert_gradient(stacked.grad, data["grad_stacked"])
    assert_gradient(x.grad, data["grad_input"])
    assert_gradient(weight.grad, data["grad_weight_per_batch_summed"])


@pytest.mark.parametrize("interface", [EventPropLIFFunction, EventPropNeuron])
@pytest.mark.parametrize("name", names("eventprop_*_hw"))
def test_eventprop_with_measured_spikes(name: str, interface: Any) -> None:
    data, meta = load(name)
    stacked = data["stacked"].requires_grad_()
    parameters = dict(meta["params"])
    dt = parameters.pop("dt")

    if interface is EventPropNeuron:
        params = CUBALIFParams(**parameters)
        hw = (data["hw_z"], None, None)
        found = EventPropNeuron.apply(stacked, params, dt, hw)
    else:
        hw = Handle(voltage=None, adaptation=None, spikes=data["hw_z"])
        found = EventPropLIFFunction.apply(stacked, *values_of(parameters), hw, dt)
    spikes, membrane, current = found
    (spikes * data["grad_z"]).sum().backward()

    assert torch.equal(spikes, data["spikes"])
    assert membrane is None
    assert current is None
    assert_gradient(stacked.grad, data["grad_stacked"])


@pytest.mark.filterwarnings("ignore:exp_cuba_li:DeprecationWarning")
@pytest.mark.parametrize("name", ["exp_lif", "exp_li"])
def test_exponential_decays(name: str) -> None:
    data, meta = load(name)
    x = data["x"].requires_grad_()
    decays = {k: data[k].numpy()[()] for k in ("tau_syn_exp", "tau_mem_exp")}

    if name == "exp_lif":
        spiking = {k: meta[k] for k in ("reset", "threshold", "alpha")}
        spikes, membrane, current, madc = exp_cuba_lif_integration(
            x, leak=meta["leak"], **decays, **spiking, method="superspike"
        )
        loss = (membrane * data["grad_v"]).sum() + (spikes * data["grad_z"]).sum()
        assert torch.equal(spikes, data["spikes"])
    else:
        membrane, current, madc = exp_cuba_li_integration(
            x, leak=meta["leak"], **decays
        )
        loss = (membrane * data["grad_v"]).sum()
    loss.backward()

    assert madc is None
    assert_close(membrane, data["membrane"])
    assert_close(current, data["current"])
    assert_gradient(x.grad, data["grad_x"])


def test_batch_dropout() -> None:
    data, _ = load("batch_dropout")
    assert torch.equal(batch_dropout(data["x"], data["mask"]), data["y"])


@pytest.mark.parametrize("name", ["multi_input", "multi_call_same_neuron"])
def test_neuron_with_two_inputs(name: str) -> None:
    data, _ = load(name)
    exp = Experiment(mock=True)
    first, second = Synapse(2, 3, exp), Synapse(4, 3, exp)
    first.weight.data, second.weight.data = data["wa"], data["wb"]
    spiking = "z" in data
    values: dict[str, Any] = {"leak": 0.0, "tau_mem": 6e-6, "tau_syn": 6e-6}
    lif = {"reset": 0.0, "threshold": 1.0}
    neuron = LIF(3, exp, **lif, **values) if spiking else LI(3, exp, **values)
    a = first(LIFObservables(spikes=data["x1"]))
    b = second(LIFObservables(spikes=data["x2"]))

    if name == "multi_input":
        out = neuron(a, b)
    else:
        out = neuron(a)
        assert neuron(b) is out
    run(exp, None)

    if spiking:
        assert torch.equal(out.spikes, data["z"])
    assert_close(out.membrane_cadc, data["v"])
    assert_close(out.current, data["i"])


def test_linear() -> None:
    data, _ = load("linear")
    assert_close(linear(data["x"], data["w"]), data["y"])


def test_linear_sparse_masks_weights_in_place() -> None:
    data, _ = load("linear_sparse")
    assert_close(linear_sparse(data["x"], data["w"], data["mask"]), data["y"])
    assert torch.equal(data["w"], data["w_after"])


@pytest.mark.parametrize("name", names("linear_expclamp_*"))
def test_linear_exponential_clamp(name: str) -> None:
    data, meta = load(name)
    weight = data["w"].requires_grad_()
    y = linear_exponential_clamp(
        torch.ones(1, 1, 1),
        weight,
        cap=meta["cap"],
        start_weight=meta["start_weight"],
        quantize=meta["quantize"],
    )
    y.sum().backward()
    assert_close(y, data["y"])
    assert_gradient(weight.grad, data["grad_w"])


def test_weight_transform() -> None:
    data, _ = load("weight_transform")
    assert_close(linear_saturating(data["w"]), data["y_default"])
    assert_close(linear_saturating(data["w"], scale=2.0), data["y_scale2"])
    assert_close(linear_saturating(data["w"], 0.5, -10.0, 20.0), data["y_custom"])


def test_synapse_init() -> None:
    data, _ = load("synapse_init")
    torch.manual_seed(11)
    assert torch.equal(
        Synapse(6, 4, Experiment(mock=True)).weight, data["weight_seed11"]
    )


@pytest.mark.parametrize("name", names("yinyang_*"))
def test_yinyang(name: str) -> None:
    data, meta = load(name)
    seed = meta["seed"] if "seed" in meta else int(name.removeprefix("yinyang_seed"))
    dataset = YinYangDataset(
        meta["r_small"], meta["r_big"], size=len(data["classes"]), seed=seed
    )
    for index, target in enumerate(data["classes"].tolist()):
        sample, found = dataset[index]
        assert found == target
        np.testing.assert_allclose(sample, data["samples"][index].numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", names("coordinates_*"))
def test_coordinates_to_spikes(name: str) -> None:
    data, meta = load(name)
    assert torch.equal(CoordinatesToSpikes(**meta)(data["coords"]), data["spikes"])


def test_decoders() -> None:
    data, _ = load("decoders")
    assert_close(MaxOverTime()(data["x"]), data["max"])
    assert_close(SumOverTime()(data["x"]), data["sum"])
    assert_close(MeanOverTime()(data["x"]), data["mean"])


@pytest.mark.parametrize("name", names("superspike_*"))
def test_superspike(name: str) -> None:
    data, meta = load(name)
    x = data["x"].requires_grad_()
    y = superspike_func(x, meta["alpha"])
    y.sum().backward()
    assert torch.equal(y, data["y"])
    assert_gradient(x.grad, data["grad"])


def test_input_neuron() -> None:
    data, _ = load("input_neuron")
    x = data["x"].requires_grad_()
    y = input_neuron(x, data["hw"])
    y.sum().backward()
    assert torch.equal(y, data["y"])
    assert_gradient(x.grad, data["grad_x"])


def test_spike_times_to_dense() -> None:
    data, meta = load("spiketimes_dense")
    encode = SpikeTimesToDense(meta["bin_width"], meta["size"])
    sparse = SpikeTimesToSparseTensor(meta["bin_width"], meta["size"])(data["times"])
    assert torch.equal(encode(data["times"]), data["dense"])
    assert torch.equal(sparse.to_dense(), data["dense"])


@pytest.mark.parametrize("name", ["pixels_small", "pixels_default"])
def test_pixels_to_spike_times(name: str) -> None:
    data, meta = load(name)
    torch.testing.assert_close(PixelsToSpikeTimes(**meta)(data["pic"]), data["times"])


def test_capacitance_and_mixed_parameters_leave_the_model_alone() -> None:
    data, meta = load("net_mock_defaultC")
    exp, hidden, lif, _, _ = build(
        meta, data, leak=MixedHXModelParameter(0.0, hardware_value=80)
    )
    out = lif(hidden(LIFObservables(spikes=data["spikes_in"])))
    run(exp, None)
    assert torch.equal(out.spikes, data["z"])
    assert not any(isinstance(m, InputNeuron) for m in exp.modules.nodes)


def test_sparse_synapse_init() -> None:
    data, meta = load("sparse_synapse_init")
    torch.manual_seed(11)
    synapse = SparseSynapse(data["connections"], Experiment(mock=True))
    assert torch.equal(synapse.weight, data["weight_seed11"])
    assert torch.equal(synapse.mask, data["mask"])
    assert synapse.connections.tolist() == meta["connections_list"]


def test_batch_dropout_mask() -> None:
    data, meta = load("batch_dropout_mask")
    dropout = BatchDropout(meta["size"], meta["dropout"], Experiment(mock=True))
    torch.manual_seed(5)
    assert torch.equal(dropout.set_mask(), data["mask_train_seed5"])
    dropout.eval()
    assert torch.equal(dropout.set_mask(), data["mask_eval"])


def test_every_file_is_used() -> None:
    text = Path(__file__).read_text()
    patterns = re.findall(r'"([a-z][\w*]*)"', text)
    unused = [
        file.stem
        for file in ORACLE.glob("*.npz")
        if not any(fnmatch(file.stem, pattern) for pattern in patterns)
    ]
    assert not unused

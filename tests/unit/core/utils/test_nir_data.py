"""Spikes of a model as recordings of NIR, and back."""

import logging

import nir
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import (
    ConversionError,
    HXError,
    NetworkError,
    ParameterError,
    ShapeError,
)
from core.handle import LIFObservables
from core.utils.from_nir import from_nir
from core.utils.from_nir_data import from_nir_data
from core.utils.to_nir import SNN
from core.utils.to_nir_data import to_nir_data


def model(dt=1e-6):
    return SNN(dt=dt)


def recorded(data, name="lif", observable="spikes"):
    return nir.NIRGraphData({name: nir.NIRNodeData({observable: data})})


def events(times, neurons, t_max, n_neurons=3):
    return nir.EventData(np.array(neurons), np.array(times), n_neurons, t_max)


shapes = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)


@given(
    hnp.arrays(bool, shapes),
    st.sampled_from([torch.bool, torch.float32, torch.float64, torch.uint8]),
    st.sampled_from([1e-6, 0.5e-6, 2e-6, 7e-7]),
    st.sampled_from([1e-3, 1.0, 2e-4]),
    st.sampled_from(["grid", "events"]),
)
def test_spikes_come_back_exactly(spikes, dtype, dt, factor, form):
    snn = model(dt)
    given_spikes = torch.from_numpy(spikes).to(dtype)
    data = to_nir_data({"a": given_spikes, "b.c": given_spikes}, snn, form, factor)
    found = from_nir_data(data, snn, time_factor=factor)
    assert found.keys() == {"a", "b.c"}
    assert found["a"].dtype == torch.float32
    assert torch.equal(found["a"], given_spikes.float())
    gridded = to_nir_data(found, snn).nodes["a"].observables["spikes"]
    assert gridded.data.dtype == bool
    assert gridded.data.tolist() == spikes.swapaxes(0, 1).tolist()
    assert gridded.dt == dt


@given(hnp.arrays(bool, shapes), st.sampled_from([1e-6, 0.5e-6, 7e-7]))
def test_events_of_nir_fall_into_the_steps_they_came_from(spikes, dt):
    snn = model(dt)
    gridded = to_nir_data({"a": torch.from_numpy(spikes)}, snn)
    data = gridded.nodes["a"].observables["spikes"].to_event(n_events=64)
    found = from_nir_data(recorded(data, "a"), snn)["a"]
    assert torch.equal(found, torch.from_numpy(spikes).float())


@given(st.sampled_from([1e-6, 0.5e-6, 7e-7, 1.3e-7]), st.integers(1, 3000))
def test_nir_itself_finds_our_events_in_their_steps(dt, steps):
    spikes = torch.zeros(steps, 1, 2)
    spikes[::3, 0, 1] = spikes[-1, 0, 0] = 1
    data = to_nir_data({"a": spikes}, model(dt), "events").nodes["a"]
    data = data.observables["spikes"]
    data.t_max += dt / 2  # nir cuts the length off without slack
    found = data.to_time_gridded(dt).data
    assert found[0].tolist() == (spikes[:, 0] != 0).tolist()


@pytest.mark.parametrize(
    ("dt", "steps"), [(1e-6, 6), (1e-6, 999), (1e-6, 1000), (1e-6, 2500), (5e-7, 40000)]
)
def test_events_in_seconds_are_read_however_long_they_last(dt, steps):
    # They were taken for milliseconds from 1000 steps on.
    times = [[0.0, 4.5 * dt, (steps - 1) * dt, np.inf]]
    data = events(times, [[2, 0, 1, -1]], steps * dt)
    found = from_nir_data(recorded(data), model(dt))["lif"]
    assert found.shape == (steps, 1, 3)
    assert found.nonzero().tolist() == [[0, 0, 2], [4, 0, 0], [steps - 1, 0, 1]]


def test_data_in_another_unit_come_with_a_factor():
    data = events([[0.0, 4.5e-3, np.inf]], [[2, 0, -1]], 6e-3)
    found = from_nir_data(recorded(data), model(), time_factor=1e-3)["lif"]
    assert found.shape == (6, 1, 3)
    assert found.nonzero().tolist() == [[0, 0, 2], [4, 0, 0]]


@pytest.mark.parametrize("factor", [0, -1.0, np.inf, np.nan])
def test_a_factor_that_is_none_is_refused(factor):
    with pytest.raises(ParameterError, match="NIR data: the time factor is"):
        to_nir_data({}, model(), time_factor=factor)


def test_signals_of_a_handle_are_values_on_the_grid():
    snn = model()
    spikes, membrane = torch.eye(4)[:, None, :3], torch.randn(4, 1, 3)
    handle = LIFObservables(spikes=spikes, membrane_cadc=membrane)
    data = to_nir_data({"lif": handle, "input": spikes}, snn, "events")
    assert isinstance(data.nodes["lif"].observables["spikes"], nir.EventData)
    trace = data.nodes["lif"].observables["membrane_cadc"]
    assert (trace.shape, trace.dt) == ((1, 4, 3), 1e-6)
    read = from_nir_data(data, snn, "membrane_cadc")
    assert read.keys() == {"lif"}
    assert torch.equal(read["lif"], membrane)
    assert from_nir_data(data, snn, "spikes").keys() == {"lif", "input"}
    with pytest.raises(NotImplementedError, match="it holds membrane_cadc"):
        from_nir_data(data, snn)


def test_all_handles_of_a_model_can_be_given_after_a_run():
    one = np.ones(2)
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([3])}),
        nir.Linear(np.ones((2, 3))),
        nir.CubaLIF(0.01 * one, 0.01 * one, one, 0 * one, one),
    )
    snn = from_nir(graph)
    given = torch.ones(20, 1, 3)
    found = snn({"input": given})
    data = to_nir_data(snn.handles, snn)  # the synapse has recorded nothing
    assert data.nodes.keys() == {"input", *found}
    read = from_nir_data(data, snn, "spikes")
    for name, spikes in {"input": given, **found}.items():
        assert torch.equal(read[name], spikes)


def test_an_empty_handle_and_an_unknown_form_are_refused():
    with pytest.raises(ConversionError, match="node 'lif': its handle is empty"):
        to_nir_data({"lif": LIFObservables()}, model())
    with pytest.raises(ParameterError, match="the form is 'dense'"):
        to_nir_data({}, model(), "dense")


def test_values_of_events_are_kept():
    data = nir.ValuedEventData(
        np.array([[0, 1]]), np.array([[0.0, 1e-6]]), 2, 2e-6, np.array([[0.5, -2.0]])
    )
    found = from_nir_data(recorded(data), model())["lif"]
    assert found[:, 0].tolist() == [[0.5, 0.0], [0.0, -2.0]]


def test_gridded_values_are_kept():
    values = np.arange(6, dtype=np.float64).reshape(1, 2, 3) / 7
    found = from_nir_data(recorded(nir.TimeGriddedData(values, 1e-6)), model())["lif"]
    np.testing.assert_array_equal(found[:, 0].numpy(), values[0].astype(np.float32))


@pytest.mark.parametrize(("dt", "told"), [(1e-6, 0), (1e-4, 1)])
def test_another_step_is_told(dt, told, caplog):
    data = nir.TimeGriddedData(np.zeros((1, 4, 1), bool), dt)
    with caplog.at_level(logging.WARNING):
        assert from_nir_data(recorded(data), model())["lif"].shape == (4, 1, 1)
    assert caplog.text.count("steps are taken as they are") == told


def test_spikes_with_gradients_are_written():
    spikes = torch.ones(2, 1, 1, requires_grad=True) * 1.0
    data = to_nir_data({"a": spikes}, model())
    assert data.nodes["a"].observables["spikes"].data.all()


def test_all_that_is_no_spikes_is_named_in_one_error():
    spikes = nir.TimeGriddedData(np.zeros((1, 2, 1)), 1e-3)
    data = nir.NIRGraphData(
        {
            "a": nir.NIRNodeData({"v": spikes, "spikes": spikes}),
            "b": nir.NIRGraphData({}),
            "c": nir.NIRNodeData({}),
            "d": nir.NIRNodeData({"spikes": spikes}),
        }
    )
    with pytest.raises(NotImplementedError) as caught:
        from_nir_data(data, model())
    assert isinstance(caught.value, HXError)
    assert str(caught.value).splitlines() == [
        "node 'a': it holds v. Only spikes can be read.",
        "node 'b': it is a graph in the graph. Take its nodes out.",
        "node 'c': it holds nothing. Only spikes can be read.",
    ]


@pytest.mark.parametrize(
    ("times", "neurons"), [([[7e-6]], [[0]]), ([[0.0]], [[3]]), ([[-1.0]], [[0]])]
)
def test_events_outside_of_the_recording_are_refused(times, neurons):
    data = events(times, neurons, 6e-6)
    with pytest.raises(ShapeError, match="node 'lif': an event lies outside"):
        from_nir_data(recorded(data), model())


def test_what_is_no_data_is_refused():
    with pytest.raises(ConversionError, match="they are a dict"):
        from_nir_data({}, model())
    with pytest.raises(ConversionError, match="its spikes are a list"):
        from_nir_data(recorded([1.0]), model())
    with pytest.raises(
        ShapeError, match=r"spikes of 'a': they have the shape \(2, 3\)"
    ):
        to_nir_data({"a": torch.zeros(2, 3)}, model())
    with pytest.raises(ConversionError, match="the spikes are a Tensor"):
        to_nir_data(torch.zeros(2, 3, 1), model())
    with pytest.raises(ConversionError) as caught:
        to_nir_data(
            {
                "a": np.zeros((2, 3, 1)),
                "b": None,
                "c": torch.ones(2, 3, 1).to_sparse(),
                "d": torch.ones(2, 3, 1),
            },
            model(),
        )
    fix = " Give a dense tensor of shape (time, batch, neurons)."
    assert str(caught.value).splitlines() == [
        f"spikes of 'a': they are a ndarray.{fix}",
        f"spikes of 'b': they are a NoneType.{fix}",
        f"spikes of 'c': they are a sparse tensor.{fix}",
    ]
    with pytest.raises(NetworkError, match="Linear: it has no experiment"):
        to_nir_data({}, torch.nn.Linear(1, 1))

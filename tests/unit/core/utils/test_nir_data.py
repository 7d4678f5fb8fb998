"""Spikes of a model as recordings of NIR, and back."""

import logging

import nir
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import ConversionError, HXError, NetworkError, ShapeError
from core.utils.from_nir_data import from_nir_data
from core.utils.to_nir import SNN
from core.utils.to_nir_data import to_nir_data


def model(dt=1e-6, time_factor=1e-3):
    snn = SNN(dt=dt)
    snn.time_factor = time_factor
    return snn


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
)
def test_spikes_come_back_exactly(spikes, dtype, dt, factor):
    snn = model(dt, factor)
    given_spikes = torch.from_numpy(spikes).to(dtype)
    data = to_nir_data({"a": given_spikes, "b.c": given_spikes}, snn)
    gridded = data.nodes["a"].observables["spikes"]
    assert gridded.data.dtype == bool
    assert gridded.data.tolist() == spikes.swapaxes(0, 1).tolist()
    assert gridded.dt == pytest.approx(dt / factor, rel=1e-12)

    found = from_nir_data(data, snn)
    assert found.keys() == {"a", "b.c"}
    assert found["a"].dtype == torch.float32
    assert torch.equal(found["a"], given_spikes.float())
    again = to_nir_data(found, snn).nodes["a"].observables["spikes"]
    assert again.data.tolist() == gridded.data.tolist()


@given(hnp.arrays(bool, shapes), st.sampled_from([1e-6, 0.5e-6, 7e-7]))
def test_events_fall_into_the_steps_they_came_from(spikes, dt):
    snn = model(dt)
    gridded = to_nir_data({"a": torch.from_numpy(spikes)}, snn)
    data = gridded.nodes["a"].observables["spikes"].to_event(n_events=64)
    found = from_nir_data(recorded(data, "a"), snn)["a"]
    assert torch.equal(found, torch.from_numpy(spikes).float())


@pytest.mark.parametrize(
    ("times", "t_max", "factor"),
    [
        ([[0.0, 4.5e-3, np.inf]], 6e-3, 1e-3),
        ([[0.0, 4.5e-6, np.inf]], 6e-6, 1.0),
        # As in the unit of the graph it would not last a step, it is in seconds.
        ([[0.0, 4.5e-6, np.inf]], 6e-6, 1e-3),
    ],
)
def test_event_times_are_in_the_unit_of_the_graph(times, t_max, factor):
    data = events(times, [[2, 0, -1]], t_max)
    found = from_nir_data(recorded(data), model(1e-6, factor))["lif"]
    assert found.shape == (6, 1, 3)
    assert found.nonzero().tolist() == [[0, 0, 2], [4, 0, 0]]


def test_a_model_without_a_time_factor_counts_in_milliseconds():
    net = torch.nn.Module()
    net.exp = SNN(dt=2e-6).exp
    data = to_nir_data({"a": torch.zeros(4, 1, 1)}, net)
    assert data.nodes["a"].observables["spikes"].dt == 0.002


def test_values_of_events_are_kept():
    data = nir.ValuedEventData(
        np.array([[0, 1]]), np.array([[0.0, 1e-3]]), 2, 2e-3, np.array([[0.5, -2.0]])
    )
    found = from_nir_data(recorded(data), model())["lif"]
    assert found[:, 0].tolist() == [[0.5, 0.0], [0.0, -2.0]]


def test_gridded_values_are_kept():
    values = np.arange(6, dtype=np.float64).reshape(1, 2, 3) / 7
    found = from_nir_data(recorded(nir.TimeGriddedData(values, 1e-3)), model())["lif"]
    np.testing.assert_array_equal(found[:, 0].numpy(), values[0].astype(np.float32))


@pytest.mark.parametrize(("dt", "told"), [(1e-3, 0), (1e-6, 0), (1e-4, 1)])
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
    ("times", "neurons"), [([[7e-3]], [[0]]), ([[0.0]], [[3]]), ([[-1.0]], [[0]])]
)
def test_events_outside_of_the_recording_are_refused(times, neurons):
    data = events(times, neurons, 6e-3)
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

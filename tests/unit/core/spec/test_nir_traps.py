"""What people trip over when files of one framework are read by another."""

import io

import h5py
import nir
import numpy as np
import pytest
import torch

from core.errors import ConversionError
from core.spec.nir_io import from_nir, read_nir_bytes, write_nir_bytes


def graph(neurons, weight=np.ones((2, 3)), edges=(), size=2):  # noqa: B008, a value
    nodes = {
        "in": nir.Input([3]),
        "w": nir.Affine(
            np.ones((size, 3)) if weight is None else weight, np.zeros(size)
        ),
        "lif": neurons,
        "out": nir.Output([size]),
    }
    path = [("lif", "out"), ("w", "lif"), ("in", "w"), *edges]
    return nir.NIRGraph(nodes, path, type_check=False)


def cuba(shape=(2,), **values):
    values = {
        "tau_mem": 10e-3, "tau_syn": 5e-3, "r": 1.0, "v_leak": 0.0, "v_reset": 0.0,
        "v_threshold": 1.0, "w_in": 1.0,
    } | values  # fmt: skip
    return nir.CubaLIF(**{k: np.full(shape, v) for k, v in values.items()})


def neurons_of(given, factor=None):
    return from_nir(given, factor).network.population("lif")


def test_seconds_and_milliseconds_differ_by_the_time_factor_alone():
    biological, chip = cuba(), cuba(tau_mem=10e-6, tau_syn=5e-6)
    a, b = neurons_of(graph(biological), 1e-3), neurons_of(graph(chip), 1.0)
    assert a.tau_mem == pytest.approx(b.tau_mem)
    assert a.membrane_capacitance == pytest.approx(b.membrane_capacitance)


def test_the_braille_layer_of_the_nir_paper_names_a_factor_that_fits():
    layer = cuba(tau_mem=1e-3, tau_syn=2.22e-4, r=10.0, w_in=2.22)
    found = from_nir(graph(layer), 1e-3)
    assert found.dt == pytest.approx(1e-7, rel=1e-3)
    assert found.report.fitting_factor == pytest.approx(1e-2)
    assert "All times fit with time factor 0.01." in found.report.text()


@pytest.mark.parametrize(
    ("layer", "capacitance", "gain"),
    [
        (cuba(), 10e-6, 1),  # norse, hxtorch
        (cuba(r=10.0, w_in=5.0), 1e-6, 1),  # snnTorch: dt = 1 ms
        (cuba(r=10 * np.exp(-0.1)), 1e-6 * np.exp(0.1), 1),  # Rockpool
        (cuba(w_in=0.5), 10e-6, 0.5),  # a gain and no step
    ],
)
def test_conventions_of_r_and_w_in(layer, capacitance, gain):
    found = from_nir(graph(layer), 1e-3)
    lif = found.network.population("lif")
    assert lif.membrane_capacitance == pytest.approx(capacitance)
    assert np.all(found.network.projection("w").weights == gain)


def test_a_file_without_v_reset_opens_and_says_what_was_taken():
    file = io.BytesIO(write_nir_bytes(graph(cuba(v_reset=0.3))))
    with h5py.File(file, "r+") as opened:
        del opened["node/nodes/lif/v_reset"]
    found = from_nir(read_nir_bytes(file.getvalue()))
    assert found.network.population("lif").reset.model == 0.0
    assert (
        "reset the membrane to v_reset, 0 if the file has none" in found.report.text()
    )


def test_a_writer_that_subtracts_the_threshold_is_warned_of():
    assert (
        "subtracts the threshold has other rates"
        in from_nir(graph(cuba())).report.text()
    )


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1), (1, 2)])
def test_parameters_of_any_shape_open(shape):
    lif = neurons_of(graph(cuba(shape)))
    assert (lif.size, lif.tau_mem) == (2, 10e-6)


def test_tensors_of_torch_open():
    layer = cuba()
    for name, value in vars(layer).items():
        if isinstance(value, np.ndarray):
            setattr(layer, name, torch.tensor(value, requires_grad=True))
    weight = torch.full((2, 3), 0.5, requires_grad=True)
    found = from_nir(graph(layer, weight))
    assert found.network.population("lif").tau_mem == 10e-6
    assert found.network.projection("w").weights.tolist() == [[0.5] * 3] * 2


@pytest.mark.parametrize(("r", "factor"), [(1e4, 1e-2), (1.0, 1e-3)])
def test_an_integrator_adds_the_weight_in_each_step(r, factor):
    # spikingjelly writes r = 1 / dt, Sinabs and Norse write 1 and mean the same.
    layer = nir.IF(*[np.full(2, v) for v in (r, 1.0, 0.0)])
    assert neurons_of(graph(layer), factor).membrane_capacitance == pytest.approx(1e-6)


def test_two_equal_edges_are_one():
    found = from_nir(graph(cuba(), edges=[("in", "w")]))
    assert len(found.network.projections) == 1
    assert "2 equal edges to 'w' are read as one" in found.report.text()


def test_a_dangling_edge_is_refused_by_name():
    with pytest.raises(ConversionError, match="joins it to 'lif_2', which does not"):
        from_nir(graph(cuba(), edges=[("w", "lif_2")]))

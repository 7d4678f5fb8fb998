"""What a run recorded leaves in each kind of file, and comes back by the door."""

import io

import nir
import numpy as np
import pytest

from core.simulate import PopulationResult, Raster, RunResult, Signal, simulate
from core.spec.examples import first_steps
from core.spec.stimulus import SpikeTimes
from workbench.recorded import FORMS, recordings, spike_file
from workbench.uploads import read_upload


@pytest.fixture(scope="module")
def result():
    return simulate(first_steps())


@pytest.mark.parametrize(("form", "ending"), FORMS.items())
def test_saved_spikes_open_as_the_input_that_gave_them(result, form, ending):
    spec = first_steps()
    upload = read_upload(f"mine{ending}", spike_file(result, form))
    driven, notes = upload.opened_over(spec, "mine")
    assert {type(s) for s in driven.stimuli} == {SpikeTimes}
    again = simulate(driven)
    for name, found in result.populations.items():
        if found.spikes is not None:
            np.testing.assert_allclose(
                again.populations[name].spikes.time, found.spikes.time, rtol=1e-12
            )
    assert any("are of no input" in note.what for note in notes)


@pytest.mark.parametrize("factor", [1e-3, 1e-2, 1.0])
def test_spikes_are_saved_and_opened_in_the_time_of_the_file_of_the_network(
    result, factor
):
    raw = spike_file(result, "NIRData", factor)
    node = nir.read_data(io.BytesIO(raw)).nodes["input"].observables["spikes"]
    assert node.t_max * factor == pytest.approx(result.duration, rel=1e-12)
    upload = read_upload("mine.nir", raw, of_network=factor)
    driven, notes = upload.opened_over(first_steps(), "mine")
    again = simulate(driven).populations["hidden"].spikes
    hidden = result.populations["hidden"].spikes
    np.testing.assert_allclose(again.time, hidden.time, rtol=1e-12)
    used = f"with the time factor {factor:g} of the network it lasts 200 µs."
    assert used in [note.what for note in notes]
    # In seconds, as other programs of the chip write, it is 1000 times too short.
    raw = spike_file(result, "NIRData", 1.0)
    upload = read_upload("mine.nir", raw, of_network=1e-3)
    assert upload.recordings[0].duration == pytest.approx(result.duration)
    told = "time factor 0.001 of the network it lasts 200 ns, as no run can: it is"
    assert any(told in note.what for note in upload.notes)


def test_a_file_of_spikes_alone_makes_a_document(result):
    spec = read_upload("mine.csv", spike_file(result, "CSV")).document("mine")
    assert next(p.name for p in spec.network.populations) == "hidden"
    assert len(spec.stimuli) == len(spec.network.populations)


def test_nir_reads_spikes_and_membranes(result):
    data = nir.read_data(io.BytesIO(spike_file(result, "NIRData")))
    node = data.nodes["hidden"].observables
    assert isinstance(node["spikes"], nir.EventData)
    assert (
        node["membrane"].shape[1:] == result.populations["hidden"].membrane.values.shape
    )
    assert node["membrane"].t_max == pytest.approx(result.duration)


def test_samples_of_the_chip_are_values_with_times_of_their_own():
    times = np.array([[0.0, 1e-7], [2e-6, 2.1e-6]])
    cadc = Signal(times, np.array([[1.0, 2.0], [3.0, 4.0]]))
    madc = Signal(np.array([5e-7]), np.array([[0.5]]))
    found = PopulationResult(
        "n",
        2,
        chip_spikes=Raster(np.zeros(0), np.zeros(0, int)),
        cadc=cadc,
        madc=madc,
        madc_neuron=1,
    )
    made = RunResult("", "chip", 4e-6, {"n": found})
    node = nir.read_data(io.BytesIO(spike_file(made, "NIRData"))).nodes["n"].observables
    data = node["membrane_cadc"]
    assert data.idx.tolist() == [[0, 1, 0, 1]]
    assert data.time.tolist() == [[0.0, 1e-7, 2e-6, 2.1e-6]]
    assert data.value.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert (node["membrane_madc"].idx.tolist(), data.n_neurons) == ([[1]], 2)
    assert node["spikes"].idx.tolist() == [[-1]]
    assert recordings(made)[0].times.size == 0
    assert spike_file(None, "CSV") == b""

"""Recorded spikes: their files, and what they are as stimuli of a document."""

import io
import zipfile

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConversionError
from core.spec import recordings as limits
from core.spec import spike_table
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.network import InputSpec, LIFSpec, NetworkSpec
from core.spec.nir_recordings import (
    from_graph_data,
    read_nir_data_bytes,
    to_graph_data,
    write_nir_data_bytes,
)
from core.spec.recordings import Recording, as_stimuli, file_names
from core.spec.spike_table import from_csv, from_npz, read_npz, to_csv, to_npz
from core.spec.stimulus import PoissonSpikes, SpikeTimes, spikes

US = 1e-6


def recording(name="a", times=(1.0, 3.0), neurons=(0, 2), size=3, duration=10.0):
    return Recording(
        name, size, duration * US, np.array(times, float) * US, np.array(neurons, int)
    )


def rows(found):
    """Return all spikes of ``found``, in an order of their own."""
    return sorted(
        (r.name, float(t), int(n))
        for r in found
        for t, n in zip(r.times, r.neurons, strict=True)
    )


names = st.text(
    st.characters(categories=["L", "N", "P", "S"]) | st.just(" "), max_size=6
)
spike = st.tuples(st.floats(0, 1e-2), st.integers(0, 4))
trains = st.dictionaries(
    names, st.lists(spike, min_size=1, max_size=8), min_size=1, max_size=3
)


@settings(max_examples=30)
@given(trains)
def test_spikes_come_back_exactly_from_each_kind_of_file(found):
    made = [
        Recording(n, 5, 0.01, np.array([t for t, _ in s]), np.array([k for _, k in s]))
        for n, s in found.items()
    ]
    assert rows(from_csv(to_csv(made))) == rows(made)
    in_file = file_names(found)
    raw = write_nir_data_bytes(to_graph_data(made))
    read, notes, factor = from_graph_data(read_nir_data_bytes(raw))
    assert rows(read) == sorted((in_file[n], t, k) for n, t, k in rows(made))
    assert (notes, factor) == ((), 1.0)
    assert {(r.size, r.duration) for r in read} == {(5, 0.01)}
    assert rows(from_npz(to_npz(made))) == rows(made)


@pytest.mark.parametrize(
    "text",
    [
        "time_s,neuron\n1e-6,2\n",
        "# made by hand\nNeuron , time_s\n\n2,0.000001\n",
        '"time_s","neuron"\r\n"1E-6","2"\r\n',
    ],
)
def test_tables_of_others_are_read(text):
    assert rows(from_csv(text)) == [("", 1e-6, 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column time_s and neuron is missing. Write the first line 'time_s,ne"),
        ("time_s\n1\n", "the column neuron is missing."),
        ("time_s,neuron\n", "table: it holds no spike."),
        ("time_s,neuron\n1,x\n", "row 2 is '1,x'. Write a time in seconds and a who"),
        ("time_s,neuron\n1\n", "row 2 is '1'."),
        ("time_s,neuron\nnan,1\n", "row 2 holds a number that is too large."),
        ("time_s,neuron\n1,99999999999999999\n", "row 2 holds a number that is too"),
        ("time_s,neuron\n-1,0\n", "spikes: some times are negative or no numbers."),
        ("time_s,neuron\n1,-1\n", "spikes: a spike is of neuron -1."),
        ("time_s,neuron\n1,100000\n", "they have 100001 neurons, 100000 are allowed."),
        ('time_s,neuron\n"1,2\n', "unexpected end of data. Write a plain table."),
    ],
)
def test_what_is_no_table_is_refused(text, message):
    with pytest.raises(ConversionError) as caught:
        from_csv(text)
    assert message in str(caught.value)


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def lying(head):
    """Return an archive whose array announces more than it has."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        text = f"{head}\n".encode()
        content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
        archive.writestr("time_s.npy", content + bytes(8))
    return file.getvalue()


HEAD = "{{'descr': '{}', 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"PK", "NPZ file: it is damaged (BadZipFile)."),
        (npz(a=np.zeros(1)), "it holds a. Save arrays time_s and neuron."),
        (npz(time_s=np.zeros(2), neuron=np.zeros(1, int)), "has the shape (2,), neur"),
        (npz(time_s=np.zeros(1), neuron=np.zeros(1)), "types are float64, float64 and"),
        (npz(time_s=np.zeros(1), neuron=np.array([None])), "has the type 'O'."),
        (npz(**{f"a{n}": np.zeros(1) for n in range(17)}), "17 arrays, 16 are allowed"),
        (npz(time_s=np.zeros(9_000_000)), "it unpacks to more than 64 MB."),
        (npz(time_s=np.zeros(10**5 + 1), neuron=np.zeros(10**5 + 1, int)), "100001 sp"),
        (lying(HEAD.format("<f8", (10**12,))), "announces another size than it has."),
        (lying(HEAD.format("<f8", (-1,))), "announces another size than it has."),
        (lying(HEAD.format("|V8", (1,))), "has the type 'V'."),
        (lying(HEAD.format("|O", (1,))), "has the type 'O'."),
        (lying("{" * 3_000), "it is damaged ("),
    ],
)
def test_what_is_no_npz_of_spikes_is_refused_before_it_is_allocated(raw, message):
    with pytest.raises(ConversionError) as caught:
        from_npz(raw)
    assert message in str(caught.value)


def test_an_archive_that_unpacks_to_more_than_it_announces_is_cut_there():
    raw = bytearray(npz(a=np.zeros(1 << 16)))
    size = (128 + (8 << 16)).to_bytes(4, "little")
    assert raw.count(size) >= 1
    raw = raw.replace(size, (200).to_bytes(4, "little"))
    with pytest.raises(ConversionError):
        read_npz(bytes(raw), 1_000)


def test_rows_are_counted(monkeypatch):
    monkeypatch.setattr(spike_table, "MAX_SPIKES", 1)
    with pytest.raises(ConversionError, match="it has more than 1 rows"):
        from_csv(to_csv([recording()]))
    monkeypatch.setattr(limits, "MAX_SPIKES", 1)
    with pytest.raises(ConversionError, match="it holds 2 spikes, 1 are allowed"):
        from_graph_data(to_graph_data([recording()]))


def node(spikes):
    return nir.NIRGraphData({"a": nir.NIRNodeData({"spikes": spikes})})


def test_a_grid_of_several_samples_gives_its_first():
    data = np.zeros((2, 5, 3), bool)
    data[0, 4, 1] = data[1, 0, 0] = True
    found, notes, factor = from_graph_data(node(nir.TimeGriddedData(data, 1e-6)))
    assert rows(found) == [("a", 4e-6, 1)]
    assert (found[0].size, found[0].duration, factor) == (3, pytest.approx(5e-6), 1.0)
    assert [n.what for n in notes] == ["it holds 2 samples: the first one is used."]


def test_a_recording_too_long_for_a_run_is_taken_to_be_slow_and_says_so():
    data = np.zeros((1, 100, 1), bool)
    data[0, 50] = True
    found, notes, factor = from_graph_data(node(nir.TimeGriddedData(data, 1e-3)))
    assert (rows(found), factor) == ([("a", pytest.approx(50e-6), 0)], 1e-3)
    assert "its 0.1 are taken as 0.0001 s" in notes[0].what
    found, notes, _ = from_graph_data(node(nir.TimeGriddedData(data, 1e-3)), 1e-4)
    assert (rows(found)[0][1], notes) == (pytest.approx(5e-6), ())


def events(idx, time, size=2, t_max=1e-5):
    return nir.EventData(np.array(idx), np.array(time), size, t_max)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (node(events([[2]], [[0.0]])), "spikes of 'a': a spike is of neuron 2."),
        (node(events([[-2]], [[0.0]])), "spikes of 'a': a spike is of neuron -2."),
        (node(events([[0]], [[np.nan]])), "some times are negative or no numbers."),
        (node(events([[0]], [[0.0]], t_max=np.nan)), "they last nan s."),
        (node(events([[0]], [[0.0]], size=10**9)), "1000000000 neurons, 100000 are"),
        (node(events([[0.5]], [[0.0]])), "its events have the shape (1, 1) and types"),
        (node(events([0], [0.0])), "Write whole numbers and times of shape (samples,"),
        (node(nir.TimeGriddedData(np.zeros((0, 2, 2)), 1.0)), "it holds no sample."),
        (node(nir.TimeGriddedData(np.zeros((1, 2, 2)), 0.0)), "steps of 0. Write num"),
        (nir.NIRGraphData({"a": nir.NIRGraphData({})}), "it is a graph in the graph."),
        (nir.NIRGraphData({"a": nir.NIRNodeData({})}), "it holds no spikes."),
    ],
)
def test_damaged_recordings_are_refused(data, message):
    with pytest.raises(ConversionError) as caught:
        from_graph_data(data)
    assert message in str(caught.value)


def document(*populations, runtime=10 * US):
    return ExperimentSpec(
        NetworkSpec(populations),
        stimuli=(PoissonSpikes("a"), PoissonSpikes("b")),
        run=RunSpec(runtime=runtime),
    )


def test_a_recording_drives_the_input_of_its_name_at_its_times():
    spec = document(InputSpec("a", size=3), InputSpec("b", size=1), LIFSpec("c"))
    spec, notes = as_stimuli(spec, [recording(), recording("c")])
    assert spec.stimuli[0] == PoissonSpikes("b")
    assert spec.stimuli[1] == SpikeTimes("a", times=((1e-6,), (), (3e-6,)))
    grid = spikes(spec.stimuli[1], 3, 10, 1e-6)
    assert np.argwhere(grid).tolist() == [[1, 0], [3, 2]]
    assert [str(note) for note in notes] == [
        "recording: the spikes of 'c' are of no input. They are left out.",
        "input 'a': it sends the 2 spikes of the file.",
    ]


def test_a_recording_drives_an_input_whose_name_no_file_can_hold():
    spec, _ = as_stimuli(document(InputSpec("x/y", size=3)), [recording("x_y")])
    assert spec.stimulus("x/y").times[0] == (1e-6,)


def test_the_only_recording_drives_the_only_input_whatever_its_name():
    spec, _ = as_stimuli(document(InputSpec("in", size=8)), [recording("")])
    assert len(spec.stimulus("in").times) == 8


@pytest.mark.parametrize(
    ("duration", "runtime", "told"),
    [
        (5.0, 10 * US, None),
        (500.0, 500 * US, "it lasts 500 µs now, as long as the recording."),
        (50e3, 10e-3, "lasts 50 ms, a run at most 10 ms: later spikes are not sent."),
    ],
)
def test_the_run_becomes_as_long_as_the_recording(duration, runtime, told):
    spec, notes = as_stimuli(
        document(InputSpec("a", size=3)), [recording(duration=duration)]
    )
    assert spec.run.runtime == pytest.approx(runtime)
    said = [note.what for note in notes if note.where == "run"]
    assert said[0].endswith(told) if told else not said


def test_a_recording_that_fits_nowhere_is_refused_and_says_why():
    inputs = InputSpec("a", size=2), InputSpec("b", size=2)
    with pytest.raises(ConversionError) as caught:
        as_stimuli(document(*inputs), [recording("x"), recording("y")])
    assert str(caught.value) == (
        "recording: it holds spikes of 'x', 'y'; the document has the inputs 'a', 'b'."
        " Give an input the name of the recorded population."
    )
    with pytest.raises(ConversionError) as caught:
        as_stimuli(document(*inputs), [recording("a"), recording("b")])
    assert str(caught.value).splitlines() == [
        f"input '{name}': it has 2 channels, the recording spikes of neuron 2."
        " Set its size to 3."
        for name in "ab"
    ]

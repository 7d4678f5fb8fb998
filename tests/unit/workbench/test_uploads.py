import io
import itertools
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from core.errors import ConversionError
from core.spec.examples import first_steps
from core.spec.json_io import to_json
from core.spec.network import InputSpec, LIFSpec, NetworkSpec
from core.spec.nir.operators import MAX_ALL_WEIGHTS, MAX_WEIGHTS
from core.spec.nir.support import table
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes
from core.spec.stimulus import PoissonSpikes
from workbench import hdf5_check, uploads
from workbench.uploads import experiment_of, read_upload

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
NETWORK = first_steps().network


def valid():
    return write_nir_bytes(to_nir(NETWORK))


def changed(change):
    """Return a valid file after ``change(h5py.File)``."""
    file = io.BytesIO(valid())
    with h5py.File(file, "r+") as f:
        change(f)
    return file.getvalue()


def refusal(name, raw, *args):
    with pytest.raises(ConversionError) as caught:
        read_upload(name, raw, *args)
    return str(caught.value)


def weight(file):
    """Return the path of a weight matrix."""
    name = NETWORK.projections[0].name
    return file, f"node/nodes/{name}/weight"


def test_a_json_file_is_a_document():
    spec = first_steps()
    upload = read_upload("Net.JSON", to_json(spec).encode())
    assert (upload.spec, upload.network) == (spec, None)


def test_a_json_file_may_start_with_a_byte_order_mark():
    raw = b"\xef\xbb\xbf" + to_json(first_steps()).encode()
    assert read_upload("a.json", raw).spec == first_steps()


def test_a_nir_file_is_a_network():
    upload = read_upload("a.nir", valid())
    assert (upload.spec, upload.network) == (None, NETWORK)
    assert (upload.notes, upload.time_factor, upload.dt) == ((), 1e-3, None)


@pytest.mark.parametrize(
    ("name", "factor", "dt"),
    [("norse_lif_4_10_2.nir", 1.0, None), ("snntorch_synaptic_4_10_2.nir", 1e-2, 1e-6)],
)
def test_files_of_other_frameworks_open(name, factor, dt):
    upload = read_upload(name, (DATA / name).read_bytes(), factor)
    lif = upload.network.populations[1]
    assert (lif.size, lif.tau_mem, lif.tau_syn) == (10, 10e-6, 5e-6)
    assert upload.time_factor == factor
    assert upload.dt == pytest.approx(dt)
    assert {note.severity for note in upload.notes} == {"note"}
    found = from_nir(read_nir_bytes((DATA / name).read_bytes()), factor)
    assert upload.report == found.report


def test_a_document_from_a_recurrent_file_of_others_has_prompt_loops():
    graph = nir.NIRGraph(
        {
            "in": nir.Input({"input": np.array([1])}),
            "w": nir.Linear(np.ones((1, 1))),
            "lif": nir.LIF(*(np.ones(1) for _ in range(4))),
            "rec": nir.Linear(np.ones((1, 1))),
        },
        [("in", "w"), ("w", "lif"), ("lif", "rec"), ("rec", "lif")],
        type_check=False,
    )
    upload = read_upload("a.nir", write_nir_bytes(graph), 1e-5)
    assert upload.document("a").run.loops == "prompt"


def test_a_document_for_a_network_drives_each_input():
    network = NetworkSpec((InputSpec("a"), LIFSpec("b"), InputSpec("c")))
    spec = experiment_of(network, "mine")
    assert spec.network == network
    assert spec.stimuli == (PoissonSpikes("a", seed=1), PoissonSpikes("c", seed=2))
    assert (spec.title, spec.run.runtime) == ("mine", 100e-6)


def test_problems_of_a_nir_file_name_the_file_and_the_nodes():
    graph = to_nir(NETWORK)
    graph.edges.append(("nowhere", NETWORK.populations[0].name))
    text = refusal("my.nir", write_nir_bytes(graph))
    assert text.startswith("my.nir, ")
    assert "nowhere" in text


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.txt", b"", "a.txt: this kind of file is unknown. Open one of .json, .nir,"),
        ("a.nir", b"", "a.nir, NIR file: it is no HDF5 file, as NIR files are."),
        ("a.nir", b"{}", "it is no HDF5 file, as NIR files are. Write it with nir."),
        ("a.json", b"", "a.json, line 1, column 1: the text ends too early."),
        ("a.json", b"\xff", "a.json, document: byte 0 is no text in UTF-8."),
        ("a.json", b'{"format": 1, "netwrk": 3}', "Did you mean 'network'?"),
    ],
)
def test_other_files_are_refused(name, raw, message):
    assert message in refusal(name, raw)


def test_a_large_file_is_refused_before_it_is_read():
    message = "big.nir: it has 21 MB, 20 are allowed. Save a smaller network."
    assert refusal("big.nir", bytes(21_000_000)) == message


def test_a_truncated_file_is_refused():
    raw = valid()
    assert "cut.nir, NIR file: it is damaged" in refusal("cut.nir", raw[:-1000])


def test_data_in_another_file_are_refused_and_stay_secret(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"SECRET!!" * 100)

    def attack(f):
        f, path = weight(f)
        shape = f[path].shape
        del f[path]
        size = int(np.prod(shape)) * 4
        f.create_dataset(path, shape, "f4", external=[(str(secret), 0, size)])

    text = refusal("a.nir", changed(attack))
    assert "its data lie in another file. Write the file anew" in text
    assert "SECRET" not in text


def test_virtual_data_are_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.zeros((4, 4), "f4")

    def attack(f):
        f, path = weight(f)
        del f[path]
        layout = h5py.VirtualLayout((4, 4), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (4, 4))
        f.create_virtual_dataset(path, layout)

    assert "its data lie in another file." in refusal("a.nir", changed(attack))


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (h5py.SoftLink("/node"), "it links to another place or file."),
        (h5py.ExternalLink("/etc/passwd", "/"), "it links to another place or file."),
        (None, "it appears twice in the file."),
    ],
)
def test_links_are_refused(link, message):
    def attack(f):
        f["node/nodes/again"] = f["node"] if link is None else link

    assert message in refusal("a.nir", changed(attack))


def layers(*sizes):
    """Return a file with layers of the given widths, whose weights are zeros."""
    nodes, edges = {"n0": nir.Input({"input": np.array(sizes[:1])})}, []
    for n, (before, after) in enumerate(itertools.pairwise(sizes), start=1):
        nodes[f"w{n}"] = nir.Linear(np.zeros((after, before), np.float32))
        nodes[f"n{n}"] = nir.LIF(*(np.full(after, tau) for tau in (0.01, 1, 0, 1)))
        edges += [(f"n{n - 1}", f"w{n}"), (f"w{n}", f"n{n}")]
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    file = io.BytesIO()
    nir.write(file, graph)
    return file.getvalue()


def test_as_many_weights_open_as_the_table_promises():
    # 4,000,000 in one projection, 10,000,000 in all; the file unpacks to 40 MB.
    upload = read_upload("a.nir", layers(2000, 2000, 2000, 1000))
    sizes = [p.weights.size for p in upload.network.projections]
    assert (max(sizes), sum(sizes)) == (MAX_WEIGHTS, MAX_ALL_WEIGHTS)
    assert f"{MAX_WEIGHTS:,} weights, {MAX_ALL_WEIGHTS:,} in all" in table()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((2000, 2001), "node 'w1': it would be 4,002,000 weights. At most 4,000,000"),
        (
            (2000, 2000, 2000, 1000, 1),
            "node 'w4': with it the network would have 10,001,000 weights. At most",
        ),
    ],
)
def test_more_weights_are_refused_by_the_name_of_the_node(sizes, message):
    assert message in refusal("a.nir", layers(*sizes))


def test_data_that_unpack_to_too_much_are_refused():
    def attack(f):
        f.create_dataset(
            "bomb", (150 << 20,), "u1", chunks=(1 << 20,), compression="gzip"
        )[:] = 0

    raw = changed(attack)
    assert len(raw) < 2_000_000
    assert "the file unpacks to more than 128 MB." in refusal("a.nir", raw)


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (lambda f: f.create_dataset("x", (1, 1 << 40), "u1"), "unpacks to more than"),
        (lambda f: f.create_dataset("x", (2,), [("a", "f4")]), "is unusual."),
        (lambda f: f.create_dataset("x", (2,), h5py.ref_dtype), "neither numbers nor"),
        (lambda f: f.__setitem__("x", np.dtype("f4")), "neither a group nor an array"),
        (lambda f: f.create_group("a/" * 20), "groups lie in groups too deeply, 8 at"),
        (lambda f: f.create_dataset("x", (1,) * 9, "f4"), "it has more than 8 axes."),
        (lambda f: f.attrs.update({str(n): n for n in range(65)}), "65 attributes, 64"),
        (lambda f: f.attrs.update(x=np.zeros(2000)), "an attribute has 2000 entries."),
        (lambda f: f.attrs.update(x=f["node"].ref), "type of an attribute is unusual."),
        (lambda f: f.pop("node"), "NIR file: it cannot be read (KeyError"),
    ],
)
def test_unusual_hdf5_is_refused(attack, message):
    def change(f):
        attack(f)

    assert message in refusal("a.nir", changed(change))


def test_unusual_packing_is_refused():
    def attack(f):
        f.create_dataset("x", (64,), "i4", chunks=(64,), scaleoffset=8)

    assert "it is packed in an unusual way." in refusal("a.nir", changed(attack))


def test_on_windows_json_opens_and_nir_does_not(monkeypatch):
    monkeypatch.setattr(uploads.sys, "platform", "win32")
    assert read_upload("a.json", to_json(first_steps()).encode()).spec == first_steps()
    text = refusal("a.nir", valid())
    assert "on Windows the files of others cannot be opened safely." in text


def test_objects_are_counted(monkeypatch):
    assert hdf5_check.check_hdf5(valid()) == ""
    monkeypatch.setattr(hdf5_check, "MAX_OBJECTS", 20)
    with pytest.raises(ConversionError, match="file: it has more than 20 obj"):
        hdf5_check.check_hdf5(valid())


def test_texts_are_counted_by_what_they_unpack_to(monkeypatch):
    def attack(f):
        text = np.array(["x" * 100_000] * 64, dtype=object)
        f.create_dataset("x", data=text, dtype=h5py.string_dtype(), compression=9)

    raw = changed(attack)
    monkeypatch.setattr(hdf5_check, "MAX_UNPACKED", 6_000_000)
    with pytest.raises(ConversionError, match="/x: the file unpacks to more than 6 MB"):
        hdf5_check.check_hdf5(raw)
    monkeypatch.setattr(hdf5_check, "MAX_TEXTS", 60)
    with pytest.raises(ConversionError, match="file: it has more than 60 texts"):
        hdf5_check.check_hdf5(raw)

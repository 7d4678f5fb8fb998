"""A NIR file that is opened on the page and saved again is the same file to others."""

from concurrent.futures import Future
from pathlib import Path

import nir
import numpy as np
import pytest

from core.spec.json_io import from_json, to_json
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes
from core.spec.packed import pack, unpack
from workbench.project import Project
from workbench.runner import Runner
from workbench.uploads import read_upload
from workbench.views.files import Files

DATA = Path(__file__).parents[2] / "data"
NORSE = (DATA / "norse_lif_4_10_2.nir").read_bytes()
SNNTORCH = (DATA / "snntorch_synaptic_4_10_2.nir").read_bytes()


@pytest.fixture
def page():
    project = Project()
    return Files(project, Runner(project))


def opened(page, raw, time_factor):
    """Open a file as *Open…* does."""
    future = Future()
    future.set_result(read_upload("a.nir", raw, time_factor))
    page._read("a.nir", raw, future)
    assert page.nir.opening is not None


def neurons(graph):
    """Return the numbers of all nodes of neurons, in order."""
    nodes = [n for n in graph.nodes.values() if isinstance(n, nir.CubaLIF)]
    names = ("tau_mem", "tau_syn", "r", "w_in", "v_leak", "v_reset", "v_threshold")
    return [[np.ravel(getattr(node, name))[0] for name in names] for node in nodes]


def saved(page):
    return read_nir_bytes(page._nir())


@pytest.mark.parametrize(
    ("raw", "factor"), [(NORSE, 1.0), (NORSE, 0.7), (SNNTORCH, 1e-2), (SNNTORCH, 5e-3)]
)
def test_a_file_is_saved_with_the_time_factor_it_was_opened_with(page, raw, factor):
    opened(page, raw, factor)
    given = neurons(read_nir_bytes(raw))
    # Numbers of a file are single precision.
    np.testing.assert_allclose(neurons(saved(page)), given, rtol=1e-6)
    spec = page.project.spec
    assert spec.network.time_factor == factor
    for kept in (from_json(to_json(spec)), unpack(pack(spec))):
        assert kept.network == spec.network
    again = read_nir_bytes(write_nir_bytes(to_nir(kept.network, dt=kept.run.dt)))
    np.testing.assert_allclose(neurons(again), given, rtol=1e-6)


def test_a_file_that_counts_in_steps_is_saved_with_its_weights(page):
    opened(page, SNNTORCH, 1e-2)
    assert page.project.spec.network.counted
    (before, after) = (
        [n.weight for n in g.nodes.values() if hasattr(n, "weight")]
        for g in (read_nir_bytes(SNNTORCH), saved(page))
    )
    assert len(before) == len(after) == 2
    for theirs, ours in zip(before, after, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    again = from_nir(saved(page))
    assert again.network == page.project.spec.network
    plain = to_nir(page.project.spec.network, in_steps=False)
    assert {row[3] for row in neurons(plain)} == {1.0}  # w_in, for who does not count


def test_undo_and_redo_change_the_factor_of_the_saved_file(page):
    given = neurons(read_nir_bytes(SNNTORCH))
    page.project.edit(page.project.spec.replace(title="mine"))
    opened(page, SNNTORCH, 1e-2)
    opened(page, SNNTORCH, 5e-3)
    for step, factor in (("undo", 1e-2), ("redo", 5e-3), ("undo", 1e-2)):
        getattr(page.project, step)()
        assert page.project.spec.network.time_factor == factor
        np.testing.assert_allclose(neurons(saved(page)), given, rtol=1e-6)
    page.project.undo()
    assert page.project.spec.network.time_factor == 1e-3

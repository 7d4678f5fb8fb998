"""Valid files to damage: ours, those of others, of each kind of node and recording."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np

from core.spec.examples import EXAMPLES
from core.spec.json_io import to_json
from core.spec.nir_io import to_nir, write_nir_bytes
from core.spec.nir_recordings import (
    gridded_trace,
    to_graph_data,
    valued_events,
    write_nir_data_bytes,
)
from core.spec.recordings import Recording
from core.spec.spike_table import to_csv, to_npz

DATA = Path(__file__).parents[2] / "tests" / "data"


def seeds() -> list[tuple[str, str, bytes]]:
    """Return name, kind and content of each file."""
    return [*_networks(), *_recordings(), *_texts()]


def _networks() -> Iterator[tuple[str, str, bytes]]:
    for name, make in EXAMPLES.items():
        yield name, ".nir", write_nir_bytes(to_nir(make().network))
    for path in sorted(DATA.glob("*.nir")):
        yield path.stem, ".nir", path.read_bytes()
    for name, nodes in _chains().items():
        yield name, ".nir", write_nir_bytes(_graph(nodes))
    inner = _graph({"lif": _cuba(), "rec": nir.Linear(np.eye(4, dtype=np.float32))})
    inner.edges += [("rec", "lif"), ("lif", "rec")]
    yield "recurrent", ".nir", write_nir_bytes(_graph({"lin": _linear(), "sub": inner}))


def _graph(nodes: dict[str, nir.NIRNode]) -> nir.NIRGraph:
    """Return a chain of nodes from an input to an output."""
    ends = {"input": np.array([3])}, {"output": np.array([4])}
    chain = {"input": nir.Input(ends[0]), **nodes, "output": nir.Output(ends[1])}
    return nir.NIRGraph(chain, list(pairwise(chain)), type_check=False)


def _linear() -> nir.NIRNode:
    return nir.Linear(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3))


def _cuba() -> nir.NIRNode:
    one = np.ones(4, np.float32)
    return nir.CubaLIF(1e-2 * one, 5e-3 * one, one, 0 * one, one, 0 * one, one)


def _chains() -> dict[str, dict[str, nir.NIRNode]]:
    one = np.ones(4, np.float32)
    kernel, bias = np.ones((2, 1, 3, 3), np.float32), np.ones(2, np.float32)
    affine = nir.Affine(np.ones((4, 3), np.float32), 0 * one)
    pair = np.array([2, 2])
    return {
        "LIF": {"w": _linear(), "n": nir.LIF(1e-2 * one, one, 0 * one, one, 0 * one)},
        "LI": {"w": affine, "n": nir.LI(1e-2 * one, one, 0 * one)},
        "CubaLI": {"w": _linear(), "n": nir.CubaLI(1e-2 * one, one, one, 0 * one)},
        "IF and I": {"w": affine, "n": nir.IF(one, one, 0 * one), "i": nir.I(one)},
        "convolution": {
            "c": nir.Conv2d((8, 8), kernel, 1, 0, 1, 1, bias),
            "n": nir.IF(one, one, 0 * one),
            "s": nir.SumPool2d(pair, pair, 0 * pair),
            "a": nir.AvgPool2d(pair, pair, 0 * pair),
            "f": nir.Flatten({"input": np.array([2, 2, 2])}, 0, -1),
            "w": _linear(),
            "m": _cuba(),
        },
        "convolution 1d": {
            "c": nir.Conv1d(9, kernel[:, :, 0], 1, 0, 1, 1, bias),
            "n": _cuba(),
        },
        "others": {
            "d": nir.Delay(1e-3 * one),
            "t": nir.Threshold(one),
            "s": nir.Scale(one),
            "w": _linear(),
            "n": _cuba(),
        },
    }


def _recorded() -> list[Recording]:
    rng = np.random.default_rng(7)
    times = np.sort(rng.uniform(0, 1e-4, 40))
    return [Recording("input", 5, 1e-4, times, rng.integers(0, 5, 40))]


def _recordings() -> Iterator[tuple[str, str, bytes]]:
    values = np.linspace(0, 1, 20).reshape(10, 2)
    times, both = np.linspace(0, 1e-5, 10)[:, None], np.arange(2)
    valued = valued_events(times, values, both, size=2, duration=1e-5)
    traces = {"hidden": {"v": gridded_trace(values, 1e-6), "w": valued}}
    data = to_graph_data(_recorded(), traces)
    yield "events", ".nir", write_nir_data_bytes(data)
    grid = nir.TimeGriddedData(np.eye(6, dtype=bool)[None], 1e-6)
    nodes = {name: nir.NIRNodeData({"spikes": grid}) for name in ("input", "out")}
    yield "grid", ".nir", write_nir_data_bytes(nir.NIRGraphData(nodes))


def _texts() -> Iterator[tuple[str, str, bytes]]:
    yield "table", ".csv", to_csv(_recorded()).encode()
    yield "arrays", ".npz", to_npz(_recorded())
    for name in list(EXAMPLES)[:2]:
        yield name, ".json", to_json(EXAMPLES[name]()).encode()

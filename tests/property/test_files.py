"""Whatever a document holds comes back from its files, and nothing else gets in."""

import dataclasses
import io
import json
import types
import typing
from contextlib import suppress

import h5py
import nir
import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import ConversionError
from core.spec.examples import first_steps
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.fields import Spec
from core.spec.json_io import from_json, to_json
from core.spec.network import (
    KINDS,
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes
from core.spec.stimulus import STIMULI, ConstantCurrent, Stimulus
from core.spec.weight_rule import WeightRule

finite = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = {
    str: st.text(max_size=8),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: finite | st.integers(-100, 100),
}
FAMILIES = {PopulationSpec: KINDS, Stimulus: STIMULI}
weights = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)

lengths = hnp.array_shapes(max_dims=1, max_side=80)
ARRAYS = {
    typing.Any: weights,
    np.float64: hnp.arrays(np.float64, lengths, elements=finite),
    np.int64: hnp.arrays(np.int64, lengths, elements=PLAIN[int]),
}


def values(hint):
    """Return a strategy for all values of the type ``hint``."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(
            *(st.none() if a is types.NoneType else values(a) for a in args)
        )
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, args))
    if origin is np.ndarray:
        return ARRAYS[typing.get_args(args[1])[0]]
    if hint in FAMILIES:
        return st.one_of(*map(specs, FAMILIES[hint].values()))
    return specs(hint) if issubclass(hint, Spec) else PLAIN[hint]


def specs(cls):
    """Return a strategy for all specs of the class ``cls``."""
    return st.builds(cls, **remaining(cls))


def remaining(cls):
    """Return a strategy for each field of the class ``cls``."""
    hints = typing.get_type_hints(cls)
    return {
        f.name: st.sampled_from(cls.info(f.name).choices)
        if cls.info(f.name).choices
        else values(hints[f.name])
        for f in dataclasses.fields(cls)
    }


slow_data = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@slow_data
@given(specs(ExperimentSpec))
def test_every_document_comes_back_from_json(spec):
    text = to_json(spec)
    back = from_json(text)
    assert back == spec
    assert to_json(back) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(data):
    """Yield each place of nested data, as the container and the key in it."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in items:
        yield data, key
        if isinstance(item, dict | list):
            yield from places(item)


DOCUMENT = json.loads(to_json(first_steps()))
COUNT = sum(1 for _ in places(DOCUMENT))


@slow_data
@given(st.integers(0, COUNT - 1), json_values)
def test_a_document_with_anything_anywhere_is_read_or_refused(n, value):
    data = json.loads(json.dumps(DOCUMENT))
    container, key = list(places(data))[n]
    container[key] = value
    with suppress(ConversionError):
        assert isinstance(from_json(json.dumps(data)), ExperimentSpec)


times = st.floats(1e-7, 1e-4)
potentials = st.builds(
    Value,
    st.floats(-10, 10) | st.just(-0.0) | st.just(5e-324),
    st.none() | st.floats(0, 255),
    st.none() | st.integers(0, 1022),
)


def each_or_all(size):
    """Return a strategy for a time of all neurons, or one of each."""
    return times | hnp.arrays(np.float64, size, elements=times)


@st.composite
def networks(draw):
    """Return a network that NIR can hold, with names that HDF5 cannot."""
    names = draw(st.lists(st.text(max_size=4), min_size=1, max_size=9, unique=True))
    count = draw(st.integers(1, max(1, len(names) - 3)))
    populations = []
    for name in names[:count]:
        kind = draw(st.sampled_from((InputSpec, LISpec, LIFSpec, AELIFSpec)))
        fields = {
            "name": st.just(name),
            "position": st.tuples(finite, st.integers(-9, 9)),
        }
        size = draw(st.integers(1, 4))
        fields["size"] = st.just(size)
        if kind is not InputSpec:
            fields["tau_mem"] = fields["membrane_capacitance"] = each_or_all(size)
            fields["tau_syn"] = st.none() | each_or_all(size)
            fields["leaky"] = st.booleans()
            fields["leak"] = potentials
            fields["scale"] = st.builds(VoltageScale, finite, finite)
            fields["capacitance_lsb"] = st.none() | st.floats(0, 63)
        if kind in (LIFSpec, AELIFSpec):
            single = hnp.arrays(np.float64, size, elements=st.floats(-10, 10))
            fields["reset"] = potentials
            fields["threshold"] = potentials | st.builds(Value, single)
            fields["refractory_time"] = st.floats(0, 1e-5)
        fields = remaining(kind) | fields
        populations.append(draw(st.builds(kind, **fields)))
    pre = [p for p in populations if p.spiking]
    post = [p for p in populations if p.accepts_input]
    projections = []
    for name in names[count:] if pre and post else ():
        source, target = draw(st.sampled_from(pre)), draw(st.sampled_from(post))
        entries = st.floats(width=32, allow_nan=False, allow_infinity=False)
        array = hnp.arrays(np.float32, (target.size, source.size), elements=entries)
        scale = draw(st.floats(0, 500))
        ends = source.name, target.name
        delay = draw(st.just(0.0) | times)
        made = ProjectionSpec(name, *ends, draw(array), scale, delay=delay)
        projections.append(made.replace(rule=draw(st.none() | specs(WeightRule))))
    outputs = st.lists(st.sampled_from(names[:count]), unique=True)
    return NetworkSpec(tuple(populations), tuple(projections), tuple(draw(outputs)))


@settings(slow_data, max_examples=40)
@given(networks(), st.floats(1e-6, 1e3), st.booleans(), st.data())
def test_every_network_comes_back_from_nir(network, factor, in_steps, data):
    neurons = [p.name for p in network.populations if isinstance(p, LISpec)]
    currents = st.builds(
        ConstantCurrent, st.sampled_from(neurons or [""]), st.floats(0.1, 10)
    )
    stimuli = data.draw(st.lists(currents, max_size=3)) if neurons else []
    # Weights of steps are larger by C / dt: some of these would be infinite.
    network = network.replace(
        projections=tuple(
            p.replace(weights=np.clip(p.weights, -1e30, 1e30))
            for p in network.projections
        )
    )
    loops = data.draw(st.sampled_from(RunSpec.info("loops").choices))
    graph = to_nir(
        network,
        time_factor=factor,
        stimuli=stimuli,
        in_steps=in_steps,
        loops=loops,
    )
    found = from_nir(read_nir_bytes(write_nir_bytes(graph)))
    assert found.network == network.replace(time_factor=factor)
    assert [note for note in found.notes if "does not reach" not in note.what] == []
    assert (found.time_factor, found.loops) == (factor, loops)
    assert sorted(map(repr, found.stimuli)) == sorted(map(repr, stimuli))


@settings(slow_data, max_examples=15)
@given(networks())
def test_a_second_trip_through_nir_changes_nothing(network):
    stripped = to_nir(network)
    for node in (stripped, *stripped.nodes.values()):
        node.metadata.clear()
    first = from_nir(stripped).network
    assert from_nir(read_nir_bytes(write_nir_bytes(to_nir(first)))).network == first


def datasets(file):
    """Return the paths of all datasets of a NIR file."""
    paths = []
    file.visit(paths.append)
    return [path for path in paths if isinstance(file[path], h5py.Dataset)]


RAW = write_nir_bytes(to_nir(first_steps().network))
with h5py.File(io.BytesIO(RAW)) as _file:
    PATHS = datasets(_file)
contents = (
    st.text(max_size=5).filter(lambda text: "\0" not in text)
    | finite
    | st.integers(-9, 9)
    | hnp.arrays(
        st.sampled_from((np.float32, np.int64, np.bool_)),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    )
)


EXTREMES = (3.4028235677973366e38, 1.7e308, 5e-324, np.float32(3.4e38))


@slow_data
@given(st.sampled_from(PATHS), contents | st.sampled_from(EXTREMES))
@example("node/nodes/hidden/metadata/refractory_time", EXTREMES[0])
@example("node/nodes/hidden/r", np.full(8, 2**62))
@example("node/nodes/hidden/r", np.full(8, 6e4, np.float16))
def test_a_nir_file_with_anything_anywhere_is_read_or_refused(path, content):
    file = io.BytesIO(RAW)
    with h5py.File(file, "r+") as f:
        del f[path]
        f[path] = content
    with suppress(ConversionError):
        network = from_nir(read_nir_bytes(file.getvalue())).network
        assert from_json(to_json(ExperimentSpec(network=network))).network == network


def test_nir_still_keeps_metadata():
    graph = to_nir(first_steps().network)
    back = nir.read(io.BytesIO(write_nir_bytes(graph)))
    for name, node in graph.nodes.items():
        assert back.nodes[name].metadata == node.metadata
    assert back.metadata == graph.metadata

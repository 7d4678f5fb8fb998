import json

import numpy as np
import pytest

from core.errors import ConversionError
from core.spec import json_data
from core.spec.examples import first_steps, yin_yang
from core.spec.experiment import ExperimentSpec, ViewSpec
from core.spec.json_io import from_json, to_json
from core.spec.network import (
    AELIFSpec,
    InputSpec,
    LIFSpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
)
from core.spec.stimulus import ConstantCurrent, SpikeTimes


def document(**changes):
    return {"format": 1, "kind": "hx-workbench experiment", **changes}


def problems_of(data):
    with pytest.raises(ConversionError) as caught:
        from_json(data if isinstance(data, str) else json.dumps(data))
    return [str(problem) for problem in caught.value.problems]


def with_population(**fields):
    return document(network={"populations": [{"kind": "LIF", "name": "a", **fields}]})


@pytest.mark.parametrize("make", [first_steps, yin_yang, ExperimentSpec])
def test_a_document_comes_back_equal(make):
    spec = make()
    assert from_json(to_json(spec)) == spec


def test_the_text_says_what_it_is():
    data = json.loads(to_json(ExperimentSpec()))
    assert (data["format"], data["kind"]) == (1, "hx-workbench experiment")


def test_numbers_keep_their_bits_and_kinds():
    spec = ExperimentSpec(
        network=NetworkSpec(
            (
                LIFSpec(
                    name="ü/…\n\u2028",
                    size=3,
                    position=(-0.0, 5),
                    tau_mem=np.nextafter(8e-6, 1).item(),
                    threshold=Value(5e-324, hardware=-0.0, code=7),
                ),
            )
        ),
        stimuli=(SpikeTimes("x", ((), (1e-6, 0.1), (0,))),),
        view=ViewSpec(selected="a"),
    )
    back = from_json(to_json(spec))
    assert back == spec
    assert np.signbit(back.network.populations[0].position[0])
    assert np.signbit(back.network.populations[0].threshold.hardware)


@pytest.mark.parametrize("size", [1, 3, 64, 65, 512])
def test_values_of_neurons_keep_their_bits(size, rng):
    values = rng.normal(size=size)
    values[0] = -0.0
    codes = rng.integers(0, 1022, size)
    population = AELIFSpec(
        "a", size, tau_mem=values, tau_syn=None, leak=Value(values, values, codes)
    )
    current = ConstantCurrent("a", current=values, stop=1e-5)
    spec = ExperimentSpec(NetworkSpec((population,)), (current,))
    back = from_json(to_json(spec))
    assert back == spec
    found = back.network.populations[0]
    for array in (found.tau_mem, found.leak.model, found.leak.hardware):
        assert array.tobytes() == values.tobytes()
        assert not array.flags.writeable


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tau_mem": [1e-6, "x"]}, '"x" is a text. Write numbers.'),
        ({"leak": {"code": [1, 2.5]}}, "2.5 is a fraction. Write whole numbers."),
        ({"leak": {"model": [1e307, 10**400]}}, "some entries are too large."),
        (
            {"tau_mem": {"shape": [1], "dtype": "float32", "base64": "AAAA"}},
            '"float32" is unknown. Use "float64".',
        ),
    ],
)
def test_wrong_values_of_neurons_are_refused(fields, message):
    (problem,) = problems_of(json.dumps(with_population(**fields)))
    assert message in problem


@pytest.mark.parametrize("shape", [(2, 3), (40, 50), (0, 3), (3, 0)])
def test_weights_keep_their_bits(shape, rng):
    weights = rng.normal(size=shape).astype(np.float32)
    edges = [-0.0, 1e-45, np.finfo(np.float32).max]
    weights.flat[:3] = edges[: weights.size]
    network = NetworkSpec(projections=(ProjectionSpec("w", "a", "b", weights),))
    back = from_json(to_json(ExperimentSpec(network=network))).network.projections[0]
    assert back.weights.tobytes() == weights.tobytes()
    assert back.weights.shape == shape
    assert not back.weights.flags.writeable


def test_small_weights_are_lists_that_a_person_can_read():
    network = NetworkSpec(projections=(ProjectionSpec("w", "a", "b", [[0.1, -2.0]]),))
    data = json.loads(to_json(ExperimentSpec(network=network)))
    assert data["network"]["projections"][0]["weights"] == [[0.1, -2.0]]


def test_missing_fields_take_their_defaults():
    spec = from_json(json.dumps(document()))
    assert spec == ExperimentSpec()
    spec = from_json(json.dumps(with_population()))
    assert spec.network.populations == (LIFSpec(name="a"),)


def test_infinite_numbers_are_not_saved():
    network = NetworkSpec(
        (LIFSpec(name="a", tau_mem=float("nan")),),
        (ProjectionSpec("w", "a", "a", [[np.inf]]),),
    )
    with pytest.raises(ConversionError) as caught:
        to_json(ExperimentSpec(network=network, title="\ud800"))
    assert [p.where for p in caught.value.problems] == [
        "network.populations[0].tau_mem",
        "network.projections[0].weights",
        "title",
    ]


def test_all_problems_are_listed_with_their_place():
    data = document(
        network={
            "populations": [
                {"kind": "LIF", "name": "a", "tau_mem": "fast", "tresh": 1},
                {"kind": "LIFF", "name": "b"},
                {"kind": "LI", "size": 1.5},
            ],
            "projections": 7,
        },
        run={"mode": "moc", "cadc": True, "trial": True},
    )
    assert problems_of(data) == [
        'network.populations[0].tau_mem: "fast" is a text. Write a number.',
        "network.populations[0].tresh: this field is unknown. "
        "Did you mean 'threshold'?",
        "network.populations[1]: the kind \"LIFF\" is unknown. Did you mean 'LIF'?",
        "network.populations[2].size: 1.5 is a fraction. Write a whole number.",
        "network.populations[2].name: this field is missing. Add it.",
        "network.projections: 7 is a whole number. Write a list.",
        "run.mode: \"moc\" is no choice. Did you mean 'mock'?",
        "run.cadc: this field is unknown. Remove it.",
        "run.trial: true is true or false. Write a whole number.",
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"position": [1]}, "position: the list has 1 entries. Write 2."),
        ({"leak": None}, "leak: null is empty. Write an object."),
        ({"tau_mem": 10**400}, "tau_mem: the number is too large."),
        ({"name": "\ud800"}, "name: it holds half a character."),
        ({"size": True}, "size: true is true or false. Write a whole number."),
    ],
)
def test_wrong_values_are_refused(fields, message):
    (problem,) = problems_of(with_population(**fields))
    assert message in problem


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([[1, 2], [3]], "the rows of the array differ in length."),
        ([[1, "x"]], '"x" is a text. Write numbers.'),
        ([[1, True]], "true is true or false. Write numbers."),
        ([[1e39]], "some entries are too large."),
        ([[[[[1]]]]], "this is a list. Write numbers."),
        ({"shape": [1]}, "this is no array."),
        ({"shape": [1], "dtype": "float32", "base64": "@"}, "this is not base64."),
        ({"shape": [1], "dtype": "float32", "base64": 5}, "this is not base64."),
        ({"shape": [2], "dtype": "float32", "base64": "AAAA"}, "3 bytes do not fill"),
        ({"shape": [-1], "dtype": "float32", "base64": ""}, "no shape of an array."),
        ({"shape": [1], "dtype": "object", "base64": ""}, '"object" is unknown.'),
        (
            {"shape": [4000, 4000], "dtype": "float32", "base64": ""},
            "the array has 16000000 entries. At most 4000000 can be read.",
        ),
        (
            {"shape": [1], "dtype": "float32", "base64": "AADAfw=="},
            "some entries are not finite.",
        ),
    ],
)
def test_wrong_arrays_are_refused(weights, message):
    projection = {"name": "w", "source": "a", "target": "b", "weights": weights}
    (problem,) = problems_of(document(network={"projections": [projection]}))
    assert problem.startswith("network.projections[0].weights: ")
    assert message in problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text ends too early. The file may be cut off: save it again."),
        ('{"format": 1, "ru', "line 1, column 15: the text ends too early."),
        ("{} x", "line 1, column 4: this is not JSON: Extra data."),
        ("[" * 100_000, "objects lie in objects more than a thousand times."),
        ('{"a": NaN}', "NaN is no number. Write a finite number."),
        ('{"a": 1, "a": 2}', "the field 'a' stands twice. Keep one of them."),
        ('{"a": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ("[]", "it is a list, not an object."),
        ("3", "it is a whole number, not an object."),
        ("{}", "it is JSON, but no experiment."),
        ('{"format": 1, "kind": "x"}', "it is JSON, but no experiment."),
        ('{"format": 2}', "format: this is 2, known are 1 to 1. Update HX Workbench"),
        ('{"format": "1"}', "format: this is '1', known are 1 to 1."),
        ('{"format": true}', "format: this is True, known are 1 to 1."),
    ],
)
def test_other_texts_are_refused(text, message):
    (problem,) = problems_of(text)
    assert message in problem


def test_a_truncated_document_is_refused_everywhere():
    text = to_json(first_steps()).rstrip()
    for end in range(0, len(text) - 1, 97):
        assert problems_of(text[:end])


def test_a_too_long_text_is_refused(monkeypatch):
    monkeypatch.setattr("core.spec.json_io.MAX_TEXT", 10)
    (problem,) = problems_of("[" + " " * 20 + "]")
    assert "the text has 22 characters, 10 are allowed." in problem


def test_many_problems_are_counted():
    data = document(run={f"x{n}": n for n in range(60)})
    listed = problems_of(data)
    assert len(listed) == 51
    assert listed[-1] == "document: 10 more problems are not listed."


def test_kinds_are_read_by_their_names():
    data = json_data.to_data(InputSpec(name="x", size=3))
    assert data["kind"] == "input"
    assert json_data.from_data(PopulationSpec, data) == InputSpec(name="x", size=3)

import json

import numpy as np
import pytest

from core.errors import ConversionError, NetworkError
from core.spec import edit
from core.spec.check import check
from core.spec.examples import first_steps
from core.spec.fields import fingerprint
from core.spec.json_io import from_json, to_json
from core.spec.network import WeightRule

RULES = {
    "dense": WeightRule(mean=0.3),
    "sparse": WeightRule("sparse", 0.25, "normal", 0.4, 0.1, seed=5),
    "one-to-one": WeightRule("one-to-one", weights="uniform", mean=-1, spread=0.5),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_same_rule_draws_the_same_weights(rule):
    weights = rule.draw(40, 60)
    assert (weights.shape, weights.dtype) == ((60, 40), np.float32)
    assert not weights.flags.writeable
    np.testing.assert_array_equal(weights, rule.draw(40, 60))


def test_rules_connect_whom_they_say():
    assert (RULES["dense"].draw(5, 7) == np.float32(0.3)).all()
    single = RULES["one-to-one"].draw(6, 6)
    assert np.array_equal(single != 0, np.eye(6, dtype=bool))
    on = RULES["sparse"].draw(100, 100) != 0
    # binomial: 2500 of 10000, σ = 43
    assert abs(int(on.sum()) - 2500) < 4 * 43


def test_rules_draw_strengths_as_they_say():
    normal = WeightRule(weights="normal", mean=0.4, spread=0.1, seed=3).draw(100, 100)
    # the mean of 10000 draws has σ = 0.001, their deviation 0.0007
    assert normal.mean() == pytest.approx(0.4, abs=0.004)
    assert normal.std() == pytest.approx(0.1, abs=0.003)
    uniform = WeightRule(weights="uniform", mean=0.4, spread=0.1).draw(100, 100)
    assert uniform.min() >= 0.3 - 1e-6
    assert uniform.max() <= 0.5 + 1e-6


def test_another_probability_leaves_the_strength_of_a_synapse_as_it_is():
    few, many = (
        RULES["sparse"].replace(probability=p).draw(30, 30) for p in (0.2, 0.6)
    )
    stays = few != 0
    np.testing.assert_array_equal(many[stays], few[stays])


def test_a_drawn_projection_has_the_weights_of_its_rule():
    spec = edit.draw(first_steps(), "input_hidden", RULES["sparse"])
    projection = spec.network.projection("input_hidden")
    assert projection.drawn
    np.testing.assert_array_equal(projection.weights, RULES["sparse"].draw(6, 8))
    changed = projection.replace(weights=projection.weights * 2)
    assert not changed.drawn
    assert not check(spec)


def test_what_is_drawn_is_drawn_again_when_a_population_grows():
    spec = edit.draw(first_steps(), "input_hidden", RULES["sparse"])
    grown = edit.resize(spec, "hidden", 12).network.projection("input_hidden")
    np.testing.assert_array_equal(grown.weights, RULES["sparse"].draw(6, 12))


def test_one_to_one_needs_equal_sizes():
    with pytest.raises(NetworkError, match="equal sizes, here are 6 and 8"):
        edit.draw(first_steps(), "input_hidden", RULES["one-to-one"])


def test_a_file_holds_the_rule_instead_of_the_weights_it_draws():
    spec = edit.resize(first_steps(), "hidden", 300)
    spec = edit.draw(spec, "input_hidden", RULES["sparse"])
    spec = edit.draw(spec, "hidden_out", RULES["sparse"].replace(seed=9))
    text = to_json(spec)
    assert len(text) < 7000  # 2400 weights would take 12,800
    assert from_json(text) == spec


def test_a_file_holds_weights_that_were_changed_by_hand():
    spec = edit.draw(first_steps(), "input_hidden", RULES["sparse"])
    projection = spec.network.projection("input_hidden")
    weights = projection.weights.copy()
    weights[0, 0] += 1
    changed = projection.replace(weights=weights)
    spec = spec.replace(network=spec.network.with_projection(changed))
    assert from_json(to_json(spec)) == spec


def test_a_rule_does_not_change_what_is_computed():
    spec = edit.draw(first_steps(), "input_hidden", RULES["sparse"])
    projection = spec.network.projection("input_hidden").replace(rule=None)
    bare = spec.replace(network=spec.network.with_projection(projection))
    assert bare != spec
    assert fingerprint(bare) == fingerprint(spec)


def test_a_rule_out_of_bounds_is_a_problem_of_its_projection():
    spec = edit.draw(first_steps(), "input_hidden", WeightRule(probability=2.0))
    (problem,) = check(spec)
    assert (problem.subject, problem.parameter) == ("input_hidden", "probability")


RULE = {"connect": "dense"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shape": [2, 2]}, "there is no rule to draw them"),
        ({"shape": [2], "rule": RULE}, "this is no shape of weights"),
        ({"shape": [-1, 2], "rule": RULE}, "this is no shape of an array"),
        ({"shape": [4000, 4000], "rule": RULE}, "the array has 16000000 entries"),
        ({"shape": [2, 2], "rule": {"mean": 1e300}}, "some entries are not finite"),
        ({"shape": [2, 2], "rule": {"connect": "dens"}}, "Did you mean 'dense'?"),
        ({"shape": [2, 2], "rule": 3}, "3 is a whole number"),
    ],
)
def test_wrong_rules_are_refused(fields, message):
    with pytest.raises(ConversionError) as caught:
        from_json(text_of([fields]))
    assert any(message in str(p) for p in caught.value.problems), caught.value


def test_a_short_text_cannot_fill_the_memory():
    many = [{"shape": [1000, 1000], "rule": RULE}] * 6
    with pytest.raises(ConversionError, match="At most 4000000 can be read"):
        from_json(text_of(many))


def text_of(projections):
    """Return a document with projections whose weights are drawn."""
    listed = [
        {"name": f"p{n}", "source": "a", "target": "b"}
        | {"weights": {"shape": p["shape"], "drawn": True}}
        | {k: v for k, v in p.items() if k != "shape"}
        for n, p in enumerate(projections)
    ]
    kind = "hx-workbench experiment"
    return json.dumps({"format": 1, "kind": kind, "network": {"projections": listed}})

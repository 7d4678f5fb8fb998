import dataclasses

import numpy as np
import pytest

from core.errors import ShapeError
from core.spec.examples import EXAMPLES, first_steps, yin_yang
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.fields import each, fingerprint, frozen_array
from core.spec.network import LIFSpec, ProjectionSpec, Value, VoltageScale


def test_specs_with_equal_content_are_equal_and_hash_alike():
    assert first_steps() == first_steps()
    assert hash(first_steps()) == hash(first_steps())


def test_one_changed_weight_makes_a_document_unequal():
    spec = first_steps()
    projection = spec.network.projections[0]
    weights = projection.weights.copy()
    weights[0, 0] += 1
    changed = spec.replace(
        network=spec.network.with_projection(projection.replace(weights=weights))
    )
    assert changed != spec
    assert fingerprint(changed) != fingerprint(spec)


def test_moving_a_box_changes_the_document_but_not_its_fingerprint():
    spec = first_steps()
    moved = spec.network.populations[0].replace(position=(7.0, 8.0))
    changed = spec.replace(network=spec.network.with_population(moved))
    assert changed != spec
    assert fingerprint(changed) == fingerprint(spec)


def test_weights_are_read_only_and_shared_between_versions():
    spec = yin_yang()
    weights = spec.network.projections[0].weights
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1
    longer = spec.replace(run=spec.run.replace(runtime=1e-4))
    assert longer.network.projections[0].weights is weights


def test_a_writeable_array_is_copied_before_it_is_frozen():
    given = np.ones(3, dtype=np.float32)
    frozen = frozen_array(given)
    given[0] = 5
    assert frozen[0] == 1


def test_specs_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunSpec().runtime = 1.0


def test_every_bounded_field_has_its_default_inside_the_bounds():
    for make in EXAMPLES.values():
        for population in make().network.populations:
            blank = type(population)("x")
            for name, info in blank.infos().items():
                value = getattr(blank, name)
                number = value.model if isinstance(value, Value) else value
                if info.low is not None and number is not None:
                    assert np.ndim(number) == 0, name
                    assert info.low <= number <= info.high, name


def test_a_potential_follows_the_scale_unless_it_has_a_target_of_its_own():
    scale = VoltageScale(offset=80, gain=45)
    assert scale.lsb(Value(1.0)) == 125
    assert scale.lsb(Value(1.0, hardware=150)) == 150
    assert scale.model(125.0) == 1.0
    assert scale.trace_offset == -48


def test_the_capacitor_follows_the_model_capacitance():
    assert LIFSpec("a").capacitor == 63
    assert LIFSpec("a", membrane_capacitance=5e-6).capacitor == pytest.approx(31.5)
    assert LIFSpec("a", capacitance_lsb=10).capacitor == 10


def test_values_of_neurons_are_kept_in_double_precision_and_read_only():
    given = [8e-6, 9e-6 + 1e-20]
    spec = LIFSpec("a", 2, tau_mem=given, leak=Value([0, 0.1], code=[3, 4]))
    assert spec.tau_mem.tolist() == given
    assert (spec.leak.model.dtype, spec.leak.code.dtype) == (np.float64, np.int64)
    assert not spec.tau_mem.flags.writeable
    assert spec.scale.lsb(spec.leak).tolist() == [80, 84.5]
    assert LIFSpec("a", 2, membrane_capacitance=[5e-6, 1]).capacitor[1] == 63


def test_one_changed_neuron_makes_another_population():
    one, other = (LIFSpec("a", 2, tau_mem=[8e-6, t]) for t in (9e-6, 9.1e-6))
    assert one == LIFSpec("a", 2, tau_mem=np.array([8e-6, 9e-6]))
    assert one != other
    assert fingerprint(one) != fingerprint(other)


def test_each_neuron_has_its_value():
    assert each(2, 3).tolist() == [2, 2, 2]
    assert each(np.array([1, 2]), 2).tolist() == [1, 2]
    with pytest.raises(ShapeError, match="there are 3 neurons"):
        each([1, 2], 3)


def test_a_missing_population_is_named_with_the_nearest_one():
    with pytest.raises(ValueError, match="Did you mean 'hidden'"):
        first_steps().network.population("hiden")


def test_comparing_with_something_else_is_false():
    projection = ProjectionSpec("p", "a", "b", np.zeros((1, 1)))
    assert projection != "p"
    assert ExperimentSpec() != None  # noqa: E711

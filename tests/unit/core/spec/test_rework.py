"""Colours, defaults, signs and directions of what is selected."""

import numpy as np
import pytest

from core.errors import NetworkError
from core.spec.examples import first_steps
from core.spec.rework import COLORS, invert, recolor, reset, reverse
from workbench.theme import POPULATION_COLORS


def test_there_are_as_many_colours_as_the_theme_has():
    assert len(POPULATION_COLORS["light"]) == COLORS


def test_colours_go_round():
    spec = first_steps()
    for _ in range(COLORS):
        before, spec = spec, recolor(spec, ["hidden"])
        assert spec.network.population("hidden") != before.network.population("hidden")
        assert spec.network.population("out") == before.network.population("out")
    colors = {recolor(spec, []).network.population("hidden").color}
    assert colors == {spec.network.population("hidden").color}


def test_a_reset_keeps_name_size_and_place():
    spec = first_steps()
    old = spec.network.population("hidden")
    changed = spec.replace(
        network=spec.network.with_population(old.replace(tau_mem=33e-6))
    )
    new = reset(changed, ["hidden"]).network.population("hidden")
    assert (new.name, new.size, new.position) == (old.name, old.size, old.position)
    assert new.tau_mem == type(old)(name="x").tau_mem


def test_inverting_twice_changes_nothing_and_once_every_sign():
    spec = first_steps()
    name = spec.network.projections[0].name
    once = invert(spec, [name])
    weights = spec.network.projection(name).weights
    assert np.array_equal(once.network.projection(name).weights, -weights)
    twice = invert(once, [name]).network.projection(name).weights
    assert np.array_equal(twice, weights)


def test_a_line_is_turned_with_its_weights_or_refused():
    spec = first_steps()
    looped = spec.network.projections[0]
    with pytest.raises(NetworkError, match="receives none"):
        reverse(spec, [looped.name])
    target = spec.network.population("out")
    spiking = spec.network.population("hidden").replace(name="more", size=3)
    network = spec.network.replace(
        populations=(*spec.network.populations, spiking), outputs=()
    )
    between = looped.replace(
        name="between", source="hidden", target="more", weights=np.ones((3, 8)) * 0.2
    )
    spec = spec.replace(
        network=network.replace(projections=(*network.projections, between))
    )
    turned, names = reverse(spec, ["between"])
    new = turned.network.projection(names[0])
    assert (new.source, new.target, new.weights.shape) == ("more", "hidden", (8, 3))
    assert target in turned.network.populations

import numpy as np
import pytest
import torch

from core.errors import NetworkError, ParameterError, ShapeError
from core.modules import EventPropLIF
from core.modules.synapse import EventPropSynapse
from core.spec.network import InputSpec, ProjectionSpec
from core.spec.stimulus import ConstantCurrent, YinYangSample
from core.training import TrainSpec, YinYangData, with_weights, yin_yang_network
from core.training.network import TrainedNetwork
from core.training.settings import EVENTPROP
from core.units import us

SMALL = yin_yang_network(hidden=12, copies=2)


def samples(count=20, spec=SMALL):
    data = YinYangData(train_size=count, validation_size=1, test_size=1)
    return data.splits(spec.run.steps, spec.run.dt).train


def network(spec=SMALL, channels=5, classes=3, **settings):
    return TrainedNetwork(spec, TrainSpec(**settings), channels, classes)


def hidden(**changes):
    population = SMALL.network.population("hidden").replace(**changes)
    return SMALL.replace(network=SMALL.network.with_population(population))


def weighted(name, weights, **changes):
    new = SMALL.network.projection(name).replace(weights=weights, **changes)
    return SMALL.replace(network=SMALL.network.with_projection(new))


def test_copies_of_an_input_add_up():
    data = samples()
    one, two = (yin_yang_network(hidden=12, copies=c) for c in (1, 2))
    a, b = (network(spec).evaluate(data).scores for spec in (one, two))
    assert np.allclose(a, b, atol=1e-5)  # sums in another order


def test_the_gradient_and_its_steepness_reach_the_neurons():
    neuron = network(alpha=120.0).snn.modules_by_name["hidden"]
    assert (neuron.alpha, neuron.method) == (120.0, "superspike")


@pytest.mark.parametrize("gradient", EVENTPROP)
def test_eventprop_takes_the_place_of_the_populations_that_spike(gradient):
    found = network(gradient=gradient)
    modules = found.snn.modules_by_name
    assert type(modules["hidden"]) is EventPropLIF
    assert modules["hidden"].crossing == EVENTPROP[gradient]
    assert type(modules["input_hidden"]) is EventPropSynapse
    assert type(modules["hidden_label"]).__name__ == "Synapse"
    assert set(found.snn.children()) == set(modules.values())
    assert found.notes == (
        "EventProp leaves the refractory time of 'hidden' out of its model.",
    )


def test_eventprop_on_the_grid_computes_what_the_document_does_without_pause():
    spec = hidden(refractory_time=0.0)
    data = samples()
    ours = network(spec, gradient="EventProp, grid")
    assert ours.notes == ()
    assert np.allclose(
        ours.evaluate(data).scores, network(spec).evaluate(data).scores, atol=1e-5
    )


@pytest.mark.parametrize("gradient", ["surrogate", *EVENTPROP])
def test_a_batch_has_gradients_of_all_weights(gradient):
    found = network(gradient=gradient)
    found.batch(samples()).total.backward()
    for name, weight in found.weights.items():
        assert weight.grad.abs().sum() > 0, name


def test_weights_are_kept_within_the_range_of_the_chip():
    spec = weighted("hidden_label", np.full((3, 12), 2.0), weight_scale=126)
    found = network(spec)
    found.clip()
    assert found.copy_weights()["hidden_label"].max() == pytest.approx(0.5)
    free = network(spec, clip_weights=False)
    free.clip()
    assert free.copy_weights()["hidden_label"].max() == 2


def test_what_is_no_synapse_has_no_gradient():
    sparse = SMALL.network.projection("input_hidden").weights.copy()
    sparse[:, ::2] = 0
    found = network(weighted("input_hidden", sparse))
    found.batch(samples()).total.backward()
    found.mask_gradients()
    gradient = found.weights["input_hidden"].grad
    assert not gradient[:, ::2].any()
    assert gradient[:, 1::2].any()


def test_a_projection_of_zeros_only_is_trained():
    found = network(weighted("hidden_label", np.zeros((3, 12))))
    found.batch(samples()).total.backward()
    found.mask_gradients()
    assert found.weights["hidden_label"].grad.any()


@pytest.mark.parametrize("mode", ["mock", "chip"])
def test_recurrent_weights_have_gradients(mode):
    weights = np.random.default_rng(0).normal(0.3, 0.1, (12, 12))
    loop = ProjectionSpec("loop", "hidden", "hidden", weights, 66)
    network_spec = SMALL.network.replace(projections=(*SMALL.network.projections, loop))
    found = network(SMALL.replace(network=network_spec), mode=mode)
    found.batch(samples(5)).total.backward()
    assert found.weights["loop"].grad.abs().sum() > 0


def test_a_current_into_neurons_stays_while_the_input_is_replaced():
    data = samples()
    pushed = SMALL.replace(
        stimuli=(YinYangSample("input"), ConstantCurrent("hidden", 0.3))
    )
    ours, other = network(pushed).batch(data), network().batch(data)
    assert ours.fired > other.fired


def test_an_evaluation_counts_right_and_wrong_answers():
    found = network().evaluate(samples(300))
    assert found.confusion.sum() == 300
    assert np.trace(found.confusion) == round(300 * found.accuracy)
    assert found.confusion.sum(1).tolist() == np.bincount(found.labels).tolist()


def test_weights_go_back_into_the_document():
    found = network()
    with torch.no_grad():
        found.weights["input_hidden"].zero_()
    spec = with_weights(SMALL, found.copy_weights())
    assert not spec.network.projection("input_hidden").weights.any()
    assert spec.run == SMALL.run


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: network(channels=4), ShapeError, "has 10 channels, the data have 4"),
        (lambda: network(classes=2), ShapeError, "3 neurons, the data have 2 classes"),
        (
            lambda: network(
                SMALL.replace(network=SMALL.network.replace(outputs=("input",)))
            ),
            NetworkError,
            "0 populations as output.*stand for the classes",
        ),
        (
            lambda: network(
                SMALL.replace(
                    network=SMALL.network.replace(
                        populations=(*SMALL.network.populations, InputSpec("more"))
                    )
                )
            ),
            NetworkError,
            "has 2 inputs, the data feed one",
        ),
        (
            lambda: network(learning_rate=-1.0),
            ParameterError,
            r"rate is -1\. Use 0 to 10",
        ),
        (
            lambda: network(gradient="guess"),
            ParameterError,
            "gradient is 'guess'. Use one of 'surrogate'",
        ),
        (
            lambda: network(
                weighted("input_hidden", np.ones((12, 10)), delay=2 * us).replace(
                    stimuli=(ConstantCurrent("hidden"),)
                ),
                gradient="EventProp, grid",
            ),
            NetworkError,
            r"(?s)has a delay before it.*has a current into it",
        ),
        (
            lambda: network(
                hidden(membrane_capacitance=9 * us),
                gradient="EventProp, grid",
                rate_penalty=1.0,
            ),
            NetworkError,
            r"(?s)capacitance that is not its membrane time.*no gradient by their",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_remedy(make, error, message):
    with pytest.raises(error, match=message):
        make()

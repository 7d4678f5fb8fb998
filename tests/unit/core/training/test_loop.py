import pickle
import zipfile

import numpy as np
import pytest

from core.chip.pipeline import StageMemory
from core.errors import ConversionError, ParameterError
from core.spec.network import LIFSpec
from core.training import (
    Checkpoint,
    History,
    SpikePatternData,
    ToyData,
    Training,
    TrainSpec,
    YinYangData,
    checkpoint,
    train,
    yin_yang_network,
)
from core.training.settings import DECODERS, EVENTPROP, LOSSES

SPEC = yin_yang_network(hidden=10, copies=1)
DATA = YinYangData(train_size=70, validation_size=20, test_size=20)
QUICK = TrainSpec(epochs=3, batch_size=20)  # the last batch is a short one


def same(a, b):
    for name in History.names():
        assert np.array_equal(getattr(a.history, name), getattr(b.history, name)), name
    for name, weight in a.last_weights.items():
        assert np.array_equal(weight, b.last_weights[name])
        assert np.array_equal(a.best_weights[name], b.best_weights[name])
    assert np.array_equal(a.test.scores, b.test.scores)


def stop_after(steps):
    left = iter([False] * steps)
    return lambda: next(left, True)


@pytest.mark.parametrize("gradient", ["surrogate", *EVENTPROP])
def test_patterns_are_learned(gradient):
    data = SpikePatternData(channels=9, train_size=200, validation_size=50)
    spec = yin_yang_network(hidden=20, copies=1, classes=2)
    inputs = spec.network.population("input").replace(size=10)
    weights = np.random.default_rng(1).normal(0.5, 0.5, (20, 10))
    into = spec.network.projection("input_hidden").replace(weights=weights)
    network = spec.network.with_population(inputs).with_projection(into)
    settings = TrainSpec(gradient=gradient, epochs=8, learning_rate=1e-2)
    result = train(spec.replace(network=network), data, settings)
    # patterns with a jitter of 5 % of the range hardly overlap; chance is 0.5
    assert result.test.accuracy > 0.95
    assert result.history.loss[-1] < result.history.loss[0] / 2


@pytest.mark.parametrize("optimiser", ["Adam", "SGD"])
@pytest.mark.parametrize("steps", [2, 4, 9], ids=lambda s: f"after-{s}-steps")
def test_a_resumed_training_gives_the_same_curves(optimiser, steps, tmp_path):
    settings = QUICK.replace(optimiser=optimiser)
    whole = train(SPEC, DATA, settings)
    half = train(SPEC, DATA, settings, cancel=stop_after(steps))
    half.checkpoint.save(tmp_path / "half.npz")
    back = Checkpoint.load(tmp_path / "half.npz")
    same(whole, train(SPEC, DATA, settings, resume=back))


def test_a_training_in_the_loop_resumes_with_the_same_noise():
    memory, data = StageMemory(), DATA.replace(train_size=40)
    settings = QUICK.replace(mode="chip", epochs=2)
    whole = train(SPEC, data, settings, memory=memory)
    half = train(SPEC, data, settings, cancel=stop_after(1), memory=memory)
    same(whole, train(SPEC, data, settings, resume=half.checkpoint, memory=memory))


def test_more_epochs_go_on_where_fewer_ended():
    short = train(SPEC, DATA, QUICK.replace(epochs=1))
    same(train(SPEC, DATA, QUICK), train(SPEC, DATA, QUICK, resume=short.checkpoint))


def test_a_checkpoint_is_kept_after_each_epoch():
    kept = []
    train(SPEC, DATA, QUICK, keep=kept.append)
    assert [c.counters["epoch"] for c in kept] == [1, 2, 3]


@pytest.mark.parametrize(
    ("spec", "data", "settings"),
    [
        (yin_yang_network(hidden=10, copies=1, seed=1), DATA, QUICK),
        (SPEC, DATA.replace(train_seed=7), QUICK),
        (SPEC, DATA, QUICK.replace(alpha=51.0)),
        (SPEC, DATA, QUICK.replace(seed=1)),
    ],
    ids=["document", "data", "settings", "seed"],
)
def test_a_checkpoint_of_another_training_is_refused(spec, data, settings):
    start = train(SPEC, DATA, QUICK, cancel=lambda: True).checkpoint
    with pytest.raises(ConversionError, match="another document, data set or settings"):
        train(spec, data, settings, resume=start)


def _pickled(path):
    path.write_bytes(pickle.dumps({"state": 1}))


def _object_array(path):
    np.savez(path, state=np.array([{}], dtype=object))


def _text(path):
    path.write_text("not a checkpoint")


def _too_large(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("state.npy", bytes(2001))


@pytest.mark.parametrize("write", [_pickled, _object_array, _text, _too_large])
def test_a_file_that_is_no_checkpoint_is_refused(write, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "MAX_BYTES", 2000)
    write(tmp_path / "x.npz")
    with pytest.raises(ConversionError, match=r"'x.npz': is no checkpoint"):
        Checkpoint.load(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("weight/input_hidden", np.array([np.nan]), "finite numbers"),
        ("weight/input_hidden", np.array(["a"]), "finite numbers"),
        ("weight/input_hidden", np.zeros((2, 2)), "belongs to another document"),
        ("history/loss", None, "belongs to another document"),
        ("history/step_loss", np.zeros(3), "belongs to another document"),
        ("optimiser/0/exp_avg", np.zeros(3), "state of the optimiser"),
    ],
)
def test_a_checkpoint_with_wrong_arrays_is_refused(name, value, message, tmp_path):
    good = train(SPEC, DATA, QUICK, cancel=stop_after(2)).checkpoint
    arrays = {k: v for k, v in good.arrays.items() if k != name}
    arrays |= {} if value is None else {name: value}
    bad = Checkpoint(good.identity, good.counters, good.sums, arrays)
    bad.save(tmp_path / "bad.npz")
    with pytest.raises(ConversionError, match=message):
        train(SPEC, DATA, QUICK, resume=Checkpoint.load(tmp_path / "bad.npz"))


def test_progress_counts_the_steps_and_brings_the_curves():
    told = []
    settings = QUICK.replace(class_map=4)
    result = train(SPEC, DATA, settings, told.append)
    assert [(p.epoch, p.step) for p in told] == [
        (e, s) for e in range(3) for s in range(4)
    ]
    assert all(p.steps == 4 and p.epochs == 3 for p in told)
    assert told[-1].eta == 0
    assert told[2].snapshot is None
    assert told[3].snapshot.class_map.shape == (4, 4)
    assert told[3].history.epochs == 1
    assert [p.loss for p in told] == result.history.step_loss.tolist()
    assert result.class_map.shape == (4, 4)
    assert set(result.class_map.ravel()) <= {0, 1, 2}


def test_a_cancelled_training_returns_what_it_has():
    result = train(SPEC, DATA, QUICK, cancel=stop_after(5))
    assert not result.finished
    assert result.test is None
    assert result.confusion is None
    assert result.history.epochs == 1
    assert len(result.history.step_loss) == 5


def test_time_in_a_pause_does_not_count():
    training = Training(SPEC, DATA, QUICK)
    before = training.advance().seconds
    assert training.seconds == before
    assert training.advance().seconds > before


def test_the_document_gets_the_weights_of_the_best_epoch():
    told = []
    result = train(SPEC, DATA, QUICK.replace(learning_rate=0.05), told.append)
    best = result.history.best_epoch
    assert result.history.validation_accuracy.argmax() == best
    snapshot = told[4 * best + 3].snapshot
    for projection in result.spec.network.projections:
        assert np.array_equal(projection.weights, snapshot.weights[projection.name])


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_decoder_trains_with_every_loss(decoder, loss):
    spiking = LIFSpec("label", 3, threshold=SPEC.network.population("hidden").threshold)
    network = SPEC.network.with_population(spiking)
    into = network.projection("hidden_label")
    network = network.with_projection(into.replace(weights=into.weights + 1))
    settings = QUICK.replace(decoder=decoder, loss=loss, epochs=1)
    spec = SPEC.replace(network=network)
    result = train(spec, DATA, settings)
    assert np.isfinite(result.history.loss).all()
    assert not np.array_equal(
        result.last_weights["hidden_label"],
        spec.network.projection("hidden_label").weights,
    )


def test_a_data_set_is_found_by_its_name():
    with pytest.raises(ParameterError, match=r"no data set 'MNIST'.*'Yin-Yang'"):
        train(SPEC, "MNIST", QUICK)


def test_a_toy_is_learned_in_the_loop():
    spec = yin_yang_network(hidden=30, copies=5, classes=2)
    data = ToyData(shape="gaussians", train_size=200, validation_size=50, test_size=200)
    settings = TrainSpec(mode="chip", epochs=4, learning_rate=1e-2, batch_size=25)
    # bells 4 σ apart on each axis: 99.8 % can be told apart
    assert train(spec, data, settings).test.accuracy > 0.93

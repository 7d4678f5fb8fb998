from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.events import INPUT_LATENCY
from core.chip.network import Network
from core.chip.pipeline import execute
from core.chip.readout import (
    CADC_MEMORY,
    CADC_MEMORY_DRAM,
    Recording,
    cadc_cycles,
    madc_codes,
    madc_cycles,
    madc_samples,
)
from core.chip.readout_source import ReadoutSource
from core.spec.chip import IDEAL, TYPICAL
from core.units import us

SRAM, DRAM = Recording(), Recording(dram=True)


def test_110_us_are_3235_madc_samples():
    # The number that hardware tests assert.
    cycles = madc_cycles(110 * 125)
    assert len(cycles) == 3235
    assert np.diff(cycles).mean() == pytest.approx(4.25, abs=1e-3)


@pytest.mark.parametrize(
    ("recording", "low", "high"), [(SRAM, 1.0, 2.5), (DRAM, 1.0, 7.0)]
)
def test_the_cadc_period_is_what_hardware_tests_assert(recording, low, high):
    for number in range(20):
        chip = TYPICAL.replace(number=number)
        cycles, counts = cadc_cycles(recording, chip, 150 * 125, 3, trial=number)
        for entry, hemisphere in np.ndindex(3, 2):
            taken = cycles[: counts[entry, hemisphere], entry, hemisphere] / 125
            assert np.all((np.diff(taken) > low) & (np.diff(taken) < high))
            mean = recording.period(chip) / us
            # Four deviations of a mean of at least 20 periods of 2 %.
            assert np.diff(taken).mean() == pytest.approx(mean, rel=0.02)


def test_the_jitter_of_the_period_has_the_given_size():
    chip = TYPICAL.replace(cadc_jitter=0.05)
    cycles, counts = cadc_cycles(SRAM, chip, 160 * 125, 40, 0)
    spacing = np.diff(cycles[: counts.min()], axis=0) / (1.7 * 125)
    # 7000 periods: four standard errors of the deviation are 3.4 %.
    assert spacing.std() == pytest.approx(0.05, rel=0.034)
    calm, _ = cadc_cycles(SRAM, chip.replace(noise=0.0), 100 * 125, 1, 0)
    assert set(np.unique(np.diff(calm[:-1], axis=0))) <= {212, 213}


def test_hemispheres_and_entries_sample_at_different_times():
    cycles, _ = cadc_cycles(SRAM, TYPICAL, 100 * 125, 3, 0)
    assert len(np.unique(cycles[0])) == 6


def test_an_entry_samples_when_it_does_whatever_the_batch():
    few, _ = cadc_cycles(SRAM, TYPICAL, 100 * 125, 2, 5)
    many, counts = cadc_cycles(SRAM, TYPICAL, 100 * 125, 7, 5)
    np.testing.assert_array_equal(few[: counts.min()], many[: counts.min(), :2])


@pytest.mark.parametrize(
    ("recording", "memory", "period"),
    [(SRAM, CADC_MEMORY, 1.7), (DRAM, CADC_MEMORY_DRAM, 6.0)],
)
def test_the_memory_ends_the_samples_of_an_entry(recording, memory, period):
    # Five µs of samples are taken before the entry begins: about 3 of the 100.
    runtime = int(1.05 * memory * period * 125)
    cycles, counts = cadc_cycles(recording, TYPICAL, runtime, 3, 0)
    assert np.all((counts >= memory - 3) & (counts <= memory))
    assert cycles.max() / 125 == pytest.approx(memory * period - 5, rel=0.03)


@settings(max_examples=60)
@given(
    runtime=st.integers(0, 60_000),
    trial=st.integers(0, 2**40),
    batch=st.integers(0, 4),
    dram=st.booleans(),
    jitter=st.floats(0, 0.15),
)
def test_samples_lie_within_the_run_in_order(runtime, trial, batch, dram, jitter):
    recording = Recording(dram=dram)
    chip = TYPICAL.replace(cadc_jitter=jitter)
    cycles, counts = cadc_cycles(recording, chip, runtime, batch, trial)
    assert len(cycles) == counts.max(initial=0) <= recording.memory
    for entry, hemisphere in np.ndindex(batch, 2):
        count = counts[entry, hemisphere]
        column = cycles[:, entry, hemisphere]
        assert np.all(np.diff(column[:count]) > 0)
        assert np.all((column[:count] >= 0) & (column[:count] < runtime))
        if count:
            assert set(column[count - 1 :]) == {column[count - 1]}
            # The next sample is later than the end, or there is no memory for it.
            before = 5 * us / recording.period(chip) + 2  # and jitter may add one
            full = count >= recording.memory - before
            most = recording.period(chip) / us * 125 * (1 + 5.5 * jitter) + 1
            assert full or runtime - column[count - 1] <= most


def test_no_runtime_gives_no_samples():
    assert len(cadc_cycles(SRAM, TYPICAL, 0, 2, 0)[0]) == 0
    assert len(madc_cycles(0)) == 0


@pytest.fixture
def resting(network) -> Callable[..., Network]:
    """``resting(neurons, leak)``: neurons that never fire."""

    def make(neurons: int, leak: float, **options) -> Network:
        weights = np.zeros((neurons, 1))
        return network(weights, leak=leak, threshold=leak + 40, **options)

    return make


def test_cadc_noise_has_the_given_size(resting):
    chip = IDEAL.replace(noise=1.0, membrane_noise=0.0, cadc_noise=3.0)
    run = execute(resting(8, 100.0), {}, 20, 150 * 125, chip, keep_membrane=True)
    observed = run.observables["lif"]
    error = observed.cadc - observed.membrane[-1:]  # at rest all the time
    # 14 000 samples: four standard errors of mean and deviation.
    assert error.mean() == pytest.approx(0.0, abs=0.1)
    assert error.std() == pytest.approx(np.hypot(3.0, 12**-0.5), rel=0.024)


def test_the_cadc_rounds_and_clips_and_keeps_no_columns_after_the_last_neuron(network):
    chip = IDEAL.replace(noise=1.0, membrane_noise=0.0, cadc_noise=10.0)
    net = network(np.zeros((3, 1)), leak=250.0, reset=250.0, threshold=255.0)
    run = execute(net, {}, 1, 150 * 125, chip)
    codes = run.output.cadc
    assert codes.dtype == np.uint8
    circuits = run.placement.groups("lif").ravel()
    assert codes[..., circuits].max() == 255  # and no code above wraps to 0
    assert codes[..., circuits].min() > 200
    assert codes.shape[2] == circuits.max() + 1  # a long recording would fill memory


def test_the_cadc_offset_is_that_of_the_channel(resting):
    chip = TYPICAL.replace(noise=0.0, cadc_offset_spread=6.0)
    run = execute(resting(64, 90.0), {}, 1, 3000, chip, keep_membrane=True)
    observed = run.observables["lif"]
    offset = observed.cadc[-1, 0] - observed.membrane[-1, 0]
    assert offset.std() == pytest.approx(6.0, rel=0.36)  # 64 channels: four of 9 %


@pytest.mark.parametrize("late", [-1.0, 0.0, 1.5])
def test_time_stamps_may_be_late_or_early(network, events, late):
    net = network([[63]], threshold=220.0)
    chip = IDEAL.replace(cadc_late=late * us)
    inputs = {"in": events([(0, 0, 0), (50, 0, 0)])}
    run = execute(net, inputs, 1, 60 * 125, chip, keep_membrane=True)
    observed = run.observables["lif"]
    stamps = observed.cadc_cycles[: observed.cadc_counts[0, 0], 0, 0] / 125
    exact = np.interp(stamps - late, np.arange(60), observed.membrane[:, 0, 0])
    inside = (stamps - late > 1) & (stamps - late < 59)
    read = observed.cadc[: len(stamps), 0, 0]
    # Half a code, and a quarter of the slope of 6 LSB/µs where an event bends the
    # membrane between points 1 µs apart; stamps late by 1 µs would be off by 6.
    assert np.abs(read - exact)[inside].max() < 2.0
    assert np.ptp(exact[inside]) > 15


def test_entries_with_fewer_samples_repeat_the_last(resting):
    run = execute(resting(300, 90.0), {}, 9, 33 * 125, TYPICAL)
    output = run.output
    assert output.cadc_counts.min() < output.cadc_counts.max()
    for entry, hemisphere in np.ndindex(9, 2):
        count = output.cadc_counts[entry, hemisphere]
        codes = output.cadc[
            count - 1 :, entry, hemisphere * 256 : hemisphere * 256 + 44
        ]
        assert np.all(codes == codes[0])
        assert codes.all()


def test_madc_is_three_times_finer_and_offset():
    trace = np.full((2, 501), 80.0, np.float32)
    codes = madc_codes(trace, 12500, 0, IDEAL, 0)
    assert codes.shape == (len(madc_cycles(12500)), 2)
    assert np.all(codes == 305)


def test_madc_clips_at_ten_bits():
    trace = np.array([[400.0] * 11, [-400.0] * 11], np.float32)
    codes = madc_codes(trace, 250, 0, IDEAL, 0)
    assert np.all(codes == [1023, 0])


def test_madc_noise_has_the_given_size_across_chunks():
    # 90 000 samples are more than one chunk; between two points the trace is linear.
    trace = np.linspace(80.0, 90.0, 15301, dtype=np.float32)[None]
    codes = madc_codes(trace, 15300 * 25, 0, TYPICAL, 0)[:, 0]
    exact = 65 + 3 * np.interp(madc_cycles(15300 * 25), [0, 15300 * 25], [80, 90])
    for error in (codes - exact)[:65536], (codes - exact)[65536:]:
        # Four standard errors of 24 000 samples.
        assert error.mean() == pytest.approx(0.0, abs=0.03)
        assert error.std() == pytest.approx(np.hypot(1.0, 12**-0.5), rel=0.02)


def test_madc_samples_are_lost_at_the_given_rate_and_keep_their_times():
    codes = np.tile(np.arange(20_000, dtype=np.int16)[:, None], (1, 3))
    runtime = int(20_000 * 4.25)
    chip = TYPICAL.replace(madc_loss=0.01)
    left, cycles, counts = madc_samples(codes, runtime, 7, chip, 0)
    assert len(left) == counts.max() < 20_000
    # Four standard errors: 4 · √(0.01 / 60 000).
    assert 1 - counts.sum() / 60_000 == pytest.approx(0.01, abs=0.0017)
    for entry, count in enumerate(counts):
        np.testing.assert_array_equal(
            cycles[:count, entry], madc_cycles(runtime)[left[:count, entry]]
        )
        assert np.all(left[count:, entry] == left[count - 1, entry])
    whole, _, counts = madc_samples(codes, runtime, 7, TYPICAL, 0)
    assert whole is codes
    assert counts.tolist() == [20_000] * 3


@pytest.mark.parametrize(
    ("source", "weight"),
    [(ReadoutSource.EXC_SYNIN, 40), (ReadoutSource.INH_SYNIN, -40)],
)
def test_a_synaptic_line_falls_with_its_current_and_recovers(
    network, events, source, weight
):
    net = network([[weight]], threshold=220.0, tau_syn=10 * us, madc=("lif", 0))
    lines = Network(
        net.populations,
        net.externals,
        net.projections,
        net.madc,
        cadc_source={"lif": source},
        madc_source=source,
    )
    run = execute(lines, {"in": events([(30, 0, 0)])}, 1, 100 * 125, IDEAL)
    observed = run.observables["lif"]
    time, raw = observed.madc[:, :, 0]
    line = (raw - 65) / 3
    fall = line[0] - line
    assert line[time < 30 * 125] == pytest.approx(150, abs=0.2)
    assert 5 < fall.max() < 60
    start = np.argmax(fall)
    arrival = 30 + INPUT_LATENCY / 125
    assert time[start] / 125 == pytest.approx(arrival, abs=0.3)
    # One time constant later 1/e is left: rounding to a third of an LSB, and codes.
    later = np.interp(time[start] + 10 * 125, time, fall)
    assert later / fall.max() == pytest.approx(np.exp(-1), abs=0.05)
    cadc = observed.cadc[:, 0, 0].astype(float)
    exact = np.interp(observed.cadc_cycles[:, 0, 0], time, line)
    after = observed.cadc_cycles[:, 0, 0] > time[start]
    assert np.abs(cadc - exact)[after].max() < 0.9  # both are rounded
    assert f"The MADC reads {source.value} of 'lif'" in " ".join(run.notes)

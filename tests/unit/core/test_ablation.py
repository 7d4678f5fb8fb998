"""Non-idealities as knobs, what each is to blame for, and what is really inside."""

import numpy as np
import pytest

from core.ablation import (
    AS_IT_IS,
    COUNT_ERROR,
    MEMBRANE_ERROR,
    MODEL,
    ROUNDED,
    SPIKE_COUNT,
    ablate,
    cases,
)
from core.chip.nominal import DRIVE
from core.errors import RecordingError
from core.inside import look_inside, of_circuit
from core.nonideality import GROUPS, LIMITS, MASTERS, active, sources, without
from core.simulate import StageMemory, simulate
from core.spec.chip import IDEAL, TYPICAL, WORST, ChipSpec
from core.spec.examples import first_steps
from core.units import CYCLE, us

#: What makes no chip worse: names, serial numbers, how the CADC is clocked.
NO_SOURCE = {
    "number",
    "calibration",
    "name",
    "cadc_period",
    "cadc_period_dram",
    "cadc_late",
    "event_depth",
}


@pytest.fixture(scope="module")
def memory():
    return StageMemory()


#: Weight LSB with which an ideal chip responds as the model does (τ of 10 µs).
EQUAL = 45 / (10 * DRIVE)


def short(mode="both"):
    spec = first_steps()
    equal = (p.replace(weight_scale=EQUAL) for p in spec.network.projections)
    spec = spec.replace(network=spec.network.replace(projections=tuple(equal)))
    return spec.replace(run=spec.run.replace(mode=mode, runtime=60 * us))


def test_every_field_of_a_chip_is_a_source_or_none_on_purpose():
    assert {s.name for s in sources()} == set(ChipSpec.infos()) - NO_SOURCE
    assert {s.group for s in sources()} == set(GROUPS)
    assert all(s.doc and s.label for s in sources())


@pytest.mark.parametrize("found", sources(), ids=lambda s: s.name)
def test_a_share_that_is_put_is_the_share_that_is_read(found):
    shares = (0.0, 1.0) if found.name == "link_rate" else (0.0, 0.5, 1.0)
    for share in shares:  # half of the link would be twice its rate, which is too fast
        assert found.share(found.put(WORST, share)) == pytest.approx(share, abs=1e-9)
    twice = found.put(TYPICAL, 2.0)
    info = ChipSpec.info(found.name)
    assert info.low <= getattr(twice, found.name) <= info.high


def test_a_typical_chip_has_everything_and_an_ideal_one_nothing():
    absent = {s.name for s in sources() if s.share(TYPICAL) == 0}
    assert absent == {"madc_loss", "event_loss"}
    assert all(s.share(TYPICAL) == pytest.approx(1) for s in sources()
               if s.name not in absent)  # fmt: skip
    assert active(IDEAL.replace(cadc_noise=0, cadc_jitter=0, madc_noise=0)) == ()


def test_limits_grow_when_their_share_shrinks():
    for found in sources():
        if found.name in LIMITS:
            assert getattr(found.put(TYPICAL, 0.8), found.name) == found.full / 0.8
            assert getattr(found.put(TYPICAL, 0), found.name) == 0  # no limit


def test_without_everything_nothing_is_left():
    names = tuple(s.name for s in sources() if s.name not in MASTERS)
    assert active(without(WORST, names)) == ()


def test_each_case_switches_off_something_and_a_group_all_of_it():
    groups, single = cases(TYPICAL, single=False), cases(TYPICAL, single=True)
    assert set(groups) == {*GROUPS, "all off"}
    assert (
        sum(len(names) for g, names in groups.items() if g in GROUPS) == len(single) - 1
    )
    assert "fixed pattern" not in cases(TYPICAL.replace(mismatch=0), single=False)


def test_the_table_begins_with_the_chip_and_ends_with_the_model(memory):
    told = []
    rows = list(
        ablate(
            short(),
            "hidden",
            COUNT_ERROR,
            progress=lambda name, share: told.append(share),
            memory=memory,
        )
    )
    assert [rows[0].source, rows[-2].source, rows[-1].source] == [
        AS_IT_IS,
        ROUNDED,
        MODEL,
    ]
    assert rows[-1].value == 0  # the model differs from itself in nothing
    assert told == sorted(told)
    run = simulate(short(), memory).populations["hidden"]
    counts = len(run.chip_spikes.time), len(run.model_spikes.time)
    assert rows[0].value == counts[0] - counts[1]
    # Without any mistake a chip counts as the model does, but for codes of weights.
    assert abs(rows[-3].value) <= 0.1 * counts[1]


def test_a_cancelled_table_stops_before_the_next_run(memory):
    asked = iter((False, False, True))
    found = ablate(
        short(), "hidden", SPIKE_COUNT, cancel=lambda: next(asked), memory=memory
    )
    assert len(list(found)) == 2


def test_membranes_are_compared_where_the_cadc_read_them(memory):
    rows = list(ablate(short(), "out", MEMBRANE_ERROR, memory=memory))
    # Between read-outs of one step the model is a line, so it is itself to rounding.
    assert rows[-1].value == pytest.approx(0, abs=1e-6)
    assert 0 < rows[0].value < 1
    with pytest.raises(RecordingError, match="no spikes to compare"):
        list(ablate(short(), "out", SPIKE_COUNT, memory=memory))


def test_what_is_inside_is_what_the_converters_read(memory):
    spec = short("chip")
    spec = spec.replace(chip=IDEAL.replace(cadc_noise=0, cadc_jitter=0))
    execution = simulate(spec, memory).execution
    truth = look_inside(execution, spec.chip, spec.run.trial)
    circuit = int(execution.placement.circuits["out"][1])
    inside = of_circuit(truth, circuit)
    seen = execution.observables["out"]
    time = seen.cadc_cycles[:, 0, seen.hemisphere[1]] * CYCLE
    true = np.interp(time, inside.time, inside.membrane)
    # An ideal CADC rounds to 1 LSB; a sub-step of 0.2 µs moves out by far less.
    np.testing.assert_allclose(seen.cadc[:, 0, 1], true, atol=0.75)
    assert of_circuit(truth, 511) is None
    assert inside.excitatory.max() > 0 or inside.inhibitory.max() > 0


def test_a_run_with_too_much_to_keep_says_how_short_it_must_be(memory, monkeypatch):
    execution = simulate(short("chip"), memory).execution
    monkeypatch.setattr("core.inside._MOST", 100)
    with pytest.raises(RecordingError, match="times shorter"):
        look_inside(execution, TYPICAL, 0)

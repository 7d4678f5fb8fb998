"""What an input sends: its spikes as text, edited one by one, and from files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.yinyang import YinYangDataset
from core.errors import ParameterError
from core.spec.examples import yin_yang
from core.spec.recordings import Recording
from core.spec.stimulus import SpikeTimes, YinYangSample
from core.units import us
from workbench.forms.spike_text import moved, read, written
from workbench.plots.yin_yang import yin_yang_map
from workbench.project import Project
from workbench.uploads import Upload
from workbench.views.stimulus_view import StimulusView, recorded_for

TRAINS = ((1 * us, 5 * us), (), (2.5 * us,))


# -- text ------------------------------------------------------------------------

WHOLE_NS = st.integers(0, 10**7).map(lambda ns: ns * 1e-9)


@given(st.lists(st.lists(WHOLE_NS, max_size=5), min_size=1, max_size=5))
def test_times_survive_being_written_and_read(trains):
    found = read(written(trains), len(trains))
    for train, again in zip(trains, found, strict=True):
        np.testing.assert_allclose(again, sorted(train), atol=1e-12)  # a ps


def test_lines_that_are_missing_are_channels_without_spikes():
    assert read("\n5, 1; 3\n", 4) == ((), pytest.approx((1e-6, 3e-6, 5e-6)), (), ())
    assert read("  \n", 2) == ((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2\n3 x", "channel 1: 'x' is no time"),
        ("1 nan", "channel 0: 'nan' is no time"),
        ("-1", "before the run"),
        ("1\n2\n3\n4", "4 lines for 3 channels"),
        (None, "no list of times"),
        ("1 " * 100_001, "more than 100000 spikes"),
        ("1" * 2_000_001, "no list of times"),
    ],
    ids=lambda v: str(v)[:20],
)
def test_a_text_that_is_no_list_of_times_is_refused_with_its_place(text, said):
    with pytest.raises(ParameterError, match=said):
        read(text, 3)


# -- single spikes ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        (None, [1, 3.4], ((1, 5), (3,), (2.5,))),  # on the grid of 1 µs
        (None, [0, 5.2], ((1, 5), (), (2.5,))),  # it is there already
        ([0, 5], None, ((1,), (), (2.5,))),
        ([0, 1], [2, 8], ((5,), (), (2.5, 8))),
        ([2, 2.5], [2, 1e9], ((1, 5), (), (9,))),  # the last step of the run
    ],
)
def test_a_spike_is_added_removed_and_moved(old, new, after):
    found = moved(TRAINS, old, new, 1 * us, 10 * us)
    for train, wanted in zip(found, after, strict=True):
        assert train == pytest.approx([t * us for t in wanted])


@pytest.mark.parametrize("bad", [[3, 1], [-1, 1], ["a", 1], [0], 5, [0, float("nan")]])
def test_what_is_no_place_is_refused(bad):
    with pytest.raises(ParameterError, match="no such place"):
        moved(TRAINS, None, bad, 1 * us, 10 * us)


# -- the view --------------------------------------------------------------------


@pytest.fixture
def project():
    made = Project()
    made.select("input")
    return made


@pytest.fixture
def view(project):
    return StimulusView(project)


def spikes_of(project):
    return sum(map(len, project.spec.stimulus("input").times))


def test_the_raster_shows_what_the_input_sends_without_letting_it_be_edited(view):
    assert view.raster.said == "47 spikes on 6 channels"  # as the page counts them
    assert sum(map(len, view.raster.trains)) == 47
    assert not view.raster.drawn
    view.raster._handle_msg({"old": None, "new": [0, 3]})
    assert view.raster.said == "47 spikes on 6 channels"


def test_spikes_are_drawn_by_hand_each_a_step_to_undo(view, project):
    view._take()
    assert spikes_of(project) == 47
    view.raster._handle_msg({"old": None, "new": [3, 50]})
    assert spikes_of(project) == 48
    view.raster._handle_msg({"old": [3, 50], "new": None})
    assert spikes_of(project) == 47
    project.undo()
    assert view.raster.said == "48 spikes on 6 channels"
    project.undo()
    project.undo()
    assert not view.raster.drawn


def test_a_refused_text_is_said_and_changes_nothing(view, project):
    view._take()
    before = project.spec
    view.raster._handle_msg({"text": "1\nx"})
    assert "channel 1: 'x' is no time" in view.raster.problem
    assert project.spec is before
    view.raster._handle_msg({"text": "1\n2"})
    assert view.raster.problem == ""
    assert project.spec.stimulus("input").times[:2] == ((1e-6,), (2e-6,))


def test_spikes_after_the_end_are_counted_but_not_drawn(view, project):
    spec = project.spec
    project.edit(spec.replace(stimuli=(SpikeTimes("input", ((10 * us, 300 * us),)),)))
    assert (
        view.raster.said == "2 spikes on 6 channels, 1 of them after the end of the run"
    )
    assert view.raster.trains[0] == [10]


def test_only_inputs_have_a_stimulus_to_draw(view, project):
    assert view._view.visible
    project.select("hidden")
    assert not view._view.visible


def test_the_map_shows_the_point_of_the_sample():
    spec = yin_yang()
    project = Project(spec)
    project.select("input")
    view = StimulusView(project)
    sample = spec.stimulus("input")
    point, target = YinYangDataset(size=sample.index + 1, seed=sample.seed)[
        sample.index
    ]
    name = ("yin", "yang", "dot")[target]
    assert view._map.visible
    assert f"sample {sample.index}: {name}, at ({point[0]:.2f}, " in view._map.object


def test_the_map_has_the_shape_of_the_data_set():
    """Points just beside the borders of the drawn half are of the class it says."""
    svg, _ = yin_yang_map(YinYangSample("input"), dark=False)
    assert "A0.25 0.25 0 0 1 0.5 0.5 A0.25 0.25 0 0 0 0 0.5" in svg
    data = YinYangDataset(size=1)
    # The right bulge goes up (the half lies above it), the left one down (it is in).
    assert data.which_class(0.75, 0.5 + 0.25 + 0.01) == 1
    assert data.which_class(0.75, 0.5 + 0.25 - 0.01) == 0
    assert data.which_class(0.25, 0.5 - 0.25 + 0.01) == 1
    assert data.which_class(0.25, 0.5 - 0.25 - 0.01) == 0


# -- files -----------------------------------------------------------------------


def recording(name):
    return Recording(name, 2, 90e-6, np.array([10e-6, 20e-6]), np.array([0, 1]))


class Done:
    def __init__(self, *recordings):
        self.recordings = recordings

    def result(self):
        return Upload(recordings=self.recordings)


def test_an_input_sends_the_recording_of_its_name_or_the_only_one():
    both = (recording("a"), recording("input"))
    assert recorded_for("input", both, "x.csv") is both[1]
    assert recorded_for("input", both[:1], "x.csv").name == "input"


def test_the_spikes_of_a_file_become_those_of_the_input(view, project):
    view._opened("x.csv", "input", Done(recording("other")))
    times = project.spec.stimulus("input").times
    assert times[:3] == ((10e-6,), (20e-6,), ())
    assert "2 spikes of the file" in str(project.notes[0])


def test_a_file_that_fits_not_is_refused_and_nothing_changes(view, project):
    before = project.spec
    view._opened("x.csv", "input", Done(recording("a"), recording("b")))
    assert project.spec is before
    assert "spikes of 'a', 'b'; the input is called 'input'" in str(project.message)

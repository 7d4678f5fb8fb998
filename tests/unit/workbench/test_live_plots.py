import numpy as np
import pytest
from bokeh.models import Range1d, Span

from core.units import us
from workbench.plots.decimate import COLUMNS
from workbench.plots.membrane import MembranePlot
from workbench.plots.raster import MANY_SPIKES, Band, RasterPlot
from workbench.plots.rates import RatesPlot, bin_width, binned_rate
from workbench.plots.traces import KINDS, Membrane, Trace

LEVELS = {"leak": 0.0, "reset": 0.0, "threshold": 1.0}


def membrane(height=1.0, count=50, kind="model", levels=LEVELS, spikes=()):
    time = np.arange(count) * us
    values = height * np.sin(np.arange(count) / 5)
    trace = Trace(kind, 0, time, values)
    return Membrane((trace,), (0,), dict(levels), np.array(spikes, float))


def band(name="hidden", size=4, spikes=3, color="#0977a9", **more):
    return Band(
        name, size, color, np.arange(spikes) * us, np.arange(spikes) % size, **more
    )


@pytest.fixture
def plot():
    return MembranePlot(Range1d(0, 100), Span(dimension="height"))


@pytest.fixture
def raster():
    return RasterPlot(Range1d(0, 100), Span(dimension="height"))


def models(plot):
    return {model.id for model in plot.figure.references()}


def ends(axis_range):
    return axis_range.start, axis_range.end


# -- membrane --------------------------------------------------------------------


def test_drawing_a_membrane_makes_no_new_models(plot):
    plot.draw(membrane())
    before = models(plot)
    plot.draw(membrane(2.0, spikes=[3e-6]))
    assert models(plot) == before


def test_a_trace_is_drawn_in_microseconds(plot):
    plot.draw(membrane())
    data = plot.lines["model"].data
    np.testing.assert_allclose(data["xs"][0], np.arange(50), rtol=1e-6)
    assert data["ys"][0].max() == pytest.approx(1, abs=0.01)


def test_a_long_trace_is_thinned_out(plot):
    plot.draw(membrane(count=50_000))
    assert len(plot.lines["model"].data["xs"][0]) <= 4 * COLUMNS + 2


def test_a_trace_that_is_not_there_any_more_vanishes(plot):
    for kind in KINDS:
        plot.draw(membrane(kind=kind))
    plot.draw(membrane(kind="model"))
    assert [k for k, s in plot.lines.items() if len(s.data["xs"])] == ["model"]
    assert len(plot.points.data["x"]) == 0


def test_several_neurons_differ_in_colour_and_line(plot):
    traces = [Trace("model", n, np.arange(9) * us, np.ones(9)) for n in range(8)]
    plot.style("#b44800", dark=False)
    plot.draw(Membrane(tuple(traces), tuple(range(8))))
    data = plot.lines["model"].data
    assert data["neuron"] == list(range(8))
    assert len(set(zip(data["color"], data["dash"], strict=True))) == 8
    assert data["color"][0] == "#b44800"


def test_axes_of_a_membrane_do_not_move_on_draw(plot):
    before = ends(plot.figure.y_range), ends(plot.figure.x_range)
    plot.draw(membrane(100.0, count=1000))
    assert (ends(plot.figure.y_range), ends(plot.figure.x_range)) == before


def test_fit_shows_the_whole_membrane_and_its_levels(plot):
    shown = membrane(0.5, levels={"leak": -0.4, "threshold": 2.5})
    plot.fit(shown)
    start, end = ends(plot.figure.y_range)
    assert start < -0.5
    assert end > 2.5


def test_fit_leaves_the_past_aside(plot):
    shown = membrane(1.0)
    ghost = Trace("ghost", 0, np.arange(2.0), np.array([-1e3, 1e3]))
    plot.fit(Membrane((ghost, *shown.traces), (0,), shown.levels))
    assert plot.figure.y_range.end < 10


def test_fit_to_what_is_not_finite_does_not_move(plot):
    before = ends(plot.figure.y_range)
    nan = Trace("model", 0, np.arange(2.0), np.array([np.nan, np.inf]))
    plot.fit(Membrane((nan,)))
    plot.fit(Membrane())
    assert ends(plot.figure.y_range) == before


def test_a_flat_membrane_still_has_a_height(plot):
    plot.fit(Membrane((Trace("model", 0, np.arange(3.0), np.zeros(3)),)))
    start, end = ends(plot.figure.y_range)
    assert end - start > 0.01


def test_levels_at_one_height_share_a_label(plot):
    plot.draw(membrane())
    texts = plot.names.major_label_overrides
    assert texts == {0.0: "leak, reset", 1.0: "threshold"}


def test_levels_that_part_get_labels_of_their_own(plot):
    plot.draw(membrane())
    plot.draw(membrane(levels={**LEVELS, "reset": -0.2}))
    texts = plot.names.major_label_overrides
    assert texts == {0.0: "leak", -0.2: "reset", 1.0: "threshold"}
    assert sorted(plot.names.ticker.ticks) == [-0.2, 0.0, 1.0]


def test_levels_stand_at_their_height_and_vanish_when_gone(plot):
    plot.draw(membrane())
    assert plot.levels["threshold"].location == 1.0
    plot.draw(membrane(levels={"leak": 0.3}))
    assert [plot.levels[n].visible for n in plot.LEVELS] == [True, False, False]
    assert plot.names.major_label_overrides == {0.3: "leak"}


def test_spikes_stand_at_the_threshold(plot):
    plot.draw(membrane(spikes=[3e-6, 7e-6]))
    np.testing.assert_allclose(plot.spikes.data["x"], [3, 7])
    np.testing.assert_allclose(plot.spikes.data["y"], [1, 1])


def test_a_theme_recolours_without_new_models(plot):
    plot.draw(membrane())
    before = models(plot)
    plot.style("#b44800", dark=True)
    assert models(plot) == before
    plot.draw(membrane())
    assert plot.lines["model"].data["color"] == ["#b44800"]
    plot.draw(membrane(kind="ghost"))
    assert plot.lines["ghost"].data["color"] != ["#b44800"]


def test_the_membrane_axis_says_its_unit(plot):
    plot.draw(membrane())
    assert plot.figure.yaxis[0].axis_label == "membrane, model units"
    plot.draw(Membrane(unit="CADC LSB"))
    assert plot.figure.yaxis[0].axis_label == "membrane, CADC LSB"


# -- raster ----------------------------------------------------------------------


def test_drawing_spikes_makes_no_new_models(raster):
    raster.draw([band(), band("out", 2)], 100 * us)
    before = models(raster)
    raster.draw([band(spikes=9), band("out", 2, 0)], 100 * us)
    assert models(raster) == before


def test_bands_carry_their_name_and_count(raster):
    raster.draw([band("a", 4, 3), band("b", 2, 0)], 100 * us)
    left = raster.figure.yaxis[0]
    assert left.major_label_overrides == {2.0: "a", 5.0: "b"}
    assert raster.counts.major_label_overrides == {2.0: "3 spikes", 5.0: "0 spikes"}
    assert left.ticker.ticks == raster.counts.ticker.ticks == [2.0, 5.0]


def test_counts_follow_the_spikes(raster):
    raster.draw([band("a", 4, 3)], 100 * us)
    raster.draw([band("a", 4, 7)], 100 * us)
    assert raster.counts.major_label_overrides == {2.0: "7 spikes"}


def test_bands_are_stacked_from_the_top(raster):
    raster.draw([band("a", 4), band("b", 2)], 100 * us)
    assert list(raster.edges.data["top"]) == [0, 4]
    assert list(raster.edges.data["bottom"]) == [4, 6]
    assert ends(raster.figure.y_range) == (6, 0)


def test_a_tick_stays_in_the_row_of_its_neuron(raster):
    raster.draw([band("a", 4, 8), band("b", 3, 6)], 100 * us)
    data = raster.spikes.data
    rows = [*(np.arange(8) % 4), *(4 + np.arange(6) % 3)]
    np.testing.assert_array_equal(np.floor(data["y0"]), rows)
    np.testing.assert_array_equal(np.floor(data["y1"]), rows)
    np.testing.assert_allclose(data["x"], [*range(8), *range(6)], rtol=1e-6)


def test_spikes_of_the_model_are_faint_beside_those_of_the_chip(raster):
    faint = {"faint_time": np.array([1e-6]), "faint_neuron": np.array([2])}
    raster.draw([band("a", 4, 1, **faint)], 100 * us)
    chip, model = raster.spikes.data, raster.faint.data
    assert chip["y1"][0] < model["y0"][0] - 2  # the model is below, in row 2
    assert model["y1"][0] < 3
    raster.draw([band("a", 4, 1)], 100 * us)
    assert len(raster.faint.data["x"]) == 0


def test_the_vertical_axis_of_the_raster_moves_only_with_the_populations(raster):
    raster.draw([band("a", 4)], 100 * us)
    raster.figure.y_range.update(start=3, end=1)  # the user has zoomed
    raster.draw([band("a", 4, 9)], 100 * us)
    assert ends(raster.figure.y_range) == (3, 1)
    raster.draw([band("a", 5)], 100 * us)
    assert ends(raster.figure.y_range) == (5, 0)


def test_the_time_axis_does_not_move_on_draw(raster):
    raster.draw([band()], 500 * us)
    assert ends(raster.figure.x_range) == (0, 100)


def test_many_spikes_become_an_image_and_few_ticks_again(raster):
    raster.draw([band(spikes=MANY_SPIKES + 1)], 10_000 * us)
    assert len(raster.image.data["image"]) == 1
    assert len(raster.spikes.data["x"]) == 0
    raster.draw([band(spikes=MANY_SPIKES)], 10_000 * us)
    assert len(raster.image.data["image"]) == 0
    assert len(raster.spikes.data["x"]) == MANY_SPIKES


def test_an_image_shows_each_population_in_its_rows_and_colour(raster):
    many = MANY_SPIKES // 2 + 1
    bands = [band("a", 48, many, "#ff0000"), band("b", 1, many, "#00ff00")]
    raster.draw(bands, many * us)
    (picture,) = raster.image.data["image"]
    red, green = 0xFF0000FF, 0xFF00FF00
    assert set(np.unique(picture[:48])) == {0, red}
    assert set(np.unique(picture[48])) == {green}


def test_an_image_shows_the_spikes_of_the_model_too(raster):
    faint = {
        "faint_time": np.arange(MANY_SPIKES) * us,
        "faint_neuron": np.full(MANY_SPIKES, 3),
    }
    only = Band("a", 4, "#ff0000", np.array([0.0]), np.array([0]), **faint)
    raster.draw([only], MANY_SPIKES * us)
    (picture,) = raster.image.data["image"]
    assert picture[3].any()


def test_nothing_to_draw_is_drawn(raster):
    raster.draw([], 100 * us)
    assert len(raster.spikes.data["x"]) == 0
    assert ends(raster.figure.y_range) == (1, 0)


def test_populations_that_go_leave_no_label(raster):
    raster.draw([band("a"), band("b")], 100 * us)
    raster.draw([band("a")], 100 * us)
    assert raster.figure.yaxis[0].major_label_overrides == {2.0: "a"}
    assert raster.figure.yaxis[0].ticker.ticks == [2.0]
    assert raster.counts.ticker.ticks == [2.0]


def test_the_axes_of_the_raster_say_what_they_show(raster):
    assert raster.figure.xaxis[0].axis_label == "time, µs"
    raster.draw([band("a", 4, 1)], 100 * us)
    assert raster.counts.major_label_overrides == {2.0: "1 spike"}


def test_both_plots_share_the_time_axis_and_the_cursor():
    time, cursor = Range1d(0, 100), Span(dimension="height")
    above, below = MembranePlot(time, cursor), RasterPlot(time, cursor)
    assert above.figure.x_range is below.figure.x_range
    assert above.figure.min_border_left == below.figure.min_border_left
    assert above.figure.min_border_right == below.figure.min_border_right


# -- rates -----------------------------------------------------------------------


@pytest.mark.parametrize("duration", [1e-6, 37e-6, 200e-6, 1e-3, 10e-3])
def test_rates_add_up_to_the_number_of_spikes(duration):
    rng = np.random.default_rng(3)
    time = rng.uniform(0, duration, 500)
    edges, rate = binned_rate(time, 4, duration)
    assert edges[-1] == pytest.approx(duration)
    assert (rate * 4 * np.diff(edges)).sum() == pytest.approx(500)


@pytest.mark.parametrize("duration", [1e-6, 60e-6, 100e-6, 10e-3])
def test_bins_are_of_a_round_width(duration):
    width = bin_width(duration)
    assert float(f"{width:e}"[0]) in (1, 2, 5)
    assert 20 <= duration / width <= 50.1


def test_rates_are_fitted_once_and_then_stay():
    rates = RatesPlot(Range1d(0, 100), Span(dimension="height"))
    rates.draw([band("a", 1, 10)], 100 * us)
    before = ends(rates.figure.y_range)
    rates.draw([band("a", 1, 90)], 100 * us)
    assert ends(rates.figure.y_range) == before
    rates.fit()
    highest = rates.source.data["ys"][0].max()
    assert rates.figure.y_range.end == pytest.approx(1.15 * highest)

"""The chip view without a browser: what its plots are given, and what its views do."""

import threading

import numpy as np
import pytest

from core.chip.geometry import COLUMNS
from core.chip_layout import layout
from core.errors import Problem
from core.simulate import StageMemory, simulate
from core.spec import edit
from core.spec.chip import IDEAL, WORST
from core.spec.examples import first_steps
from core.spec.network import NetworkSpec
from core.units import us
from workbench.plots.calibration import PARAMETERS, CalibrationPlots, binned, compared
from workbench.plots.chip import (
    DIM,
    FREE,
    ChipMap,
    SynapseArray,
    circuits_shown,
    synapses_shown,
)
from workbench.plots.inside import InsidePlots
from workbench.plots.look import STEPS, signed_palette
from workbench.plots.losses import LinkPlot, WeightsPlot
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.chip_blame import BlameTab
from workbench.views.chip_losses import LossesTab
from workbench.views.chip_map import MapTab
from workbench.views.chip_tab import Newest
from workbench.views.chip_view import TABS, ChipView
from workbench.views.resources import ResourceBar, bars

#: s; what is waited for takes milliseconds.
TIMEOUT = 20


class Aside:
    """A runner whose work is done when the test says so."""

    def __init__(self):
        self.waiting = []

    def aside(self, work, done):
        self.waiting.append((work, done))

    def step(self):
        work, done = self.waiting.pop(0)
        done(Result(work))


class Result:
    def __init__(self, work):
        self._value = self._error = None
        try:
            self._value = work()
        except Exception as error:
            self._error = error

    def result(self):
        return self._value

    def exception(self):
        return self._error


@pytest.fixture
def project():
    return Project(first_steps())


@pytest.fixture
def runner(project, monkeypatch):
    """A runner that works at once, in the thread of the test."""
    made = Runner(project)
    made.live = False
    monkeypatch.setattr(made, "aside", lambda work, done: done(Result(work)))
    return made


@pytest.fixture(scope="module")
def execution():
    spec = first_steps()
    spec = spec.replace(run=spec.run.replace(mode="chip", runtime=40 * us))
    return simulate(spec, StageMemory()).execution


# -- plots -------------------------------------------------------------------------


def test_the_map_colours_each_circuit_as_its_population(execution):
    colors = {"hidden": "#111111", "out": "#222222"}
    shown = circuits_shown(
        layout(first_steps()), colors, "#eeeeee", execution.calibration, {"out"}
    )
    for name, color in colors.items():
        for neuron, circuit in enumerate(execution.placement.circuits[name]):
            assert shown["color"][circuit] == color
            assert shown["who"][circuit] == f"{name} · neuron {neuron}"
            assert shown["alpha"][circuit] == (1.0 if name == "out" else DIM)
    assert shown["color"].count("#eeeeee") == 512 - 10
    assert set(shown["state"]) <= {"", "calibrated", "missed a calibration target"}


def test_the_synapse_array_shows_the_weights_that_a_run_writes(execution):
    found = layout(first_steps())
    mask = found.of_projection("input_hidden")
    for hemisphere in range(2):
        shown = synapses_shown(found, hemisphere, mask)
        rows, columns = shown.weights.shape
        part = execution.config.weights[hemisphere][
            shown.row : shown.row + rows, shown.column : shown.column + columns
        ]
        mine = shown.weights != FREE
        np.testing.assert_array_equal(np.abs(shown.weights[mine]), part[mine])
        # Nothing is left out: all that is written lies in the part that is shown.
        assert part.sum() == execution.config.weights[hemisphere].sum()
        assert bool(shown.dimmed.any()) == (not mask[hemisphere].any())
    assert synapses_shown(layout(first_steps().replace(network=NetworkSpec())), 0,
                          None) is None  # fmt: skip


def test_clicks_on_map_and_array_name_what_lies_there():
    class Click:
        def __init__(self, x, y):
            self.x, self.y = x, y

    heard = []
    plot = ChipMap(heard.append)
    array = SynapseArray(1, lambda *place: heard.append(place))
    on_map = plot.figure.subscribed_events
    assert "tap" in on_map
    for x, y in ((3.4, 1.2), (3.4, -0.3), (-2.0, 1.0), (5.0, 3.0)):
        plot.figure._event_callbacks["tap"][0](Click(x, y))
    array.figure._event_callbacks["tap"][0](Click(7.9, 2.1))
    array.figure._event_callbacks["tap"][0](Click(400.0, 2.1))
    assert heard == [3, COLUMNS + 3, (1, 2, 7)]


def test_signed_colours_tell_a_weight_of_one_from_none():
    for dark in (False, True):
        palette = signed_palette(dark)
        assert len(palette) == len(set(palette)) == 2 * STEPS + 1


@pytest.mark.parametrize("label", PARAMETERS)
def test_a_parameter_is_compared_where_it_has_a_target(label, execution):
    found = compared(label, execution.calibration, execution.calibration)
    count = 8 if label in ("threshold", "reset") else 10  # out never spikes
    if label == "reset":
        count = len(found.circuit)
    assert len(found.circuit) == count
    np.testing.assert_array_equal(found.after, found.before)
    assert np.isfinite(found.after).all()
    assert (found.code >= 0).all()
    plots = CalibrationPlots()
    plots.style(True)
    plots.draw(found, ["x"] * count, ["#000000"] * count)
    assert sum(plots.after.data["top"]) == sum(plots.before.data["top"]) == count
    assert plots.deviation.y_range.end >= max(plots.after.data["top"])


def test_bins_keep_what_lies_outside_of_them():
    counts = binned(np.array([-9.0, 0.5, 1.5, 99.0]), np.array([0.0, 1.0, 2.0]))
    assert counts.tolist() == [2, 2]


def test_the_link_is_drawn_with_its_busiest_microseconds(execution):
    plot = LinkPlot()
    plot.style(False)
    into, out = execution.output.link_load()
    plot.draw(into, out, 250.0)
    assert max(plot.source.data["into"]) == execution.output.sent.peak_per_us()
    assert not plot.limit.visible  # far above what this network sends
    plot.draw(np.full((5000, 1), 200, np.int32), out[:1].repeat(5000, 0), 250.0)
    assert len(plot.source.data["into"]) <= 600
    assert plot.limit.visible
    assert plot.figure.y_range.end > 250


def test_the_weights_plot_counts_every_synapse():
    plot = WeightsPlot()
    wanted = np.array([[-200.0, 3.4, 70.0]])
    plot.draw("p", wanted, np.array([[-63, 3, 63]]))
    assert sum(plot.wanted.data["top"]) == sum(plot.kept.data["top"]) == 3


def test_the_inside_plots_forget_what_is_not_shown():
    plots = InsidePlots()
    plots.style("#123456", False)
    samples = (np.array([1.0, 2.0]) * us, np.array([80.0, 90.0]))
    plots.draw(samples, samples, None)
    plots.fit()
    assert plots.membrane.y_range.end > 90
    assert not plots.lines["truth"].data["x"]
    plots.draw(None, None, None)
    assert not len(plots.lines["cadc"].data["x"])


# -- views -------------------------------------------------------------------------


def test_of_what_waits_only_the_newest_is_done(caplog):
    runner, heard = Aside(), []
    work = Newest(runner, heard.append)
    for value in range(4):
        work.ask(lambda value=value: value)
    runner.step()  # the first: its result is stale already
    runner.step()
    assert heard == [3]
    assert not runner.waiting
    work.ask(lambda: 1 / 0)
    runner.step()
    assert "the chip view failed" in caplog.text
    work.ask(lambda: 5)
    runner.step()
    assert heard == [3, 5]


def test_a_tab_is_made_when_it_is_first_opened_and_draws_only_while_it_is(
    project, runner
):
    view = ChipView(project, runner)
    assert list(view.tabs) == ["Map"]
    for tab in TABS:
        view.show(tab.title)
    assert [t.title for t in view.tabs.values() if t.active] == [TABS[-1].title]
    view.active = False
    assert not any(t.active for t in view.tabs.values())


def test_the_map_selects_in_the_graph_what_is_clicked(project, runner):
    tab = MapTab(project, runner)
    tab.active = True
    circuits = layout(project.spec).placement.circuits
    tab._circuit(int(circuits["out"][1]))
    assert project.spec.view.selected == "out"
    assert project.spec.recording.madc_neuron == 1
    mask = layout(project.spec).of_projection("hidden_out")
    tab._synapse(*(int(v) for v in np.argwhere(mask)[0]))
    assert project.spec.view.selected == "hidden_out"


def test_what_is_selected_moves_to_the_free_circuit_that_is_clicked(project, runner):
    tab = MapTab(project, runner)
    tab.active = True
    project.select("out")
    tab._circuit(300)
    assert project.spec.view.selected == "out"  # or nobody would know who moves
    assert tab._move.visible
    assert tab._move.label == "Move out to circuit 300"
    tab._moved()
    assert layout(project.spec).placement.circuits["out"].tolist() == [300, 301]
    assert not tab._move.visible
    assert "<b" in tab._said.object
    assert "circuits 300–301" in tab._said.object
    project.select("hidden")
    tab._circuit(299)
    tab._moved()
    assert "'out' sits on 300–301" in project.message.what
    assert layout(project.spec).placement.circuits["hidden"][0] == 0


def test_the_remedy_is_offered_only_where_it_helps(project, runner):
    tab = LossesTab(project, runner)
    tab.active = True
    assert tab._offered == []
    strong = project.spec.network.projection("input_hidden").replace(weight_scale=200)
    network = project.spec.network.with_projection(strong)
    project.edit(project.spec.replace(network=network))
    ((name, scale),) = tab._offered
    assert name == "input_hidden"
    tab._put(name, scale)
    assert project.spec.network.projection(name).weight_scale == scale
    assert tab._offered == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("noise", 50, 0.5),
        ("noise", 1e9, 2.0),  # a browser is not trusted
        ("noise", "50", 1.0),
        ("noise", float("nan"), 1.0),
        ("number", 50, 1.0),
    ],
)
def test_a_slider_moves_one_source(project, runner, name, value, expected):
    tab = BlameTab(project, runner)
    tab.active = True
    tab._edited(name, value)
    assert project.spec.chip.noise == expected
    assert project.spec.chip.number == 1


def test_a_preset_keeps_the_number_of_the_chip(project, runner):
    tab = BlameTab(project, runner)
    tab.active = True
    tab._numbered(type("Event", (), {"new": 7}))
    tab._take(WORST)
    assert project.spec.chip == WORST.replace(number=7)
    tab._take(IDEAL)
    assert project.spec.chip == IDEAL.replace(number=7)


def test_the_table_of_blame_can_be_cancelled_and_measured_again(
    project, runner, monkeypatch
):
    tab = BlameTab(project, runner)
    tab.active = True
    started, go = threading.Event(), threading.Event()

    def rows(*_, cancel, progress, **__):
        progress("first", 0.0)
        started.set()
        assert go.wait(TIMEOUT)
        assert cancel()
        return iter(())

    monkeypatch.setattr("workbench.views.chip_blame.ablate", rows)
    work = threading.Thread(target=tab._measure)
    work.start()
    assert started.wait(TIMEOUT)
    assert tab._start.disabled
    tab.cancel()
    go.set()
    work.join(TIMEOUT)
    assert "cancelled" in tab._said.object
    assert not tab._start.disabled


def test_the_bar_follows_the_document_and_tells_the_project(project, runner):
    bar = ResourceBar(project, runner)
    assert 'aria-valuenow="10"' in bar._bars.object
    project.edit(edit.resize(project.spec, "input", 200))
    assert "need 400 synapse rows" in bar._bars.object
    (problem,) = [p for p in project.problems if "synapse rows" in p.what]
    # A note: the model runs it, and on the chip the run says the same as an error.
    assert (problem.subject, problem.severity) == ("input_hidden", "note")
    project.undo()
    assert "synapse rows" not in "".join(p.what for p in project.problems)
    assert "need 400" not in bar._bars.object


def test_an_edit_of_a_value_asks_no_thread(project, runner, monkeypatch):
    bar = ResourceBar(project, runner)
    monkeypatch.setattr(runner, "aside", lambda *_: pytest.fail("asked a thread"))
    hidden = project.spec.network.population("hidden").replace(tau_mem=12 * us)
    network = project.spec.network.with_population(hidden)
    project.edit(project.spec.replace(network=network))
    assert bar.found.fits


def test_names_from_a_file_cannot_bring_markup_into_the_bar():
    name = "<img src=x onerror=alert(1)>"
    text = bars((), (Problem(f"projection '{name}'", name, name),), False)
    assert "<img" not in text

"""Sweeps beside the graph: one or two parameters over a range, on one or many chips."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from html import escape
from typing import Any, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from core.errors import Problem
from core.measures import MEASURES
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec
from core.sweep import Job, SweepResult, Values, run_job, sweep, with_value
from core.units import us
from workbench.long_work import LongWork, why
from workbench.plots.sweep import Found, SweepCurve, SweepMap
from workbench.project import Project
from workbench.runner import Runner
from workbench.sweepable import Parameter, sweepable
from workbench.theme import PROBLEM, TEXT, mode
from workbench.views.chip_tab import ONE_LINE
from workbench.views.number_field import NumberField, WholeField
from workbench.views.plot_bar import PlotBar
from workbench.views.select import Select

NONE: Final = "none"
#: Most values of one parameter, and most chips.
MOST, MOST_CHIPS = 200, 50
#: How measures are shown: unit and its size.
_UNITS: Final = {"model": ("model units", 1.0), "Hz": ("kHz", 1e3), "s": ("µs", us)}
_WIDE: Final[dict[str, Any]] = {"sizing_mode": "stretch_width"}


class ParameterRow:
    """Choice of one parameter and its range.

    :param changed: called when anything was chosen
    """

    def __init__(self, title: str, optional: bool, changed: Callable[[], None]) -> None:
        self.parameters: dict[str, Parameter] = {}
        self._optional = optional
        self.choice = Select(label=title, size="small", width=216, margin=(8, 4))
        rank = "second " if optional else ""
        self.low = _field(f"{rank}from", 108)
        self.high = _field(f"{rank}to", 96)
        self.count = WholeField(
            label=f"{rank}values",
            value=11 if not optional else 7,
            start=2,
            end=MOST,
            width=116,
            margin=(4, 4),
        )
        self._changed = changed
        self.choice.param.watch(lambda *_: self._chosen(), "value")
        for field in (self.low, self.high, self.count):
            field.param.watch(lambda *_: changed(), "value")
        self.view = pn.FlexBox(
            self.choice, self.low, self.high, self.count, gap="4px", align_items="end"
        )

    @property
    def chosen(self) -> Parameter | None:
        """The parameter, None if there is none."""
        return self.parameters.get(self.choice.value)

    def offer(self, parameters: dict[str, Parameter], prefer: str) -> None:
        """Offer the parameters of a document."""
        self.parameters = parameters
        options = [NONE, *parameters] if self._optional else list(parameters)
        if self.choice.options != options:
            now = self.choice.value
            value = now if now in options else prefer if prefer in options else None
            first = options[0] if options else None
            self.choice.param.update(options=options, value=value or first)
            if value != now:
                self._chosen()

    def _chosen(self) -> None:
        parameter = self.chosen
        for field in (self.low, self.high, self.count):
            field.visible = parameter is not None
        if parameter is not None:
            low, high = parameter.range()
            self.low.value, self.high.value = low, high
        self._changed()

    def take(self, low: float, high: float) -> None:
        """Set the range."""
        self.low.value, self.high.value = low, high


class SweepView(pn.viewable.Viewer):
    """What is swept and measured, the run with its progress, curve or heat map."""

    dark = param.Boolean(default=False)
    active = param.Boolean(default=False, doc="Whether anybody looks.")

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.found: Found | None = None
        self._swept: tuple[Parameter, ...] = ()
        self._problems: tuple[Problem, ...] = ()
        self._work: LongWork | None = None
        self._progress = (0, 0)
        self._styled: bool | None = None
        self.curve = SweepCurve(lambda x: self._put(x))
        self.map = SweepMap(self._put)
        self._make()
        project.param.watch(lambda *_: self._later(), "spec")
        self.param.watch(lambda *_: self._later(), ["active", "dark"])
        self._later()

    def __panel__(self) -> Any:
        return self._view

    def _make(self) -> None:
        self.first = ParameterRow("Parameter", False, self._say)
        self.second = ParameterRow("Second parameter", True, self._say)
        self.measure = Select(
            label="Measure", options=list(MEASURES), value="rate", size="small",
            width=170, margin=(8, 4),
        )  # fmt: skip
        self.population = Select(
            label="Measured population", size="small", width=170, margin=(8, 4)
        )
        self.mode = pmui.RadioButtonGroup(
            options=["mock", "chip"], value="mock", size="small", margin=(10, 4)
        )
        self.chips = WholeField(
            label="chips", value=1, start=1, end=MOST_CHIPS, width=80, margin=(4, 4)
        )
        for field in (self.measure, self.mode, self.chips):
            field.param.watch(lambda *_: self._say(), "value")
        self._start = _button("Run sweep", "play_arrow", "contained", self.start)
        self._cancel = _button("Cancel", "stop", "outlined", self.cancel)
        self._cancel.visible = False
        self._bar = pmui.LinearProgress(
            variant="determinate", value=0, visible=False, margin=(4, 8), **_WIDE
        )
        self._said = pn.pane.HTML("", margin=(2, 8), **_WIDE)
        self.bar = PlotBar(
            lambda: self.found.table() if self.found else _EMPTY.table(),
            subject="sweep",
            name_of_file="sweep",
            figure=self.curve.figure.id,
            on_fit=self._later,
            visible=False,
        )
        # A pane takes its visibility from its figure, so each has a place of its own.
        self._curve, self._map = (
            pn.Column(
                pn.pane.Bokeh(plot.figure, margin=0, **_WIDE), visible=False, **_WIDE
            )
            for plot in (self.curve, self.map)
        )
        self._view = pn.Column(
            self.first.view,
            self.second.view,
            pn.FlexBox(
                self.measure,
                self.population,
                self.mode,
                self.chips,
                gap="4px",
                align_items="end",
            ),
            pn.Row(self._start, self._cancel, margin=(4, 4)),
            self._bar,
            self._said,
            self.bar,
            self._curve,
            self._map,
            margin=(0, 4),
            **_WIDE,
        )

    # -- what is chosen --------------------------------------------------------------

    def _offer(self) -> None:
        spec = self.project.spec
        parameters = sweepable(spec)
        selected = f"{spec.view.selected}: threshold"
        self.first.offer(parameters, selected)
        self.second.offer(parameters, NONE)
        names = [p.name for p in spec.network.populations if isinstance(p, LISpec)]
        if self.population.options != names:
            now, wish = self.population.value, spec.view.selected
            value = now if now in names else wish if wish in names else None
            self.population.param.update(
                options=names, value=value or (names[0] if names else None)
            )

    def _axes(self) -> list[tuple[Parameter, ParameterRow]]:
        rows = (self.first, self.second)
        return [(row.chosen, row) for row in rows if row.chosen is not None]

    def _numbers(self) -> tuple[int, ...]:
        """Return the numbers of the chips, from that of the document on."""
        first = self.project.spec.chip.number
        count = self.chips.value or 1 if self.mode.value == "chip" else 1
        return tuple(range(first, first + count))

    # -- the run ---------------------------------------------------------------------

    def start(self) -> None:
        """Run the sweep, in a thread of its own."""
        if self._work is not None or not self.population.value:
            return
        chosen = self._axes()
        if not chosen or any(None in (r.low.value, r.high.value) for _, r in chosen):
            return
        spec = self.project.spec
        spec = spec.replace(run=spec.run.replace(mode=self.mode.value))
        axes = [p.axis(r.low.value, r.high.value, r.count.value) for p, r in chosen]
        self._swept = tuple(p for p, _ in chosen)
        measure, population = self.measure.value, self.population.value
        numbers = self._numbers()
        shape = (
            *(len(np.asarray(axis.values)) for axis in axes),
            len(numbers),
            spec.network.population(population).size,
        )
        unit, size = _UNITS.get(MEASURES[measure].unit, ("", 1.0))
        name = f"{measure} of {population}" + (f" ({unit})" if unit else "")
        shown = tuple(
            np.asarray(axis.values) / p.size
            for axis, p in zip(axes, self._swept, strict=True)
        )
        empty = Found(
            shown,
            tuple(p.label for p in self._swept),
            numbers,
            np.full(shape, np.nan),
            name,
        )

        def work(of: LongWork) -> SweepResult:
            flat = np.full((int(np.prod(shape[:-1])), shape[-1]), np.nan)
            memory = of.memory(lambda *_: None)

            def over(
                _: Callable[[Job], Values], jobs: Iterable[Job]
            ) -> Iterator[Values]:
                for done, job in enumerate(jobs):
                    found = run_job(job, memory)
                    flat[done] = found[measure] / size
                    of.tell((done + 1, filled(empty, flat)))
                    yield found

            return sweep(
                spec,
                axes,
                [measure],
                population=population,
                chips=numbers,
                cancel=lambda: not of.go_on(),
                over=over,
            )

        self.found, self._problems = empty, ()
        self._progress = (0, int(np.prod(shape[:-1])))
        self._work = LongWork(
            self.runner, work, self._told, lambda f: self._ended(f, empty, size)
        )
        self._work.start()
        self._later()

    def cancel(self) -> None:
        """Stop after the point that is under way."""
        if self._work is not None:
            self._work.cancel()

    def _told(self, said: tuple[int, Found]) -> None:
        if self._work is not None:
            self._progress = (said[0], self._progress[1])
            self.found = said[1]
            self._draw()

    def _ended(self, future: "Future[SweepResult]", empty: Found, size: float) -> None:
        self._work = None
        error = future.exception()
        self._problems = why(error, "sweep")
        if error is None:
            result = future.result()
            (values,) = result.values.values()
            self.found = replace(empty, values=values / size)
            self._progress = (
                self._progress[1] if result.finished else self._progress[0],
                self._progress[1],
            )
        elif np.isnan(self.found.values if self.found else np.nan).all():
            self.found = None
        self._draw()

    def _put(self, *shown: float) -> None:
        """Set the document to a point of the plot: one step to undo."""
        if len(shown) != len(self._swept):
            return

        def changed() -> ExperimentSpec:
            spec = self.project.spec
            for parameter, value in zip(self._swept, shown, strict=True):
                spec = with_value(spec, parameter.path, value * parameter.size)
            return spec

        self.project.attempt(changed)

    # -- drawing ---------------------------------------------------------------------

    def _later(self) -> None:
        if self.active:
            self.runner.later(self._draw)

    def _draw(self) -> None:
        if not self.active:
            return
        self._offer()
        if self._styled != self.dark:
            self._styled = self.dark
            self.curve.style(self.dark)
            self.map.style(self.dark)
        running = self._work is not None
        self._start.visible = not running
        self._cancel.visible = self._bar.visible = running
        done, total = self._progress
        self._bar.value = round(100 * done / max(total, 1))
        self._say()
        self._draw_plot()

    def _draw_plot(self) -> None:
        found = self.found
        one = found is not None and len(found.axes) == 1
        two = found is not None and len(found.axes) == 2
        self._curve.visible, self._map.visible = one, two
        self.bar.visible = found is not None
        if found is None:
            return
        self.bar.param.update(
            heading=_heading(found),
            figure=(self.curve if one else self.map).figure.id,
        )
        known = sweepable(self.project.spec)
        now = [
            known[p.words].value / p.size if p.words in known else float("nan")
            for p in self._swept
        ]
        if one:
            self.curve.draw(found, now[0])
        else:
            self.map.draw(found, (now[0], now[1]))

    def _say(self) -> None:
        self.chips.disabled = self.mode.value == "mock"
        if self._problems:
            text = "<br>".join(escape(str(p)) for p in self._problems[:5])
            color, role = PROBLEM[mode(self.dark)], "alert"
        else:
            color, role = TEXT[mode(self.dark)]["quiet"], "status"
            text = self._words()
        self._said.object = (
            f'<div role="{role}" style="font-size:13px;color:{color}">{text}</div>'
        )

    def _words(self) -> str:
        done, total = self._progress
        if self._work is not None:
            return f"{done} of {total} runs"
        runs = len(self._numbers())
        for _, row in self._axes():
            runs *= row.count.value or 0
        planned = f"{runs} runs. {MEASURES[self.measure.value].doc}"
        if self.found is None:
            return planned
        state = "Finished" if done == total else f"Cancelled after {done} of {total}"
        return f"{state}. A click on a point sets its value in the document."


_EMPTY: Final = Found((np.zeros(0),), ("value",), (), np.zeros((0, 0, 1)), "sweep")


def filled(empty: Found, flat: Any) -> Found:
    """Return ``empty`` with values; in ``flat`` chips are the outermost loop.

    :param flat: shape (chips * points, neurons)
    """
    *points, chips, neurons = empty.values.shape
    values = np.moveaxis(flat.reshape(chips, *points, neurons), 0, -2)
    return replace(empty, values=values.copy())


def _heading(found: Found) -> str:
    if len(found.chips) > 1:
        first, last = found.chips[0], found.chips[-1]
        return f"mean over chips {first} to {last}, band: standard deviation"
    neurons = found.values.shape[-1]
    if neurons > 1 and len(found.axes) == 1:
        return f"mean over {neurons} neurons, band: standard deviation"
    return ""


def _field(label: str, width: int) -> Any:
    return NumberField(
        label=label, value=0.0, width=width, format="0[.]0[000]", margin=(4, 4)
    )


def _button(label: str, icon: str, variant: str, act: Any) -> Any:
    made = pmui.Button(
        label=label, icon=icon, variant=variant, size="small", margin=4, sx=ONE_LINE
    )
    made.on_click(lambda _: act())
    return made

"""The gallery: demos to open, their task, a meter of the goal, hint and solution."""

from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models import Div

from core.demo import Demo, Meter, meter
from core.errors import Problem
from workbench.demos import demos
from workbench.forms import Line
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import ACCENT, SURFACES, TEXT, mode
from workbench.trainer import Trainer
from workbench.views.code_box import CodeBox
from workbench.views.gallery_cards import GalleryCards, picture
from workbench.views.parameter_form import ParameterForm
from workbench.views.training_view import TrainingView, words

#: Query parameter of a link that opens a demo alone.
DEMO_QUERY = "demo"
SOLVE = "Show solution"
INTRODUCTION = (
    "Experiments with a goal. Open one, move what it offers, and watch the meter."
)


class Gallery(pn.viewable.Viewer):
    """All demos as cards, or the open one with its task and its goal.

    :param training_tool: opens the training tool and returns it; None: it is shown here
    :param come_back: opens this tool again
    :ivar locked: a teacher's link: only the open demo and what it lets be moved
    """

    active = param.Boolean(default=False)
    dark = param.Boolean(default=False)
    chosen: str = param.String(default="", doc="The open demo; empty: the cards.")
    locked = param.Boolean(default=False)

    def __init__(
        self,
        project: Project,
        runner: Runner,
        training_tool: Callable[[], TrainingView] | None = None,
        come_back: Callable[[], None] = lambda: None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._lines: dict[str, Line] = {}
        self._reached: set[str] = set()
        self._metered = ""  # the demo that the meter has shown a run of
        self._training_tool, self._come_back = training_tool, come_back
        self._trainer: Trainer | None = None
        self._own: TrainingView | None = None
        self._cards = GalleryCards(
            self.open, sizing_mode="stretch_width", margin=(4, 12)
        )
        self._list = pn.Column(
            _heading("Demos"),
            _words(INTRODUCTION),
            self._cards,
            sizing_mode="stretch_width",
        )
        self._make_parts()
        self._view = pn.Column(self._list, self._one, sizing_mode="stretch_width")
        project.param.watch(lambda *_: self._draw_form(), "spec")
        runner.param.watch(lambda *_: self._draw_meter(), ["result", "current"])
        self.param.watch(lambda *_: self._draw(), ["active", "chosen", "locked"])
        self.param.watch(lambda *_: self._recolor(), "dark")
        self._draw()

    def __panel__(self) -> Any:
        return self._view

    def _make_parts(self) -> None:
        self._title = _heading("")
        self._task = pn.pane.Markdown(
            "",
            margin=(0, 14),
            sizing_mode="stretch_width",
            styles={"font-size": "14px"},
        )
        # Bokeh's own: two quick updates of an HTML pane can arrive in the wrong order.
        self._meter = Div(text="", sizing_mode="stretch_width", margin=(4, 14))
        self._form = ParameterForm(self._edited, sizing_mode="stretch_width")
        self._hint = _words("")
        self._hint.visible = False
        self._about = _words("")
        self._link = CodeBox(
            label="the link",
            lines=3,
            wrap=True,
            sizing_mode="stretch_width",
            margin=(4, 14),
        )
        self._back = _button("All demos", self.close)
        self._again = _button("Back to start", self.start)
        self._hint_button = _button("Hint", self._show_hint)
        self._solve = _button(SOLVE, self._show_solution)
        self._train = _button("Train…", self._open_training)
        self._said = Div(text="", sizing_mode="stretch_width", margin=(4, 14))
        self._training = pn.Column(
            pn.Row(self._train, margin=(0, 14)),
            pn.pane.Bokeh(self._said, sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
        )
        self._one = pn.Column(
            pn.Row(self._back, margin=(8, 14, 0, 14)),
            self._title,
            self._task,
            pn.pane.Bokeh(self._meter, sizing_mode="stretch_width"),
            self._training,
            pn.Column(self._form, margin=(0, 12), sizing_mode="stretch_width"),
            pn.Row(self._hint_button, self._again, self._solve, margin=(6, 14)),
            self._hint,
            self._about,
            self._link,
            sizing_mode="stretch_width",
        )

    @property
    def demo(self) -> Demo | None:
        """The open demo."""
        return demos().get(self.chosen)

    # -- what a person does --------------------------------------------------------

    def open(self, name: str) -> None:
        """Open a demo and its document."""
        self.chosen = name
        self.start()

    def show(self, name: str, *, locked: bool) -> None:
        """Show a demo whose document is open."""
        self.param.update(chosen=name, locked=locked)

    def close(self) -> None:
        """Go back to the cards; the document stays."""
        self.chosen = ""

    def start(self) -> None:
        """Open the document of the demo as it was."""
        if self.demo is not None:
            self._hint.visible, self._metered = False, ""
            self.project.open(self.demo.start())

    def _show_hint(self) -> None:
        self._hint.visible = not self._hint.visible

    def _show_solution(self) -> None:
        """Put the solution in; it may have to be searched for, off the event loop."""
        demo, spec = self.demo, self.project.spec
        if demo is None:
            return
        self._solve.param.update(disabled=True, label="Looking for it…")
        start, run, chip = demo.start(), spec.run, spec.chip
        start = start.replace(
            run=start.run.replace(mode=run.mode, trial=run.trial),
            chip=start.chip.replace(number=chip.number),
        )
        self.runner.aside(
            lambda: demo.solution(start), lambda future: self._solved(demo, future)
        )

    def _solved(self, demo: Demo, future: "Future[Any]") -> None:
        self._solve.param.update(disabled=False, label=SOLVE)
        if future.exception() is not None:
            what = f"the solution failed: {future.exception()}"
            self.project.message = Problem(f"demo '{demo.title}'", what)
        elif demo is self.demo:
            self.project.open(future.result())

    def _edited(self, name: str, value: Any) -> None:
        """Put an edited value into the document; what browsers send is checked."""
        line = self._lines.get(name) if isinstance(name, str) else None
        if line is None or not line.accepts(value):
            return
        value = min(max(value, line.low), line.high)
        self.project.attempt(
            lambda: line.put(self.project.spec, value), key=("demo", name)
        )

    # -- drawing -------------------------------------------------------------------

    def _draw(self) -> None:
        demo = self.demo
        self._list.visible, self._one.visible = demo is None, demo is not None
        if demo is None:
            self._draw_cards()
            return
        self._back.visible = self._link.visible = not self.locked
        self._solve.visible = not self.locked
        self._training.visible = demo.training is not None
        self._title.object = _title(demo.title)
        self._task.object = demo.task
        self._hint.object = f"<b>Hint.</b> {escape(demo.hint)}"
        about = f"<b>From:</b> {escape(demo.source)}."
        if demo.equivalents:
            about += f"<br><b>Set otherwise:</b> {escape(demo.equivalents)}"
        teach = "" if self.locked else "<p>A link for a class, with this demo alone:"
        self._about.object = (
            f"<details><summary>About this exercise</summary>{about}</details>{teach}"
        )
        location = pn.state.location
        page = (location.href or "").split("?")[0].split("#")[0] if location else ""
        self._link.text = f"{page}?{DEMO_QUERY}={self.chosen}"
        self._draw_form()
        self._draw_meter()

    def _draw_cards(self) -> None:
        self._cards.cards = [
            {
                "name": name,
                "title": demo.title,
                "sentence": demo.sentence,
                "reached": name in self._reached,
            }
            for name, demo in demos().items()
        ]
        if self.active:
            self._draw_pictures()

    def _draw_pictures(self) -> None:
        """Draw the first picture that is missing, then the next."""
        dark = self.dark
        missing = [name for name in demos() if name not in self._cards.pictures]
        if not missing:
            return
        name = missing[0]

        def drawn(future: "Future[str]") -> None:
            found = "" if future.exception() else future.result()
            if dark == self.dark and name not in self._cards.pictures:
                self._cards.pictures = {**self._cards.pictures, name: found}
                if self.active and self.demo is None:
                    self._draw_pictures()

        self.runner.aside(lambda: picture(name, dark), drawn)

    def _recolor(self) -> None:
        self._cards.pictures = {}
        if self.demo is None and self.active:
            self._draw_pictures()
        self.runner.later(self._draw_meter)

    def _draw_form(self) -> None:
        demo, spec = self.demo, self.project.spec
        if demo is None or not self.active:
            return
        start, found = demo.start(), []
        for number, control in enumerate(demo.controls):
            value = control.value(spec)
            if value is None:
                continue  # what it moved is gone
            default = control.value(start)
            found.append(
                Line(
                    str(number),
                    control.label,
                    round(value, 6),
                    control.put,
                    "you may move",
                    control.unit,
                    control.low,
                    control.high,
                    control.step,
                    default=None if default is None else round(default, 6),
                    help=control.help,
                )
            )
        self._lines = {line.id: line for line in found}
        self._form.param.update(
            lines=[line.shown() for line in found], subject=self.chosen
        )

    def _draw_meter(self) -> None:
        demo, result = self.demo, self.runner.result
        if demo is None or result is None:
            return
        spec = self.project.spec
        if spec.title != demo.title:
            shown = Meter(0.0, "another document is open: go back to start", False)
        elif not self.runner.current:
            if self._metered == self.chosen:
                return  # what was reached stays until the next run
            shown = Meter(0.0, "not run yet", False)
        else:
            shown = meter(demo, spec, result)
            self._metered = self.chosen
        if shown.reached:
            self._reached.add(self.chosen)
        image = ""
        if demo.picture is not None and self.runner.current:
            image = f'<div style="margin-top:8px">{demo.picture(spec, result)}</div>'
        self._meter.text = meter_html(shown, self.dark) + image

    # -- training ------------------------------------------------------------------

    def _open_training(self) -> None:
        """Go to the training tool, with what the demo offers there."""
        if self.demo is None:
            return
        tool = (self._training_tool or self._beside)()
        if self._trainer is None:
            self._trainer = tool.trainer
            tool.trainer.param.watch(lambda *_: self._say(), ["state", "result"])
        tool.prepare(self.demo, self._come_back)

    def _beside(self) -> TrainingView:
        """Return a training tool of this view, shown under the task."""
        if self._own is None:
            made = TrainingView(self.project, self.runner, active=True, dark=self.dark)
            self.param.watch(lambda event: setattr(made, "dark", event.new), "dark")
            self._training.append(made)
            self._own = made
        return self._own

    def _say(self) -> None:
        """Say how the training went."""
        trainer = self._trainer
        begun = trainer is not None and trainer.state != "ready"
        text = "<br>".join(words(trainer)) if trainer is not None and begun else ""
        if self._said.text != text:
            self._said.text = text


def meter_html(shown: Meter, dark: bool) -> str:
    """Return the meter of a goal: a bar and a sentence."""
    colors = mode(dark)
    whole = "width:min(370px, 88vw)"  # Bokeh makes it as wide as its text
    full = "Goal reached" if shown.reached else "Goal"
    bar = (
        f'<div style="height:10px;border-radius:5px;overflow:hidden;'
        f'background:{SURFACES[colors]["line"]}"><div style="height:100%;'
        f'width:{shown.share:.0%};background:{ACCENT[colors]}"></div></div>'
    )
    return (
        f'<div role="meter" aria-label="Goal" aria-valuemin="0" aria-valuemax="1" '
        f'aria-valuenow="{shown.share:.2f}" aria-valuetext="{escape(shown.sentence)}" '
        f'style="{whole};font-size:14px;color:{TEXT[colors]["main"]}">'
        f'<div style="display:flex;justify-content:space-between;margin-bottom:4px">'
        f"<b>{full}</b><span>{shown.share:.0%}</span></div>{bar}"
        f'<div style="margin-top:4px">{escape(shown.sentence)}</div></div>'
    )


def _title(text: str) -> str:
    style = "font-size:18px;font-weight:500;margin:0"
    return f'<h2 style="{style}">{escape(text)}</h2>'


def _heading(text: str) -> pn.pane.HTML:
    return pn.pane.HTML(_title(text), margin=(10, 14, 0, 14))


def _words(text: str) -> pn.pane.HTML:
    return pn.pane.HTML(
        text,
        margin=(2, 14),
        sizing_mode="stretch_width",
        styles={"font-size": "13px", "line-height": "1.45"},
    )


def _button(label: str, act: Callable[[], None]) -> pmui.Button:
    # Without a tooltip: it would lie over the next button.
    made = pmui.Button(
        label=label,
        size="small",
        variant="outlined",
        margin=(0, 6, 0, 0),
    )
    made.on_click(lambda _: act())
    return made

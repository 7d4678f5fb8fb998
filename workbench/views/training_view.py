"""Training beside the graph: what is set, how it goes, and what comes out of it."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from core.demo import Demo
from core.errors import Problem
from core.rounding import chip_weights, wanted
from core.training import TrainSpec
from core.units import format_quantity
from workbench.plots.losses import WeightsPlot
from workbench.plots.training import TrainingPlots
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import LARGE, PROBLEM, TEXT, mode
from workbench.trainer import Seen, Trainer
from workbench.training_file import ENDING
from workbench.views.chip_tab import ONE_LINE
from workbench.views.run_status import WORDS
from workbench.views.select import Select
from workbench.views.training_forms import TrainingForms

SETTINGS, CURVES = "Settings", "Curves"
_WIDE: Final[dict[str, Any]] = {"sizing_mode": "stretch_width"}


class TrainingView(pn.viewable.Viewer):
    """Buttons and progress above; below them the settings, or the curves."""

    dark = param.Boolean(default=False)
    active = param.Boolean(default=False, doc="Whether anybody looks.")

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.trainer = Trainer(project, runner)
        self.forms = TrainingForms(self.trainer)
        self.plots, self.weights = TrainingPlots(), WeightsPlot()
        self._drawn: tuple[Any, ...] = ()
        self._demo = ""  # title of the demo whose training was prepared
        self._go_back: Callable[[], None] = lambda: None
        self._make_head()
        self._make_body()
        self._view = pn.Column(
            self._head,
            self._bar,
            self._said,
            self._misfit,
            self._tabs,
            self._settings,
            self._curves,
            **_WIDE,
        )
        trainer = self.trainer
        project.param.watch(lambda *_: self._later(), "spec")
        trainer.param.watch(
            lambda *_: self._later(),
            ["state", "seen", "result", "problems", "taken", "data", "settings"],
        )
        self.param.watch(lambda *_: self._later(), ["active", "dark"])
        self._later()

    def __panel__(self) -> Any:
        return self._view

    def prepare(self, demo: Demo, back: Callable[[], None]) -> None:
        """Offer the training of a demo, and the way back to it.

        It trains where the document runs: on the model, or with the chip in the loop.
        """
        if demo.training is None:
            return
        data, settings = demo.training
        mode = "mock" if self.project.spec.run.mode == "mock" else "chip"
        self._demo, self._go_back = demo.title, back
        self.show(SETTINGS)
        self.trainer.prepare(data, settings.replace(mode=mode), demo.trained_on)

    def show(self, tab: str) -> None:
        """Show the settings or the curves."""
        self._tabs.value = tab

    # -- parts -----------------------------------------------------------------------

    def _make_head(self) -> None:
        trainer = self.trainer
        title = pn.pane.HTML(
            f'<span style="font-size:{LARGE};font-weight:500">Training</span>',
            margin=(8, 8, 2, 8),
        )
        self._back = _button(
            "Back to the demo", "arrow_back", "text", lambda: self._go_back()
        )
        self._start = _button("Start", "play_arrow", "contained", self._begin)
        self._on = _button("Go on", "play_arrow", "outlined", self._resume)
        self._pause = _button("Pause", "pause", "outlined", trainer.pause)
        self._cancel = _button("Cancel", "stop", "outlined", trainer.cancel)
        self._take = _button(
            "Take weights", "download", "outlined", trainer.take_weights
        )
        self._save = pmui.FileDownload(
            label="Save",
            icon="save",
            description="Save: the training as it stands, to go on with later",
            callback=self._write,
            filename=f"network{ENDING}",
            size="small",
            variant="text",
            margin=2,
            sx=ONE_LINE,
        )
        self._load = pmui.FileInput(
            label="Load…",
            uploaded_label="Load…",
            description="Load: a saved training, with its network and settings",
            accept=".npz",
            size="small",
            variant="text",
            margin=2,
            sx=ONE_LINE,
        )
        self._load.param.watch(self._uploaded, "value")
        buttons = pn.FlexBox(
            self._start,
            self._on,
            self._pause,
            self._cancel,
            self._take,
            self._save,
            self._load,
            align_items="center",
            gap="4px",
            margin=(0, 8),
            **_WIDE,
        )
        head = pn.Row(title, self._back, margin=0, **_WIDE)
        self._head = pn.Column(head, buttons, margin=0, **_WIDE)
        self._bar = pmui.LinearProgress(
            variant="determinate", value=0, margin=(6, 10, 2, 10), **_WIDE
        )
        self._said = pn.pane.HTML("", margin=(0, 10, 4, 10), **_WIDE)
        self._why = pn.pane.HTML("", margin=0, **_WIDE)
        ready = _button(
            "Use the ready network",
            "auto_fix_high",
            "contained",
            self.trainer.open_ready_network,
        )
        self._misfit = pn.Column(self._why, ready, margin=(2, 10), **_WIDE)
        # Until somebody looks nothing is known that could be offered.
        self._start.disabled = True
        for part in (self._on, self._pause, self._cancel, self._take, self._save):
            part.visible = False
        self._bar.visible = self._misfit.visible = False

    def _make_body(self) -> None:
        self._tabs = pmui.RadioButtonGroup(
            options=[SETTINGS, CURVES],
            value=SETTINGS,
            size="small",
            sx=ONE_LINE,
            margin=(4, 8),
        )
        self._tabs.param.watch(lambda *_: self._later(), "value")
        self._projection = Select(
            label="Weights of", size="small", width=200, margin=(4, 8), options=[]
        )
        self._projection.param.watch(lambda *_: self._later(), "value")
        plots = self.plots

        def row(*figures: Any) -> Any:
            panes = [pn.pane.Bokeh(f, margin=(0, 2), **_WIDE) for f in figures]
            return pn.Row(*panes, margin=(0, 4), **_WIDE)

        self._plane = pn.pane.Bokeh(plots.map.figure, margin=(0, 2), **_WIDE)
        self._answers = pn.Row(
            self._plane,
            pn.pane.Bokeh(plots.confusion.figure, margin=(0, 2), **_WIDE),
            margin=(0, 4),
            **_WIDE,
        )
        self._settings = self.forms
        self._curves = pn.Column(
            row(plots.loss.figure, plots.accuracy.figure),
            self._answers,
            self._projection,
            row(self.weights.figure, plots.spikes.figure),
            visible=False,
            margin=0,
            **_WIDE,
        )

    # -- what is pressed -------------------------------------------------------------

    def _begin(self) -> None:
        self._tabs.value = CURVES
        self.trainer.start()

    def _resume(self) -> None:
        self._tabs.value = CURVES
        if self.trainer.state == "paused":
            self.trainer.resume()
        else:
            self.trainer.go_on()

    def _write(self) -> io.BytesIO:
        self._save.data = None  # or the same content is not sent a second time
        return io.BytesIO(self.trainer.save())

    def _uploaded(self, event: Any) -> None:
        name, raw = self._load.filename, event.new
        if raw is None:
            return
        if isinstance(raw, list):
            name, raw = name[0], raw[0]
        self._tabs.value = CURVES
        self.trainer.load(str(name), bytes(raw))
        self._load.clear()

    # -- drawing ---------------------------------------------------------------------

    def _later(self) -> None:
        if self.active:
            self.runner.later(self._draw)

    def _draw(self) -> None:
        if not self.active:
            return
        with pn.io.hold():
            self._draw_head()
            curves = self._tabs.value == CURVES
            self._curves.visible = curves
            self.forms.visible = not curves
            if curves:
                self._draw_curves()
            else:
                self.forms.draw(self.dark)

    def _draw_head(self) -> None:
        trainer, state = self.trainer, self.trainer.state
        at_work = state in ("running", "paused")
        misfit = None if at_work else trainer.misfit()
        self._start.visible = not at_work
        self._start.disabled = misfit is not None
        self._pause.visible = state == "running"
        self._on.visible = state == "paused" or trainer.may_go_on
        self._cancel.visible = at_work
        best = trainer.result is not None or trainer.seen.best is not None
        self._take.visible = best and not trainer.taken and state != "running"
        self._save.visible = trainer.may_save
        self._load.visible = not at_work
        stem = re.sub(r"[^\w-]+", "_", self.project.spec.title).strip("_")
        self._save.filename = f"{stem or 'network'}{ENDING}"
        self._back.visible = bool(self._demo) and self.project.spec.title == self._demo
        self._misfit.visible = misfit is not None
        if misfit is not None:
            said = "The open document cannot be trained on these data: "
            self._why.object = self._quiet(
                f"{said}{escape(misfit.where)} {escape(misfit.what)} "
                f"{escape(misfit.fix)}"
            )
        share, indeterminate = _share(trainer.seen, trainer.settings)
        self._bar.visible = at_work
        self._bar.param.update(
            value=round(100 * share),
            variant="indeterminate" if indeterminate else "determinate",
        )
        self._said.object = self._sentence(misfit)

    def _sentence(self, misfit: Problem | None) -> str:
        trainer = self.trainer
        if trainer.problems:
            color = PROBLEM[mode(self.dark)]
            text = "<br>".join(escape(str(p)) for p in trainer.problems[:5])
            return (
                f'<div role="alert" style="font-size:13px;color:{color}">{text}</div>'
            )
        said = [] if misfit is not None and trainer.state == "ready" else words(trainer)
        return f'<div role="status" style="font-size:13px">{"<br>".join(said)}</div>'

    def _draw_curves(self) -> None:
        trainer, seen = self.trainer, self.trainer.seen
        settings = trainer.plan.settings if trainer.plan else trainer.settings
        data = trainer.plan.data if trainer.plan else trainer.data
        if self._drawn[:1] != (self.dark,):
            self.plots.style(self.dark)
            self.weights.style(self.dark)
        steps = -(-data.train_size // settings.batch_size)
        history = seen.progress.history if seen.progress else None
        result = trainer.result
        if result is not None:
            history = result.history
        self.plots.curves(
            seen.loss[: seen.steps],
            seen.accuracy[: seen.steps],
            steps,
            history,
            settings.epochs,
        )
        snapshot = seen.progress.snapshot if seen.progress else None
        shown = (self.dark, snapshot, result, data)
        if any(
            a is not b for a, b in zip(shown, self._drawn or (None,) * 4, strict=True)
        ):
            self._drawn = shown
            answers = None if snapshot is None else snapshot.class_map
            confusion = None if snapshot is None else snapshot.validation.confusion
            what = "validation"
            if result is not None and result.test is not None:
                answers, confusion, what = result.class_map, result.confusion, "test"
            self.plots.confusion.figure.title.text = f"confusion, {what} samples"
            self.plots.map.draw(answers, data.classes)
            self.plots.confusion.draw(confusion, data.classes)
            self._plane.visible = answers is not None
        self._draw_weights(seen)

    def _draw_weights(self, seen: Seen) -> None:
        weights = seen.weights
        if self.trainer.result is not None:
            weights = self.trainer.result.best_weights
        if weights is None or self.trainer.plan is None:
            return
        names = list(weights)
        if self._projection.options != names:
            self._projection.param.update(options=names, value=names[0])
        spec = self.trainer.plan.spec
        name = self._projection.value
        projection = spec.network.projection(name).replace(weights=weights[name])
        self.weights.draw(
            name, wanted(projection, spec), chip_weights(projection, spec)
        )
        self.weights.figure.title.text = "wanted (outline) and on the chip"

    def _quiet(self, text: str) -> str:
        color = TEXT[mode(self.dark)]["quiet"]
        return (
            f'<div role="status" style="font-size:13px;color:{color};'
            f'line-height:1.45">{text}</div>'
        )


def words(trainer: Trainer) -> list[str]:
    """Return how the training goes, in sentences."""
    seen, state, result = trainer.seen, trainer.state, trainer.result
    said = []
    if state == "ready":
        return ["Ready to train the weights of the open document."]
    if seen.stage is not None:
        stage, share = seen.stage
        percent = f", {share:.0%}" if share >= 0 else ""
        return [f"{WORDS.get(stage, stage)}{percent} …"]
    now = seen.progress
    if now is not None:
        text = (
            f"<b>{state.capitalize()}</b>: epoch {now.epoch + 1} of {now.epochs}, "
            f"step {now.step + 1} of {now.steps} · loss {now.loss:.3g}"
        )
        if now.history.epochs:
            text += f" · validation {now.history.validation_accuracy[-1]:.1%}"
        if state in ("running", "paused"):
            text += f" · {format_quantity(round(now.eta), 's')} left"
        said.append(text)
    elif state == "cancelled":
        said.append("The training can be gone on with.")
    if result is not None and result.history.epochs:
        best = result.history.best_epoch
        text = (
            f"Best epoch: {best + 1}, with "
            f"{result.history.validation_accuracy[best]:.1%} of the validation samples"
        )
        if result.test is not None:
            text += f" and <b>{result.test.accuracy:.1%} of the test samples</b>"
        said.append(f"{text} right.")
        said += [escape(note) for note in result.notes]
    if trainer.taken:
        said.append("Its weights are in the graph; Undo takes them out again.")
    elif state == "done":
        said.append("The document has changed: its weights were not put into it.")
    return said


def _share(seen: Seen, settings: TrainSpec) -> tuple[float, bool]:
    """Return how much is done, and whether nobody knows."""
    if seen.stage is not None:
        return max(seen.stage[1], 0.0), seen.stage[1] < 0
    now = seen.progress
    if now is None:
        return 0.0, False
    done = now.epoch * now.steps + now.step + 1
    return done / (now.steps * max(now.epochs, settings.epochs, 1)), False


def _button(label: str, icon: str, variant: str, act: Any) -> Any:
    made = pmui.Button(
        label=label, icon=icon, variant=variant, size="small", margin=2, sx=ONE_LINE
    )
    made.on_click(lambda _: act())
    return made

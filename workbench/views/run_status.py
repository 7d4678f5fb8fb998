"""The line at the bottom: runtime and step, times of the run, progress and *Cancel*."""

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import JSComponent

from core.simulate import RunResult
from core.units import format_quantity, us
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.number_field import NumberField

#: One second of the chip is so many of biology.
SPEEDUP = 1000


class StatusLine(JSComponent):
    """Times of the last run; while one takes long, a bar and a button.

    :ivar waiting: a run takes longer than a person notices
    :ivar share: of a calibration that is done, 0 to 1; below 0: nobody knows
    """

    times: str = param.String(default="")
    waiting: bool = param.Boolean(default=False)
    stage: str = param.String(default="")
    share: float = param.Number(default=-1)

    _esm = Path(__file__).with_suffix(".js")
    _stylesheets: ClassVar[list[Path]] = [Path(__file__).with_suffix(".css")]

    def __init__(self, runner: Runner, **params: Any) -> None:
        self._runner = runner
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if msg == "cancel":
            self._runner.cancel()


class RunStatus(pn.viewable.Viewer):
    """How long the experiment lasts: on the chip, in biology, on this computer."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.runtime = _field("runtime, µs", 10)
        self.step = _field("step, µs", 0.1)
        self.line = StatusLine(runner, sizing_mode="stretch_width", margin=0)
        self.runtime.param.watch(lambda e: self._put("runtime", e.new), "value")
        self.step.param.watch(lambda e: self._put("dt", e.new), "value")
        project.param.watch(lambda *_: self._draw(), "spec")
        runner.param.watch(lambda *_: self._say(), "result")
        runner.param.watch(lambda *_: self._wait(), ["waiting", "progress"])
        self._view = pn.Row(
            self.runtime,
            self.step,
            self.line,
            sizing_mode="stretch_width",
            margin=(2, 10, 6, 10),
        )
        self._draw()
        self._say()

    def __panel__(self) -> Any:
        return self._view

    def _draw(self) -> None:
        self.runtime.value, self.step.value = self._shown("runtime"), self._shown("dt")

    def _shown(self, name: str) -> float:
        return round(float(getattr(self.project.spec.run, name)) / us, 6)

    def _put(self, name: str, value: float | None) -> None:
        """Put a typed time, µs, into the document; false for NaN and nothing."""
        if value is not None and 0 < value < 1e9:
            spec = self.project.spec
            if value != self._shown(name):
                run = spec.run.replace(**{name: float(value) * us})
                self.project.edit(spec.replace(run=run), key="run")
        elif value != self._shown(name):
            self._draw()

    def _say(self) -> None:
        if self.runner.result is not None:
            self.line.times = times(self.runner.result)

    def _wait(self) -> None:
        stage, share = self.runner.progress or ("run", -1.0)
        self.line.param.update(
            waiting=self.runner.waiting, stage=WORDS.get(stage, stage), share=share
        )


#: What the stages of a calibration do, in words.
WORDS = {
    "run": "running",
    "calibrate": "calibrating the circuits",
    "characterise": "measuring a new chip",
}


def times(result: RunResult) -> str:
    """Return the three times of a run; the last is rounded, or it would flicker."""
    hardware = format_quantity(result.duration, "s")
    biology = format_quantity(result.duration * SPEEDUP, "s")
    return (
        f"{hardware} of hardware time · {biology} of biology · "
        f"computed in {format_quantity(result.seconds, 's', 1)}"
    )


def _field(label: str, step: float) -> Any:
    return NumberField(
        label=label, step=step, width=92, format="0[.]0[000]", margin=(6, 8, 0, 0)
    )

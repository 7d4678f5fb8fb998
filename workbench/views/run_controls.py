"""Where it runs, on which chip, and the three words for *again*."""

import secrets
from typing import Any

import panel as pn
import panel_material_ui as pmui

from workbench.project import Project
from workbench.runner import Runner
from workbench.views.number_field import WholeField


class RunControls(pn.viewable.Viewer):
    """Mock or chip, chip number, live, run, rewind, new trial, new chip."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        run = project.spec.run
        self._shown: tuple[str, int] | None = None
        self._mode = pmui.RadioButtonGroup(
            options=list(type(run).info("mode").choices),
            value=run.mode,
            size="small",
            margin=0,
        )
        self._chip = WholeField(
            label="chip number", width=92, start=0, end=99999, margin=0
        )
        self._live = pmui.Switch(label="live", value=runner.live, margin=0)
        rewind = "Rewind: run again with the same seeds (R)"
        trial = "New trial: other temporal noise"
        chip = "New chip: another fixed pattern (N)"
        buttons = (
            _button("play_arrow", "Run", "Run once (Space)", runner.run),
            _button("replay", "Rewind", rewind, self.rewind),
            _button("casino", "New trial", trial, self.new_trial),
            _button("memory", "New chip", chip, self.new_chip),
        )
        self._mode.param.watch(lambda e: self._put(mode=e.new), "value")
        self._chip.param.watch(lambda e: self._number(e.new), "value")
        self._live.param.watch(lambda e: setattr(runner, "live", e.new), "value")
        runner.param.watch(lambda e: setattr(self._live, "value", e.new), "live")
        project.param.watch(lambda *_: self._draw(), "spec")
        self._view = pn.FlexBox(
            self._mode,
            self._chip,
            self._live,
            *buttons,
            align_items="center",
            justify_content="end",
            flex_wrap="nowrap",
            gap="6px",
        )
        self._draw()

    def __panel__(self) -> Any:
        return self._view

    def _draw(self) -> None:
        spec = self.project.spec
        if self._shown == (spec.run.mode, spec.chip.number):
            return  # a slider moves
        self._shown = (spec.run.mode, spec.chip.number)
        self._mode.value = spec.run.mode
        self._chip.param.update(
            value=spec.chip.number, disabled=spec.run.mode == "mock"
        )

    def _put(self, **changes: Any) -> None:
        spec = self.project.spec
        self.project.edit(spec.replace(run=spec.run.replace(**changes)), key="run")

    def _number(self, number: int | None) -> None:
        if number is not None:
            spec = self.project.spec
            self.project.edit(spec.replace(chip=spec.chip.replace(number=number)))

    def rewind(self) -> None:
        """Run again with the same seeds, from the first trial."""
        spec = self.project.spec
        self.project.edit(spec.replace(run=spec.run.replace(trial=0)))
        self.runner.run()

    def new_trial(self) -> None:
        """Draw new temporal noise."""
        self._put(trial=self.project.spec.run.trial + 1)

    def new_chip(self) -> None:
        """Take another chip."""
        number = 1 + secrets.randbelow(9999)
        self._number(number + (number == self.project.spec.chip.number))


def _button(icon: str, name: str, help_text: str, act: Any) -> Any:
    made = pmui.Button(
        label=name,
        icon=icon,
        description=help_text,
        size="small",
        variant="text",
        margin=0,
    )
    made.on_click(lambda _: act())
    return made

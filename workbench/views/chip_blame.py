"""What to blame: every non-ideality as a slider, and a table with each switched off."""

import threading
from functools import partial
from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from core.ablation import OBSERVABLES, Row, ablate, cases
from core.errors import HXError
from core.nonideality import LIMITS, MASTERS, MOST, Source, source, sources
from core.simulate import StageMemory
from core.spec.chip import IDEAL, TYPICAL, WORST, ChipSpec
from core.spec.network import LISpec
from core.units import format_quantity
from workbench.forms import Line
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import ACCENT, PROBLEM, SURFACES, mode
from workbench.views.chip_calibration import table
from workbench.views.chip_tab import ONE_LINE, Tab
from workbench.views.number_field import WholeField
from workbench.views.parameter_form import ParameterForm
from workbench.views.select import Select

PRESETS: Final = {"ideal": IDEAL, "typical": TYPICAL, "worst": WORST}
GROUPWISE, SINGLE = "groups", "each source"


class BlameTab(Tab):
    """Sliders from 0 to 200 % of what is typical, and an ablation table."""

    title = "What to blame"

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(project, runner, **params)
        self._rows: list[Row] = []
        self._asked = ""  # fingerprint of what the table belongs to
        self._cancel: threading.Event | None = None
        self._memory = StageMemory()
        self._form = ParameterForm(self._edited, sizing_mode="stretch_width")
        self._presets = [self._preset(name) for name in PRESETS]
        self._number = WholeField(
            label="chip number", width=110, start=0, end=99999, margin=(0, 6)
        )
        self._population = Select(
            label="Population", size="small", width=120, margin=(6, 4)
        )
        self._observable = Select(
            label="Observable",
            options=list(OBSERVABLES),
            size="small",
            width=230,
            margin=(6, 4),
        )
        self._detail = pmui.RadioButtonGroup(
            options=[GROUPWISE, SINGLE],
            value=GROUPWISE,
            size="small",
            sx=ONE_LINE,
            margin=(10, 4),
        )
        self._start = pmui.Button(
            label="Measure",
            description="Measure: switch off one source at a time and run again",
            size="small",
            variant="contained",
            margin=(10, 6),
        )
        self._stop = pmui.Button(
            label="Cancel",
            description="Cancel: stop after the run that is under way",
            size="small",
            variant="outlined",
            margin=(10, 6),
            visible=False,
        )
        self._progress = pmui.LinearProgress(
            variant="determinate",
            value=0,
            visible=False,
            margin=(4, 8),
            sizing_mode="stretch_width",
        )
        self._said = pn.pane.HTML("", margin=(2, 8), sizing_mode="stretch_width")
        self._table = pn.pane.HTML("", margin=(2, 8), sizing_mode="stretch_width")
        self._number.param.watch(self._numbered, "value")
        self._start.on_click(lambda _: self._measure())
        self._stop.on_click(lambda _: self.cancel())
        self._view = pn.FlexBox(
            pn.Column(
                pn.Row(*self._presets, self._number, margin=(4, 0)),
                pn.Column(self._form, margin=(0, 8), sizing_mode="stretch_width"),
                min_width=320,
                styles={"flex": "1 1 320px"},
            ),
            pn.Column(
                pn.FlexBox(
                    self._population,
                    self._observable,
                    self._detail,
                    self._start,
                    self._stop,
                    gap="4px",
                ),
                self._progress,
                self._said,
                self._table,
                min_width=340,
                styles={"flex": "1 1 340px"},
            ),
            gap="16px",
            flex_wrap="wrap-reverse",  # where it is narrow the table comes first
            align_items="end",
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> Any:
        return self._view

    def refresh(self) -> None:
        """Draw the sliders and offer what can be measured."""
        chip = self.spec.chip
        self._form.param.update(
            lines=[line(s, chip).shown() for s in sources()],
            subject="chip",
            stylesheets=[_accent(self.dark)],
        )
        self._number.value = chip.number
        for button, preset in zip(self._presets, PRESETS.values(), strict=True):
            same = preset.replace(number=chip.number, calibration=chip.calibration)
            button.variant = "contained" if same == chip else "outlined"
        names = [p.name for p in self.spec.network.populations if isinstance(p, LISpec)]
        if self._population.options != names:
            self._population.param.update(
                options=names, value=names[0] if names else None
            )
        self._start.disabled = not names or self._cancel is not None
        self._draw_table()

    # -- sliders -----------------------------------------------------------------

    def _preset(self, name: str) -> Any:
        made = pmui.Button(
            label=name,
            description=f"{name}: take the {name} chip, of the same number",
            size="small",
            variant="outlined",
            margin=(4, 4),
        )
        made.on_click(lambda _: self._take(PRESETS[name]))
        return made

    def _take(self, preset: ChipSpec) -> None:
        chip = self.spec.chip
        new = preset.replace(number=chip.number, calibration=chip.calibration)
        self.project.edit(self.spec.replace(chip=new))

    def _edited(self, name: str, value: Any) -> None:
        """Take what the browser sent, which is not trusted."""
        known = {s.name for s in sources()}
        chip = self.spec.chip
        if name in known and line(source(name), chip).accepts(value):
            share = min(max(float(value) / 100, 0.0), MOST)
            new = source(name).put(chip, share).replace(name="own")
            self.project.edit(self.spec.replace(chip=new), key=("chip", name))

    def _numbered(self, event: Any) -> None:
        if event.new is not None and event.new != self.spec.chip.number:
            chip = self.spec.chip.replace(number=event.new)
            self.project.edit(self.spec.replace(chip=chip))

    # -- the table ---------------------------------------------------------------

    def _measure(self) -> None:
        """Start the runs, off the event loop."""
        if self._cancel is not None or self._population.value is None:
            return
        cancel = self._cancel = threading.Event()
        self._rows, spec = [], self.spec
        population, observable = self._population.value, self._observable.value
        single = self._detail.value == SINGLE
        self._start.disabled = True
        self._stop.visible = self._progress.visible = True

        def work() -> None:
            for row in ablate(
                spec,
                population,
                observable,
                single=single,
                progress=lambda *told: self.runner.later(lambda: self._tell(*told)),
                cancel=cancel.is_set,
                memory=self._memory,
            ):
                self.runner.later(partial(self._add, row))

        what = f"{observable} of <b>{escape(population)}</b>"
        self._asked = f"{what} on chip {spec.chip.number}"
        self.runner.aside(work, lambda future: self._ended(future, cancel))

    def cancel(self) -> None:
        """Stop after the run that is under way."""
        if self._cancel is not None:
            self._cancel.set()

    def _tell(self, name: str, share: float) -> None:
        self._progress.value = round(100 * share)
        self._said.object = self.quiet(f"{self._asked}: {escape(name)} …")

    def _add(self, row: Row) -> None:
        self._rows.append(row)
        self._draw_table()

    def _ended(self, future: Any, cancel: threading.Event) -> None:
        error = future.exception()
        self._cancel = None
        self._start.disabled = False
        self._stop.visible = self._progress.visible = False
        said = self._asked + (", cancelled" if cancel.is_set() else "")
        self._said.object = self.quiet(said)
        if isinstance(error, HXError):
            color = PROBLEM[mode(self.dark)]
            self._said.object = (
                f'<div role="alert" style="font-size:12px;color:{color}">'
                f"{escape(str(error))}</div>"
            )
        elif error is not None:
            raise error

    def _draw_table(self) -> None:
        if not self._rows:
            count = len(cases(self.spec.chip, single=self._detail.value == SINGLE))
            self._table.object = self.quiet(
                f"Each of {count + 1} runs has the same seeds and lacks one source. "
                "What changes most is to blame; effects need not add up."
            )
            return
        first = self._rows[0].value
        most = max(abs(row.value - first) for row in self._rows) or 1.0
        rows = [
            f"<tr><td>{escape(_words(row))}</td><td>{row.value:.4g}</td>"
            f"<td>{row.value - first:+.3g}</td>"
            f'<td style="width:40%">{self._bar((row.value - first) / most)}</td></tr>'
            for row in self._rows
        ]
        self._table.object = table(("switched off", "value", "change", ""), rows)

    def _bar(self, share: float) -> str:
        """Return a bar from the middle, to the left for less, to the right for more."""
        name = mode(self.dark)
        left, right = sorted((50.0, 50.0 + 50.0 * share))
        line, tone = SURFACES[name]["line"], ACCENT[name]
        return (
            f'<div style="height:9px;background:linear-gradient(90deg,'
            f"transparent {left:.1f}%,{tone} {left:.1f}% {right:.1f}%,transparent"
            f" {right:.1f}%),linear-gradient({line},{line}) center/1px 100% no-repeat"
            '"></div>'
        )


def line(of: Source, chip: ChipSpec) -> Line:
    """Return the slider of a source, in percent of what is typical."""
    value = getattr(chip, of.name)
    unit = ChipSpec.info(of.name).unit
    now = format_quantity(value, unit)
    if of.name in LIMITS and value == 0:
        now = "no limit"
    label = f"all of {of.label}" if of.name in MASTERS else of.label
    return Line(
        id=of.name,
        label=label,
        value=round(100 * of.share(chip), 1),
        put=lambda spec, _: spec,
        group=of.group,
        unit="%",
        low=0,
        high=100 * MOST,
        step=5,
        default=round(100 * of.share(TYPICAL), 1),
        also=now,
        help=of.doc,
    )


def _words(row: Row) -> str:
    return f"− {row.source}" if row.names else row.source


def _accent(dark: bool) -> str:
    return f":host {{--accent: {ACCENT[mode(dark)]}; --problem: {PROBLEM[mode(dark)]}}}"

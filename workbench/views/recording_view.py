"""The drawer page that lays a real recording over the plots and says what is left."""

import math
from concurrent.futures import Future
from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from core.compare import Pairs
from core.units import format_quantity, us
from workbench.long_work import why
from workbench.measured_file import KINDS, Measured, read_measured
from workbench.overlay import WINDOW, Overlay, Residual
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, TEXT, mode
from workbench.views.chip_tab import ONE_LINE
from workbench.views.drawer import DrawerPage
from workbench.views.number_field import NumberField
from workbench.views.select import Select
from workbench.views.shown import shown_neurons

HINT: Final = (
    "Open spikes, CADC or MADC samples of a real chip: they are drawn over the run, in"
    " black or white. CSV or NPZ with the columns time_us and value_lsb (or time_s,"
    " value_model), for spikes time_s and neuron; or NIRData."
)
NO_FIT: Final = "No shift and scale bring this trace nearer: it does not vary alike."


class RecordingView(DrawerPage):
    """Opens a recording, moves and scales it, shows its distance, takes it away."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.overlay: Overlay = runner.overlay
        self._problem = ""
        self._file = pmui.FileInput(
            label="Open recording…",
            uploaded_label="Open recording…",
            accept=",".join(KINDS),
            size="small",
            variant="outlined",
            margin=(8, 4),
        )
        self._trace = Select(label="Trace", size="small", width=190, margin=(8, 4))
        self._shift = NumberField(label="time shift, µs", step=1.0, **_FIELD)
        self._scale = NumberField(label="scale", step=0.01, **_FIELD)
        self._offset = NumberField(label="offset", step=0.5, **_FIELD)
        self._fit = _button("Fit to the run")
        self._remove = _button("Remove recording")
        self._said = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        self._file.param.watch(self._uploaded, "value")
        self._trace.param.watch(lambda e: self._choose(e.new), "value")
        fields = {"shift": self._shift, "scale": self._scale, "offset": self._offset}
        for name, field in fields.items():
            field.param.watch(lambda e, name=name: self._typed(name, e.new), "value")
        self._fit.on_click(lambda _: self._align())
        self._remove.on_click(lambda _: self._take_away())
        project.param.watch(lambda *_: self._draw(), "spec")
        runner.param.watch(lambda *_: self._draw(), "result")
        self.overlay.param.watch(lambda *_: self._draw(), list(self.overlay.param))
        self.param.watch(lambda *_: self._draw(), "dark")
        self._view = pn.Column(
            pn.FlexBox(
                self._file,
                self._trace,
                *fields.values(),
                self._fit,
                self._remove,
                align_items="end",
                gap="0px",
            ),
            self._said,
            sizing_mode="stretch_both",
        )

    # -- drawing -----------------------------------------------------------------

    def _draw(self) -> None:
        if not self._open:
            return
        overlay = self.overlay
        options = [
            f"{place + 1}. {trace.name or 'trace'} · neuron {trace.neuron}"
            for place, trace in enumerate(overlay.traces)
        ]
        if self._trace.options != options:
            self._trace.options = options
        if options:
            self._trace.value = options[overlay.chosen]
        self._trace.visible = len(options) > 1
        for field in (self._scale, self._offset, self._fit):
            field.visible = bool(options)
        self._shift.visible = self._remove.visible = overlay.is_open
        self._shift.value = round(overlay.shift / us, 3)
        self._scale.value = float(f"{overlay.scale:.5g}")
        self._offset.value = float(f"{overlay.offset:.5g}")
        self._said.object = self._words()

    def _words(self) -> str:
        theme = mode(self.dark)
        quiet = f"color:{TEXT[theme]['quiet']};"
        lines = []
        if self._problem:
            red = f"color:{PROBLEM[theme]};"
            lines.append(_line(escape(self._problem), "alert", red))
        if self.overlay.is_open:
            names = " and ".join(escape(name) for name in self.overlay.names)
            lines.append(_line(f"{names}: {escape(self.residual_in_words())}"))
        else:
            lines.append(_line(HINT, "note", quiet))
        return "".join(lines)

    def residual_in_words(self) -> str:
        """Return how far the recording is from the run, in one sentence each."""
        shown, result = shown_neurons(self.project.spec), self.runner.result
        if shown is None or result is None:
            return "there is no run to compare with."
        population, neurons = shown
        lsb = self.project.spec.view.lsb
        found = result.populations.get(population.name)
        said = []
        if found is not None and self.overlay.traces:
            left = self.overlay.residuals(population, found, neurons[0], lsb=lsb)
            unit = "LSB" if lsb else "model units"
            said.append(_residuals(left, f"{population.name} {neurons[0]}", unit))
        if self.overlay.spikes:
            pairs = self.overlay.pairs(result, population.name)
            said += [_coinciding(name, one) for name, one in pairs.items()]
            if not pairs:
                names = ", ".join(f"'{r.name}'" for r in self.overlay.spikes[:6])
                said.append(f"its spikes are of {names}: no population of that name.")
        return " ".join(said)

    # -- edits -------------------------------------------------------------------

    def _uploaded(self, event: Any) -> None:
        name, raw = self._file.filename, event.new
        if raw is None:
            return
        if isinstance(raw, list):
            name, raw = name[0], raw[0]
        factor = self.project.spec.network.time_factor
        self.runner.aside(
            lambda: read_measured(str(name), bytes(raw), factor),
            lambda future: self._opened(future),
        )

    def _opened(self, future: "Future[Measured]") -> None:
        try:
            found = future.result()
            self._problem = ""
            self.overlay.take(found)
        except Exception as error:  # a file must not kill the page
            told = why(error, "reading of the recording")
            self._problem = " ".join(str(problem) for problem in told[:3])
        finally:
            self._file.clear()
            self._draw()

    def _choose(self, text: str | None) -> None:
        if text in self._trace.options:
            self.overlay.chosen = self._trace.options.index(text)

    def _typed(self, name: str, value: float | None) -> None:
        factor = us if name == "shift" else 1.0
        field = {"shift": self._shift, "scale": self._scale, "offset": self._offset}
        if value is None or not math.isfinite(value):
            self._draw()
            return
        shown = getattr(self.overlay, name) / factor
        same = round(shown, 3) if name == "shift" else float(f"{shown:.5g}")
        if value != same:
            assert field[name].value == value, "the field says what was typed"
            setattr(self.overlay, name, float(value) * factor)

    def _align(self) -> None:
        shown, result = shown_neurons(self.project.spec), self.runner.result
        found = result.populations.get(shown[0].name) if shown and result else None
        self._problem = NO_FIT
        if (
            shown is not None
            and found is not None
            and self.overlay.fit(shown[0], found, shown[1][0])
        ):
            self._problem = ""
        self._draw()

    def _take_away(self) -> None:
        self._problem = ""
        self.overlay.remove()


_FIELD: Final[dict[str, Any]] = {
    "value": 0.0,
    "width": 104,
    "format": "0[.]0[0000]",
    "margin": (4, 4),
}


def _button(label: str) -> Any:
    return pmui.Button(
        label=label, size="small", variant="outlined", margin=(8, 4), sx=ONE_LINE
    )


def _line(text: str, role: str = "status", style: str = "") -> str:
    return f'<div role="{role}" style="font-size:12px;{style}">{text}</div>'


def _residuals(left: list[Residual], where: str, unit: str) -> str:
    if not left:
        return f"the trace and the run of {where} have no time in common."
    parts = [f"{one.rms:.3g} {unit} from the {one.kind}" for one in left]
    return f"RMS residual at {where}: {', '.join(parts)}."


def _coinciding(name: str, pairs: Pairs) -> str:
    text = (
        f"{name}: {pairs.count} of {pairs.recorded} recorded and {pairs.found} spikes"
        f" of the run coincide within {format_quantity(WINDOW, 's')}"
    )
    if math.isfinite(pairs.factor):
        text += f", coincidence factor {pairs.factor:.2f}"
    if math.isfinite(pairs.lag):
        text += f", mean lag {format_quantity(pairs.lag, 's')}"
    return text + "."

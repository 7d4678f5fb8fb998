"""The map: which neuron sits where, and which synapse carries what."""

from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from core.chip.geometry import COLUMNS, HEMISPHERES
from core.chip_layout import Layout, layout
from core.spec import edit
from core.spec.network import LISpec
from workbench.plots.chip import ChipMap, SynapseArray, circuits_shown, synapses_shown
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, SURFACES, mode
from workbench.views.chip_tab import ONE_LINE, Newest, Tab


class MapTab(Tab):
    """Circuits and synapse arrays, linked both ways with the graph."""

    title = "Map"

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(project, runner, **params)
        self._layout: Layout | None = None
        self._free: int | None = None  # the free circuit that was clicked
        self._work = Newest[Layout](runner, self._take)
        self.circuits = ChipMap(self._circuit)
        self.arrays = [SynapseArray(h, self._synapse) for h in range(HEMISPHERES)]
        self._said = pn.pane.HTML("", margin=(0, 8), sizing_mode="stretch_width")
        fit = pmui.Button(
            label="Fit",
            description="Fit: show the whole chip and the synapses in use",
            size="small",
            variant="outlined",
            margin=(4, 8),
        )
        fit.on_click(lambda _: runner.later(self._fit))
        self._move = pmui.Button(
            size="small", variant="outlined", margin=(4, 0), visible=False, sx=ONE_LINE
        )
        self._move.on_click(lambda _: self._moved())
        wide = {"sizing_mode": "stretch_width", "margin": (0, 4)}
        self._view = pn.Column(
            pn.Row(self._said, self._move, fit, sizing_mode="stretch_width"),
            pn.pane.Bokeh(self.circuits.figure, **wide),
            pn.Row(
                *(pn.pane.Bokeh(a.figure, **wide) for a in self.arrays),
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> Any:
        return self._view

    def refresh(self) -> None:
        """Lay the document out and draw it."""
        spec = self.spec
        self._work.ask(lambda: layout(spec))

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self.circuits.style(self.dark)
        for array in self.arrays:
            array.style(self.dark)

    def _take(self, found: Layout) -> None:
        self._layout = found
        execution = self.execution()
        calibration = None if execution is None else execution.calibration
        with pn.io.hold():
            shown = circuits_shown(
                found,
                self.colors(),
                SURFACES[mode(self.dark)]["line"],
                calibration,
                self._bright(),
            )
            missed = np.zeros(0, int)
            if calibration is not None:
                missed = np.flatnonzero(~calibration.success)
            self.circuits.draw(shown, missed, self._chosen(found))
            self._draw_synapses(found)
            self._offer(found)
            self._said.object = self._text(found, len(missed))

    def _offer(self, found: Layout) -> None:
        """Offer to move what is selected to the free circuit that was clicked."""
        name = self._selected()
        if self._free is not None and found.owners()[0][self._free]:
            self._free = None
        self._move.visible = self._free is not None and name is not None
        if self._move.visible:
            self._move.label = f"Move {name} to circuit {self._free}"

    def _selected(self) -> str | None:
        """Return the selected population of neurons."""
        selected = self.spec.view.selected
        neurons = (p for p in self.spec.network.populations if isinstance(p, LISpec))
        return next((p.name for p in neurons if p.name == selected), None)

    def _draw_synapses(self, found: Layout) -> None:
        selected = found.of_projection(self.spec.view.selected or "")
        names, neuron = found.owners()
        routing = found.routing
        sources = [f"{n} {i}" for n, i in routing.sources] if routing else []
        for hemisphere, array in enumerate(self.arrays):
            first = hemisphere * COLUMNS
            targets = [
                f"{names[c]} {neuron[c]}" if names[c] else "free"
                for c in range(first, first + COLUMNS)
            ]
            shown = synapses_shown(found, hemisphere, selected)
            array.draw(shown, sources, targets)

    def _bright(self) -> set[str]:
        """Return the populations that stand out: selected, or ends of what is."""
        selected = self.spec.view.selected
        for projection in self.spec.network.projections:
            if projection.name == selected:
                return {projection.source, projection.target}
        return {selected} if selected is not None else set()

    def _chosen(self, found: Layout) -> int | None:
        """Return the circuit of the neuron whose membrane is shown."""
        recording = self.spec.recording
        if found.placement is None or recording.madc_population is None:
            return None
        circuits = found.placement.circuits.get(recording.madc_population)
        if circuits is not None and recording.madc_neuron < len(circuits):
            return int(circuits[recording.madc_neuron])
        return None

    def _text(self, found: Layout, missed: int) -> str:
        if found.problems:
            color = PROBLEM[mode(self.dark)]
            said = "<br>".join(escape(str(p)) for p in found.problems)
            return (
                f'<div role="alert" style="font-size:12px;color:{color}">⚠ {said}</div>'
            )
        parts = []
        if found.placement is not None:
            for name, color in self.colors().items():
                circuits = found.placement.circuits.get(name)
                if circuits is not None:
                    where = _where(found.placement.groups(name).ravel())
                    parts.append(
                        f'<b style="color:{color}">{escape(name)}</b> on {where}'
                    )
        text = " · ".join(parts) or "Nothing is on the chip yet."
        if missed:
            text += f" · <b>×</b> {missed} missed a calibration target"
        more = (
            "Each box is a neuron circuit, ▼ the neuron that is shown. Click a circuit"
            " or a synapse to select it, a free circuit to move what is selected there;"
            " scroll to zoom."
        )
        if self._free is not None and self._selected() is None:
            more = f"Circuit {self._free} is free: select who is to move there."
        return self.quiet(f"{text}<br>{more}")

    # -- gestures ----------------------------------------------------------------

    def _circuit(self, circuit: int) -> None:
        if self._layout is None:
            return
        names, neuron = self._layout.owners()
        name = names[circuit]
        known = {p.name for p in self.spec.network.populations if isinstance(p, LISpec)}
        self._free = None if name in known else circuit
        if name in known:
            self.project.select(name)
            self.project.record(name, int(neuron[circuit]))
        self.runner.later(lambda: self._take(self._layout) if self._layout else None)

    def _moved(self) -> None:
        name, circuit = self._selected(), self._free
        if name is not None and circuit is not None:
            self.project.attempt(lambda: edit.place(self.spec, name, circuit))

    def _synapse(self, hemisphere: int, row: int, column: int) -> None:
        if self._layout is None:
            return
        found = self._layout.projections_at(hemisphere, row, column)
        known = [n for n in found if n in self.spec.network.names]
        if known:
            self.project.select(known[0])

    def _fit(self) -> None:
        self.circuits.fit()
        for array in self.arrays:
            array.fit()


def _where(circuits: Any) -> str:
    """Return circuits as words: ``"circuits 0–7"``."""
    ordered = np.sort(circuits)
    ends = np.flatnonzero(np.diff(ordered) > 1)
    starts = [ordered[0], *ordered[ends + 1]]
    stops = [*ordered[ends], ordered[-1]]
    parts = [
        f"{a}–{b}" if b > a else f"{a}" for a, b in zip(starts, stops, strict=True)
    ]
    if len(parts) > 3:
        parts = [*parts[:3], "…"]
    return ("circuit " if len(ordered) == 1 else "circuits ") + ", ".join(parts)

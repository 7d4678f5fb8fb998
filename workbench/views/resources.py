"""The bar of resources under the graph: what the document takes of a chip.

It follows every edit, also in mock. What does not fit is said with its remedy before
anything runs, and handed to the project so that the graph can mark the arrow.
"""

from collections.abc import Callable
from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from core.errors import Problem
from core.feasibility import Feasibility, Resource, feasibility
from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import ACCENT, PROBLEM, SURFACES, TEXT, mode

#: A resource is scarce from this share on: it is written in bold.
SCARCE: Final = 0.85


class ResourceBar(pn.viewable.Viewer):
    """Circuits, rows, sources and events as bars, and what does not fit in words.

    :param on_open: opens the view of the chip; None leaves out the button
    """

    dark = param.Boolean(default=False)
    offered: bool = param.Boolean(default=True, doc="Whether the chip view may open.")
    found: Feasibility = param.ClassSelector(class_=Feasibility, constant=True)

    def __init__(
        self,
        project: Project,
        runner: Runner,
        on_open: Callable[[], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(found=feasibility(project.spec), **params)
        self.project, self.runner = project, runner
        self._key: Any = _key(project.spec)
        self._busy = False
        self._bars = pn.pane.HTML("", margin=(4, 12), sizing_mode="stretch_width")
        self._button = pmui.Button(
            label="Chip",
            icon="memory",
            description="Chip view: map, synapses, calibration, losses (H)",
            size="small",
            variant="outlined",
            margin=(4, 12, 4, 0),
            visible=on_open is not None,
        )
        if on_open is not None:
            self._button.on_click(lambda _: on_open())
        self.param.watch(lambda e: setattr(self._button, "visible", e.new), "offered")
        self._view = pn.Row(self._bars, self._button, sizing_mode="stretch_width")
        project.param.watch(lambda *_: self._follow(), "spec")
        runner.param.watch(lambda *_: self._draw(), ["result", "current"])
        self.param.watch(lambda *_: self._draw(), "dark")
        self._tell()
        self._draw()

    def __panel__(self) -> Any:
        return self._view

    def _follow(self) -> None:
        """Judge the document, aside if its structure is new."""
        key = _key(self.project.spec)
        if key == self._key:
            self._take(feasibility(self.project.spec))
        elif not self._busy:
            self._busy = True
            spec = self.project.spec
            self.runner.aside(lambda: feasibility(spec), lambda f: self._done(f, key))

    def _done(self, future: Any, key: Any) -> None:
        self._busy = False
        self._key = key
        self._take(future.result())
        if key != _key(self.project.spec):
            self._follow()

    def _take(self, found: Feasibility) -> None:
        with param.edit_constant(self):
            self.found = found
        self._tell()
        self._draw()

    def _tell(self) -> None:
        self.project.judge(self.found.misfits)

    def _draw(self) -> None:
        text = bars(
            self.found.resources(
                spikes_per_us(self.runner.result, self.runner.current)
            ),
            self.found.misfits,
            self.dark,
        )
        if self._bars.object != text:
            self._bars.object = text


def spikes_per_us(result: RunResult | None, current: bool) -> int | None:
    """Return the most spikes in a microsecond that the last run recorded."""
    execution = None if result is None or not current else result.execution
    if execution is None or execution.output is None:
        return None
    return execution.output.events.peak_per_us()


def bars(
    resources: tuple[Resource, ...], misfits: tuple[Problem, ...], dark: bool
) -> str:
    """Return the lines of the bar, and what does not fit."""
    rows = "".join(_bar(resource, dark) for resource in resources)
    said = "".join(
        f'<div style="margin-top:4px">⚠ {escape(str(problem))}</div>'
        for problem in misfits[:3]
    )
    return (
        '<div style="font-size:12px;font-variant-numeric:tabular-nums;display:grid;'
        "grid-template-columns:max-content minmax(40px,1fr) max-content;gap:2px 8px;"
        f'align-items:center">{rows}</div>'
        f'<div role="status" style="font-size:12px;color:{PROBLEM[mode(dark)]}">'
        f"{said}</div>"
    )


def _bar(resource: Resource, dark: bool) -> str:
    name = mode(dark)
    tone = ACCENT[name] if resource.fits else PROBLEM[name]
    share = min(1.0, resource.share)
    limit = resource.available or "no limit"
    weight = "600" if resource.share >= SCARCE else "400"
    value = f"{resource.used} / {limit}" + ("" if resource.fits else " ⚠")
    return (
        f'<span title="{escape(resource.doc)}" style="color:{TEXT[name]["quiet"]}">'
        f"{escape(resource.name)}</span>"
        f'<span role="meter" aria-label="{escape(resource.name)}" aria-valuemin="0" '
        f'aria-valuemax="{resource.available or resource.used}" '
        f'aria-valuenow="{resource.used}" style="height:7px;border-radius:4px;'
        f"background:linear-gradient(90deg,{tone} {100 * share:.1f}%,"
        f'{SURFACES[name]["line"]} 0)"></span>'
        f'<span style="font-weight:{weight};text-align:right;color:'
        f'{TEXT[name]["main"] if resource.fits else tone}">{value}</span>'
    )


def _key(spec: ExperimentSpec) -> Any:
    """Return what takes time to judge; the rest is answered from memory."""
    network = spec.network
    return (
        [(p.name, p.kind, p.size) for p in network.populations],
        [(p.name, p.source, p.target) for p in network.projections],
        [(s.population, id(s)) for s in spec.stimuli],
        (spec.run.steps, spec.run.dt),
    )

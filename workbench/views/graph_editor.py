"""The graph: populations are boxes, projections are arrows between them.

The canvas draws what the project holds. Every gesture becomes an edit; then the canvas
is drawn anew from the document, because the browser has drawn its own idea already. A
refused gesture shows its reason and leaves the document as it was.
"""

import time
from collections.abc import Callable
from html import escape
from typing import Any

import jsonschema  # noqa: F401  (panel-reactflow would import it at the first drop: 4 s)
import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from panel_reactflow import NodeType, ReactFlow

from core.errors import Problem
from core.simulate import PopulationResult
from core.spec import edit
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from core.spec.network import KINDS, PopulationSpec, ProjectionSpec
from core.spec.nir_layout import placed
from workbench.plots.miniature import raster_svg, trace_svg
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, SURFACES, TEXT, mode, population_color

#: Words for the kinds, as on the palette.
WORDS = {"input": "Input", "LI": "LI", "LIF": "LIF"}
HELP = {
    "input": "+ Input: add a source of spikes",
    "LI": "+ LI: add leaky integrators, membranes that do not spike",
    "LIF": "+ LIF: add leaky integrate-and-fire neurons",
}


#: Boxes as narrow as their picture, so that three fit beside each other.
BOX_CSS = """
.react-flow__node {
  min-width: 112px !important; width: auto !important; padding: 0 !important;
  text-align: left !important; font-size: 13px !important; border-radius: 6px;
  border: 1px solid var(--panel-border-color, #8884);
  box-shadow: 0 1px 2px var(--panel-shadow-color, #0002);
}
.react-flow__node.selected {
  box-shadow: 0 0 0 2px var(--panel-primary-color) !important;
}
.rf-node-content { min-width: 98px; padding: 4px 6px 6px 8px; }
.rf-node-label { margin: 0 0 2px !important; }
"""
#: A canvas that is told what is selected answers within this time.
ANSWER_SECONDS = 0.6
#: Width of the canvas and its margin, size of a box, px.
CANVAS, MARGIN, BOX = 390, 20, (118, 76)

EMPTY = (
    '<div style="font-size:14px">Nothing is here yet. Add an <b>input</b> and '
    "<b>LIF</b> neurons, then draw a line from the right edge of one box to the left "
    "edge of the other. Or choose a document above.</div>"
)


def _port(name: str, label: str) -> dict[str, Any]:
    return {"id": name, "label": label, "type": "spikes"}


NODE_TYPES = {
    "input": NodeType("input", "Input", inputs=[], outputs=[_port("out", "spikes")]),
    "LIF": NodeType(
        "LIF",
        "LIF",
        inputs=[_port("in", "synaptic input")],
        outputs=[_port("out", "spikes")],
    ),
    "LI": NodeType("LI", "LI", inputs=[_port("in", "synaptic input")], outputs=[]),
}


class GraphEditor(pn.viewable.Viewer):
    """Canvas, palette, undo and redo."""

    dark = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._views: dict[str, pn.pane.HTML] = {}
        self._drawing = False
        self._heard = project.spec.view.selected  # what the browser has selected
        self._count = 0  # of drawings
        self._told = 0.0  # when it was told to select something else
        empty = self._no_editor
        self.flow = ReactFlow(
            node_types=NODE_TYPES,
            node_editors=dict.fromkeys(NODE_TYPES, empty),
            default_edge_editor=empty,
            editor_mode="side",
            connection_validation={"direction": True, "duplicates": True},
            default_edge_options={"type": "bezier"},
            min_zoom=0.2,
            validate_on_add=False,
            sizing_mode="stretch_both",
            min_height=240,
        )
        self.flow.stylesheets = [*self.flow.stylesheets, BOX_CSS]
        self.flow.add_connection_validator(self._refusal)
        self._listen()
        self._message = pn.pane.HTML(
            "", margin=(0, 12, 4, 12), sizing_mode="stretch_width", min_height=18
        )
        self._hint = pn.pane.HTML(EMPTY, visible=False, margin=(8, 14))
        self._view = pn.Column(
            self._toolbar(),
            self._hint,
            self.flow,
            self._message,
            sizing_mode="stretch_both",
        )
        project.param.watch(lambda *_: self._draw(), "spec")
        project.param.watch(
            lambda *_: self._say(), ["spec", "message", "problems", "notes"]
        )
        runner.param.watch(lambda *_: self._say(), ["problems", "result"])
        project.param.watch(lambda *_: self._fit(), "opened")
        runner.param.watch(lambda *_: self._draw_miniatures(), "result")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._draw()
        self._fit()
        self._say()

    def __panel__(self) -> Any:
        return self._view

    @staticmethod
    def _no_editor(*_: Any, **__: Any) -> None:
        """Return nothing: the inspector edits, one form per box would be slow."""

    # -- toolbar -----------------------------------------------------------------

    def _toolbar(self) -> Any:
        def button(label: str, help_text: str, act: Callable[[], None]) -> Any:
            made = pmui.Button(
                label=label,
                description=help_text,
                size="small",
                variant="outlined",
                margin=(8, 3),
            )
            made.on_click(lambda _: act())
            return made

        def adder(kind: str) -> Callable[[], None]:
            return lambda: self._add(kind)

        add = [button(f"+ {WORDS[k]}", HELP[k], adder(k)) for k in WORDS]
        self._undo = _icon("undo", "Undo", self.project.undo)
        self._redo = _icon("redo", "Redo", self.project.redo)
        layout = _icon("account_tree", "Lay the graph out anew", self._lay_out)
        self.project.param.watch(lambda *_: self._enable(), ["can_undo", "can_redo"])
        self._enable()
        space = pn.HSpacer()
        return pn.Row(*add, space, self._undo, self._redo, layout, margin=(0, 8))

    def _enable(self) -> None:
        self._undo.disabled = not self.project.can_undo
        self._redo.disabled = not self.project.can_redo

    def _add(self, kind: str) -> None:
        """Put a new box below the others of its column: inputs, neurons, read-outs."""
        boxes = [p.position for p in self.project.spec.network.populations]
        columns = {"input": 0.0, "LIF": 145.0, "LI": 290.0}
        x = columns[kind] + min((box[0] for box in boxes), default=0.0)
        y = max((box[1] + 110 for box in boxes if abs(box[0] - x) < 150), default=60.0)
        self.project.edit(edit.add_population(self.project.spec, KINDS[kind], (x, y)))

    def _lay_out(self) -> None:
        self.project.edit(edit.move(self.project.spec, layered(self.project.spec)))
        self._fit()

    def _fit(self) -> None:
        """Let the canvas show all boxes, from its upper left corner on."""
        boxes = [p.position for p in self.project.spec.network.populations]
        if not boxes:
            return
        left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
        width = max(b[0] for b in boxes) - left + BOX[0]
        zoom = min(1.0, max(0.3, (CANVAS - 2 * MARGIN) / width))
        x, y = MARGIN - left * zoom, 2 * MARGIN - top * zoom
        self.flow.viewport = {"x": x, "y": y, "zoom": zoom}

    # -- gestures ----------------------------------------------------------------

    def _listen(self) -> None:
        on = self.flow.on
        on("edge_added", lambda e: self._gesture(lambda: self._connected(e["edge"])))
        on("node_moved", lambda e: self._gesture(lambda: self._moved(e), "move"))
        for what in ("node", "edge"):
            on(f"{what}_deleted", self._deletion(what))
        on("selection_changed", self._selected)

    def _deletion(self, what: str) -> Callable[[dict[str, Any]], None]:
        """One key deletes boxes and arrows; it is one step to undo."""
        return lambda e: self._gesture(lambda: self._deleted(e, what), "delete")

    def _gesture(self, change: Callable[[], ExperimentSpec], key: Any = None) -> None:
        if self._drawing:
            return
        before = self.project.spec
        self.project.attempt(change, key)
        if self.project.spec is before:
            self._draw()  # refused: the canvas has drawn it already

    def _connected(self, edge: dict[str, Any]) -> ExperimentSpec:
        return edit.connect(
            self.project.spec, str(edge.get("source")), str(edge.get("target"))
        )

    def _moved(self, event: dict[str, Any]) -> ExperimentSpec:
        try:
            place = (float(event["position"]["x"]), float(event["position"]["y"]))
        except (KeyError, OverflowError, TypeError, ValueError):
            return self.project.spec  # the browser is not trusted
        if not np.isfinite(place).all():
            return self.project.spec
        return edit.move(self.project.spec, {str(event["node_id"]): place})

    def _deleted(self, event: dict[str, Any], what: str) -> ExperimentSpec:
        network = self.project.spec.network
        items = network.populations if what == "node" else network.projections
        named = event.get(f"{what}_ids") or [event.get(f"{what}_id")]
        gone = [item.name for item in items if item.name in named]
        return edit.remove(self.project.spec, gone)

    def _selected(self, event: dict[str, Any]) -> None:
        if self._drawing:
            return
        names = [*(event.get("nodes") or []), *(event.get("edges") or [])]
        known = self.project.spec.network.names
        answer = time.monotonic() - self._told < ANSWER_SECONDS
        if answer or not all(name in known for name in names):
            return  # to what we have told it, or of a canvas of before
        self._heard = names[0] if len(names) == 1 else None
        self.project.select(self._heard)
        if self._heard is not None:
            self._show_membrane(self._heard)

    def _show_membrane(self, name: str) -> None:
        for population in self.project.spec.network.populations:
            shown = self.project.spec.recording.madc_population == name
            if population.name == name and population.accepts_input and not shown:
                self.project.record(name, 0)

    def _refusal(self, connection: dict[str, Any]) -> str | None:
        """Say in the browser, while the edge is drawn, why it cannot be."""
        network = self.project.spec.network
        source, target = connection["source"], connection["target"]
        if not {source, target} <= {p.name for p in network.populations}:
            return "Unknown population"
        return edit.refusal(network, source, target)

    # -- drawing -----------------------------------------------------------------

    def _draw(self) -> None:
        spec = self.project.spec
        nodes = [self._node(p) for p in spec.network.populations]
        edges = [self._edge(p) for p in spec.network.projections]
        drawn = _comparable(self.flow.nodes), _comparable(self.flow.edges)
        if (_comparable(nodes), _comparable(edges)) == drawn:
            return
        self._drawing = True
        self._count += 1
        for edge in edges:
            # A number of its own, or the canvas takes what it has deleted by itself
            # and gets back at once for something that it draws already.
            edge["data"] = {"drawn": self._count}
        if spec.view.selected != self._heard:
            self._heard, self._told = spec.view.selected, time.monotonic()
        try:
            self.flow.param.update(nodes=nodes, edges=edges)
            self._highlight(nodes, self.flow.patch_node_props)
            self._highlight(edges, self.flow.patch_edge_props)
        finally:
            self._drawing = False

    @staticmethod
    def _highlight(items: list[dict[str, Any]], patch: Callable[..., None]) -> None:
        """Say what is selected: the canvas keeps its own idea unless told."""
        for item in items:
            patch(item["id"], {"selected": item["selected"]})

    def _node(self, population: PopulationSpec) -> dict[str, Any]:
        spec = self.project.spec
        color = population_color(color_of(spec.network, population.name), self.dark)
        wrong = any(
            p.subject == population.name and p.is_error for p in self.project.problems
        )
        x, y = population.position
        name = mode(self.dark)
        return {
            "id": population.name,
            "type": population.kind,
            "label": population.name,
            "position": {"x": x, "y": y},
            "selected": spec.view.selected == population.name,
            "data": {},
            "view": self._miniature(population, color),
            "style": {
                "borderLeft": f"5px solid {color}",
                "background": SURFACES[name]["card"],
                "color": TEXT[name]["main"],
                "outline": f"2px solid {PROBLEM[name]}" if wrong else "none",
            },
        }

    def _edge(self, projection: ProjectionSpec) -> dict[str, Any]:
        spec = self.project.spec
        color = population_color(color_of(spec.network, projection.source), self.dark)
        weights = projection.weights
        mean = float(np.abs(weights).mean()) if weights.size else 0.0
        inhibitory = bool(weights.size) and float(weights.mean()) < 0
        selected = spec.view.selected == projection.name
        wrong = any(
            p.subject == projection.name and p.is_error for p in self.project.problems
        )
        if wrong:
            color = PROBLEM[mode(self.dark)]
        return {
            "id": projection.name,
            "source": projection.source,
            "target": projection.target,
            "sourceHandle": "out",
            "targetHandle": "in",
            "selected": selected,
            "data": {},
            "style": {
                "stroke": color,
                "strokeWidth": round(1.5 + min(mean, 1.5) * 2 + 2 * selected, 2),
                "strokeDasharray": "6 4" if inhibitory else "0",
            },
            "markerEnd": {"type": "arrowclosed", "color": color},
        }

    def _miniature(self, population: PopulationSpec, color: str) -> pn.pane.HTML:
        name = population.name
        pane = self._views.get(name)
        if pane is None:
            pane = self._views[name] = pn.pane.HTML("", width=100, height=42, margin=0)
        text = self._picture(population, color)
        if pane.object != text:
            pane.object = text
        return pane

    def _picture(self, population: PopulationSpec, color: str) -> str:
        unit = "channel" if population.kind == "input" else "neuron"
        words = f"{population.size} {unit}{'s' * (population.size != 1)}"
        quiet = TEXT[mode(self.dark)]["quiet"]
        caption = (
            f'<div style="font:12px Roboto,sans-serif;color:{quiet}">'
            f"{escape(population.kind)} · {words}</div>"
        )
        result = self.runner.result
        found = result.populations.get(population.name) if result is not None else None
        if result is None or found is None:
            return caption
        return caption + _picture(found, result.duration, color)

    def _draw_miniatures(self) -> None:
        network = self.project.spec.network
        with pn.io.hold():
            for population in network.populations:
                color = population_color(color_of(network, population.name), self.dark)
                self._miniature(population, color)
        for name in set(self._views) - {p.name for p in network.populations}:
            del self._views[name]

    def _restyle(self) -> None:
        self.flow.color_mode = mode(self.dark)
        self._draw()
        self._say()

    def _run_notes(self) -> tuple[Problem, ...]:
        result = self.runner.result
        return result.problems if result is not None else ()

    def _say(self) -> None:
        """Show what is wrong under the graph, the refused gesture first."""
        project = self.project
        problems = [project.message] if project.message is not None else []
        problems += [p for p in project.problems if p.is_error]
        problems += self.runner.problems
        color = PROBLEM[mode(self.dark)]
        quiet = TEXT[mode(self.dark)]["quiet"]
        self._message.object = (
            f'<div role="alert" style="font-size:12px;color:{color};'
            f'{_strip(problems)}">{_rows(problems)}</div>'
            f'<div role="status" style="font-size:12px;color:{quiet}">'
            f"{_rows([*project.notes, *self._run_notes()])}</div>"
        )
        self._hint.visible = not project.spec.network.populations


def _strip(problems: list[Problem]) -> str:
    """Return the frame of a message; nothing where there is none."""
    if not problems:
        return ""
    return "border-left:3px solid;padding:4px 8px;margin:2px 0 4px;font-weight:500"


def _rows(problems: list[Problem], most: int = 4) -> str:
    rows = [f"<div>{escape(str(p))}</div>" for p in problems[:most]]
    if len(problems) > most:
        rows.append(f"<div>… and {len(problems) - most} more.</div>")
    return "".join(rows)


def _icon(name: str, label: str, act: Callable[[], None]) -> Any:
    made = pmui.IconButton(icon=name, description=label, size="small", margin=(6, 0))
    made.on_click(lambda _: act())
    return made


def _picture(found: PopulationResult, duration: float, color: str) -> str:
    spikes = found.spikes
    if spikes is not None:
        return raster_svg(spikes.time, spikes.neuron, found.size, duration, color)
    signal = found.membrane if found.membrane is not None else found.cadc
    return trace_svg(signal.values[:, 0], color) if signal is not None else ""


def _comparable(items: list[Any]) -> list[dict[str, Any]]:
    aside = ("view", "data")
    return [{k: v for k, v in item.items() if k not in aside} for item in items]


def layered(spec: ExperimentSpec) -> dict[str, tuple[float, float]]:
    """Return a place for each population: columns by distance from the inputs."""
    names = {p.name for p in spec.network.populations}
    return {p.name: p.position for p in placed(spec.network, names).populations}

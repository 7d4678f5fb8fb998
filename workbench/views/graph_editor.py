"""The graph: populations are boxes, projections are arrows between them.

The canvas draws what the project holds. Every gesture becomes an edit; then the canvas
is drawn from the document. A refused gesture shows its reason and leaves the document
as it was.
"""

import json
from collections.abc import Callable
from typing import Any

import panel as pn
import param

from core.spec.experiment import ExperimentSpec
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import ACCENT, PROBLEM, SURFACES, TEXT, mode
from workbench.views import graph_gestures as gestures
from workbench.views.connection_dialog import ConnectionDialog
from workbench.views.graph_canvas import GraphCanvas
from workbench.views.graph_commands import Commands
from workbench.views.graph_drawing import arrows, boxes, palette, pictures
from workbench.views.graph_problems import GraphProblems
from workbench.views.graph_toolbar import GraphToolbar
from workbench.views.keys_help import KeysHelp

#: With more boxes than this, the map of the canvas is shown at first.
MANY = 12


class GraphEditor(pn.viewable.Viewer):
    """Canvas, toolbar and messages.

    ``selection`` names all that is chosen; where it is one thing, the document knows
    it as ``view.selected``.
    """

    dark: bool = param.Boolean(default=False)
    selection: tuple[str, ...] = param.ClassSelector(class_=tuple, default=())

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        #: Called with a name when its parameters are asked for.
        self.on_open: Callable[[str], None] = lambda name: None
        self.connection = ConnectionDialog(project)
        self.help = KeysHelp()
        self._drawing = False
        self.locked = False
        self.canvas = GraphCanvas(
            self.hear, kinds=palette(), sizing_mode="stretch_both", min_height=240
        )
        self.canvas.map_shown = len(project.spec.network.populations) > MANY
        self.commands = Commands(self)
        self.toolbar = GraphToolbar(self)
        self.problems = GraphProblems(project, runner)
        self._view = pn.Column(
            self.toolbar,
            pn.Column(self.canvas, margin=(0, 8), sizing_mode="stretch_both"),
            self.problems,
            self.connection,
            self.help,
            sizing_mode="stretch_both",
        )
        self.canvas.param.watch(self._chosen, "selected")
        project.param.watch(lambda *_: self._draw(), ["spec", "problems"])
        project.param.watch(lambda *_: self._opened(), "opened")
        runner.param.watch(lambda *_: self._draw_results(), ["result", "problems"])
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()
        self._draw_results()

    def __panel__(self) -> Any:
        return self._view

    def lock(self) -> None:
        """Show the network without a way to change it."""
        self.locked = True
        self.canvas.kinds = []
        self.toolbar.visible = False

    # -- gestures ----------------------------------------------------------------

    def hear(self, message: dict[str, Any]) -> None:
        """Do what a message of the canvas asks for."""
        kind, spec = str(message.get("type")), self.project.spec
        if self.locked:
            self.canvas.drawn += 1  # what was dragged goes back
        elif kind == "connecting":
            back = bool(message.get("backward"))
            found = gestures.reasons(spec, message.get("name"), backward=back)
            self.canvas.tell("reasons", reasons=found)
        elif kind == "command":
            names = gestures.known(spec, message.get("names"))
            self.commands.run(str(message.get("name")), names or None)
        elif kind in ("open", "weights"):
            self._ask(kind, gestures.known(spec, [message.get("name")]))
        elif kind == "move":
            self.attempt(lambda: gestures.moved(spec, message), "move")
        elif kind in EDITS:
            done = self.attempt(lambda: EDITS[kind](spec, message))
            said = self.project.message
            if kind == "connect" and not done and said is not None:
                self.canvas.tell("refused", text=said.what)

    def attempt(self, change: Callable[[], ExperimentSpec], key: Any = None) -> bool:
        """Edit the document; draw anew where the canvas is ahead of a refusal."""
        before = self.project.spec
        done = self.project.attempt(change, key)
        if self.project.spec is before:
            self.canvas.drawn += 1
        return done

    def choose(self, names: tuple[str, ...]) -> None:
        """Select populations and projections."""
        self.selection = names
        self.project.select(names[0] if len(names) == 1 else None)
        if len(names) == 1:
            self._show_membrane(names[0])
        self._draw()

    def _chosen(self, event: Any) -> None:
        if not self._drawing:
            self.choose(tuple(gestures.known(self.project.spec, event.new)))

    def _ask(self, kind: str, names: list[str]) -> None:
        for name in names:
            if kind == "open":
                self.project.select(name)
                self.on_open(name)
            else:
                self.commands.run("weights", [name])

    def _show_membrane(self, name: str) -> None:
        for population in self.project.spec.network.populations:
            shown = self.project.spec.recording.madc_population == name
            if population.name == name and population.accepts_input and not shown:
                self.project.record(name, 0)

    # -- drawing -----------------------------------------------------------------

    def _draw(self) -> None:
        project = self.project
        spec = project.spec
        self._follow(spec)
        said = (*project.problems, *self.runner.problems, *self._notes())
        self._drawing = True
        try:
            self.canvas.param.update(
                boxes=json.dumps(boxes(spec, said, self.dark)),
                arrows=json.dumps(arrows(spec, said, self.dark)),
                selected=list(self.selection),
            )
        finally:
            self._drawing = False

    def _follow(self, spec: ExperimentSpec) -> None:
        """Select what the document has selected, and nothing that is gone."""
        selected = spec.view.selected
        if selected is not None:
            chosen: tuple[str, ...] = (selected,)
        elif len(self.selection) == 1:
            chosen = ()
        else:
            chosen = tuple(gestures.known(spec, self.selection))
        if chosen != self.selection:
            self.selection = chosen

    def _notes(self) -> tuple[Any, ...]:
        result = self.runner.result
        return result.problems if result is not None else ()

    def _draw_results(self) -> None:
        found = pictures(self.project.spec, self.runner.result)
        self.canvas.pictures = json.dumps(found)
        self._draw()

    def _opened(self) -> None:
        self.selection = ()
        self._draw()
        self.canvas.map_shown = len(self.project.spec.network.populations) > MANY
        self.canvas.opened += 1

    def _restyle(self) -> None:
        name = mode(self.dark)
        colors = {
            **SURFACES[name],
            "text": TEXT[name]["main"],
            "quiet": TEXT[name]["quiet"],
            "problem": PROBLEM[name],
            "accent": ACCENT[name],
        }
        rules = ";".join(f"--hx-{key}: {value}" for key, value in colors.items())
        self.canvas.param.update(dark=self.dark, stylesheets=[f":host {{{rules}}}"])
        for view in (self.problems, self.connection, self.help):
            view.dark = self.dark
        self._draw()


#: Messages that are edits.
EDITS: dict[str, Callable[[ExperimentSpec, dict[str, Any]], ExperimentSpec]] = {
    "add": gestures.added,
    "connect": gestures.connected,
    "rename": gestures.renamed,
}

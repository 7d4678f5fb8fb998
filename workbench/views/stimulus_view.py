"""What the selected input sends: its spikes, drawn by hand or from a file."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from core.errors import HXError, Problem
from core.spec.experiment import ExperimentSpec
from core.spec.network import InputSpec
from core.spec.recordings import Recording, as_stimuli
from core.spec.stimulus import SpikeTimes, YinYangSample
from core.units import us
from workbench.forms.spike_text import Trains, moved, read, written
from workbench.forms.stimulus import chosen, sent, with_stimulus
from workbench.plots.yin_yang import yin_yang_map
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, mode
from workbench.uploads import Upload, read_upload
from workbench.views.stimulus_raster import StimulusRaster

#: More spikes than this are not drawn: the graph and the plots show them.
MANY: Final = 4000
#: What the files of spikes are called.
FILES: Final = (".csv", ".npz", ".nir")


class StimulusView(pn.viewable.Viewer):
    """Raster, text, data set map and file of the selected input; else invisible.

    :param runner: reads files beside the page; None offers none
    """

    dark = param.Boolean(default=False)
    accent = param.String(default="", doc="Colour of the input.")

    def __init__(
        self, project: Project, runner: Runner | None = None, **params: Any
    ) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._shown: Any = None  # what the raster was drawn from
        self.raster = StimulusRaster(
            self._spike, self._text, sizing_mode="stretch_width", margin=0
        )
        self._map = pn.pane.HTML("", margin=(4, 0), visible=False)
        self._by_hand = pmui.Button(
            label="Draw by hand",
            description="Draw by hand: take these spikes over as times to edit",
            size="small",
            variant="outlined",
            margin=0,
        )
        self._file = pmui.FileInput(
            label="Spikes from a file…",
            uploaded_label="Spikes from a file…",
            description="Send recorded spikes: .csv, .npz or NIRData",
            accept=",".join(FILES),
            size="small",
            variant="outlined",
            margin=0,
            visible=runner is not None,
        )
        self._by_hand.on_click(lambda _: self._take())
        self._file.param.watch(self._uploaded, "value")
        self._view = pn.Column(
            self._map,
            self.raster,
            pn.FlexBox(self._by_hand, self._file, gap="6px", margin=(8, 0, 4, 0)),
            sizing_mode="stretch_width",
            margin=(4, 12),
        )
        project.param.watch(lambda *_: self._draw(), "spec")
        self.param.watch(lambda *_: self._restyle(), ["dark", "accent"])
        self._restyle()

    def __panel__(self) -> Any:
        return self._view

    @property
    def name_of_input(self) -> str | None:
        """The input that is selected, or None."""
        selected = self.project.spec.view.selected
        for population in self.project.spec.network.populations:
            if population.name == selected and isinstance(population, InputSpec):
                return selected
        return None

    # -- drawing -----------------------------------------------------------------

    def _draw(self) -> None:
        spec, name = self.project.spec, self.name_of_input
        self._view.visible = name is not None
        if name is None:
            return
        stimulus, size = spec.stimulus(name), spec.network.population(name).size
        now = (name, stimulus, size, spec.run.steps, spec.run.dt, self.dark)
        if now == self._shown:
            return
        self._shown = now
        by_hand = isinstance(stimulus, SpikeTimes)
        self.raster.visible = stimulus is not None
        self._by_hand.visible = not by_hand
        self._map.visible = isinstance(stimulus, YinYangSample)
        if isinstance(stimulus, YinYangSample):
            picture, words = yin_yang_map(stimulus, self.dark)
            self._map.object = (
                f'<div style="display:flex;gap:12px;align-items:center;'
                f'font:12px Roboto,sans-serif">{picture}<span>{words}</span></div>'
            )
        self._draw_raster(spec, name, by_hand)

    def _draw_raster(self, spec: ExperimentSpec, name: str, by_hand: bool) -> None:
        trains: Trains = ()
        said = ""
        try:
            trains = sent(spec, name)
        except HXError as error:
            said = f"{error.problems[0].what}"
        count = sum(map(len, trains))
        size = spec.network.population(name).size
        end = spec.run.steps * spec.run.dt
        late = sum(t >= end for train in trains for t in train)
        said = said or f"{count} spikes on {size} channels"
        said += f", {late} of them after the end of the run" if late else ""
        shown = trains if count <= MANY else ()
        said += ": too many to draw" if count > MANY else ""
        self.raster.param.update(
            trains=[[round(t / us, 6) for t in train if t < end] for train in shown],
            end=round(end / us, 6),
            step=round(spec.run.dt / us, 6),
            text=written(trains) if by_hand else "",
            drawn=by_hand,
            said=said,
            label=name,
            problem="",
        )

    def _restyle(self) -> None:
        accent = self.accent or "var(--panel-primary-color)"
        rules = f"--accent: {accent}; --problem: {PROBLEM[mode(self.dark)]}"
        self.raster.stylesheets = [f":host {{{rules}}}"]
        self._draw()

    # -- edits -------------------------------------------------------------------

    def _take(self) -> None:
        """Take over what the input sends as times of its own."""
        name = self.name_of_input
        if name is not None:
            self.project.attempt(lambda: chosen(self.project.spec, name, "times"))

    def _edit(self, change: Callable[[Trains], Trains]) -> None:
        """Edit the times; what is refused is said at its place."""
        spec, name = self.project.spec, self.name_of_input
        if name is None or not isinstance(spec.stimulus(name), SpikeTimes):
            return
        try:
            trains = change(sent(spec, name))
        except HXError as error:
            self.raster.problem = str(error.problems[0])
            return
        self.raster.problem = ""
        self.project.edit(with_stimulus(spec, name, times=trains))

    def _spike(self, old: Any, new: Any) -> None:
        run = self.project.spec.run
        end = run.steps * run.dt
        self._edit(lambda trains: moved(trains, old, new, run.dt, end))

    def _text(self, text: Any) -> None:
        self._edit(lambda trains: read(text, len(trains)))

    # -- files -------------------------------------------------------------------

    def _uploaded(self, event: Any) -> None:
        name, raw = self._file.filename, event.new
        if raw is None or self.runner is None:
            return
        if isinstance(raw, list):
            name, raw = name[0], raw[0]
        target = self.name_of_input
        factor = self.project.spec.network.time_factor
        self.runner.aside(
            lambda: read_upload(str(name), bytes(raw), of_network=factor),
            lambda future: self._opened(str(name), target, future),
        )

    def _opened(self, name: str, target: str | None, future: "Future[Upload]") -> None:
        """Let the input ``target`` send what was read."""
        try:
            spec = self.project.spec
            if target is None or target not in spec.network.names:
                return
            upload = future.result()
            recording = recorded_for(target, upload.recordings, name)
            changed, notes = as_stimuli(spec, [recording])
        except Exception as error:  # never lose the document to a file
            self.project.refuse(name, error)
        else:
            self.project.message = None
            self.project.edit(changed)
            self.project.notes = (*notes, *upload.notes)
        finally:
            self._file.clear()


def recorded_for(
    target: str, recordings: tuple[Recording, ...], name: str
) -> Recording:
    """Return what the input ``target`` is to send: that of its name, or the only one.

    :raises HXError: if the file holds none, or several of other names
    """
    for recording in recordings:
        if recording.name == target:
            return recording
    if len(recordings) == 1:
        return replace(recordings[0], name=target)
    names = ", ".join(f"'{r.name}'" for r in recordings[:6]) or "none"
    what = f"it holds spikes of {names}; the input is called '{target}'."
    fix = "Give the input the name of one of them, or save one alone."
    raise HXError.of([Problem(name, what, fix)])

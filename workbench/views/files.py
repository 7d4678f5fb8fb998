"""Open and save: documents, NIR files, pictures and recorded spikes."""

import re
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from core.errors import NetworkError, Problem
from core.script.program import to_script
from core.spec.edit import paste
from core.spec.examples import EXAMPLES
from core.spec.experiment import ExperimentSpec
from core.spec.json_io import to_json
from core.spec.nir_io import (
    SNNTORCH_STEP,
    export_notes,
    to_nir,
    write_nir_bytes,
)
from core.spec.packed import unpack
from workbench.plots.board import board_png, board_svg
from workbench.project import Project
from workbench.recorded import FORM_HELP, FORMS, spike_file
from workbench.runner import Runner
from workbench.uploads import KINDS, Upload, read_upload
from workbench.views.nir_bar import NirBar
from workbench.views.save_menu import SaveItem, SaveMenu
from workbench.views.select import Select

#: The entry of the menu that begins with nothing.
NEW: Final = "New, empty"


class Files(pn.viewable.Viewer):
    """The name of the document with examples and recent ones, *Open…* and *Save*.

    Below, for a document from a NIR file, its time factor.
    """

    visible: bool = param.Boolean(default=True)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._recent: dict[str, str] = {}
        self._shown: tuple[Any, ...] = ()
        self._documents = Select(
            label="Document", size="small", sizing_mode="stretch_width", margin=0
        )
        self._open = pmui.FileInput(
            label="Open…",
            uploaded_label="Open…",
            description="Open a .json document, a .nir network, a picture that was"
            " saved here, or recorded spikes (NIRData, .csv or .npz), which then drive"
            " the inputs",
            accept=",".join(KINDS),
            size="small",
            variant="outlined",
            margin=0,
        )
        self._save = SaveMenu(self._items(), self._refuse, width=76, margin=0)
        self._documents.param.watch(self._chosen, "value")
        self._open.param.watch(self._uploaded, "value")
        project.param.watch(lambda *_: self._rename(), ["spec", "recent"])
        runner.param.watch(lambda *_: self._may_save(), "result")
        self._may_save()
        self._rename()
        self.nir = NirBar(project)
        row = pn.Row(
            self._documents,
            self._open,
            self._save,
            align="center",
            margin=(12, 10, 4, 10),
            sizing_mode="stretch_width",
            styles={"gap": "6px"},
        )
        self._view = pn.Column(row, self.nir, margin=0, sizing_mode="stretch_width")
        self.param.watch(lambda e: setattr(self._view, "visible", e.new), "visible")

    def __panel__(self) -> Any:
        return self._view

    def _items(self) -> list[SaveItem]:
        project = self.project
        spikes = [
            SaveItem(
                form,
                f"Spikes as {form}",
                FORM_HELP[form],
                f"_spikes{ending}",
                partial(self._spikes, form),
            )
            for form, ending in FORMS.items()
        ]
        return [
            SaveItem(
                "json",
                "JSON",
                "the whole document",
                ".json",
                lambda: to_json(project.spec).encode(),
            ),
            SaveItem(
                "nir",
                "NIR",
                "the network, for other programs",
                ".nir",
                self._nir,
            ),
            SaveItem(
                "steps",
                "Stepped NIR",
                "numbers by steps, for Norse and snnTorch",
                ".nir",
                partial(self._nir, in_steps=True),
            ),
            SaveItem(
                "py",
                "Python",
                "the program, by the interface of the chip",
                ".py",
                lambda: to_script(project.spec, f"{self._save.stem}.py").encode(),
            ),
            SaveItem(
                "box",
                "Selected population as JSON",
                "a document with it alone",
                "_part.json",
                self._part,
            ),
            SaveItem("svg", "SVG", "a picture, the document inside", ".svg", self._svg),
            SaveItem(
                "png",
                "PNG",
                "a picture, the document inside",
                ".png",
                lambda: board_png(self._svg().decode(), project.spec),
            ),
            *spikes,
        ]

    def _spikes(self, form: str) -> bytes:
        factor = self.project.spec.network.time_factor
        return spike_file(self.runner.result, form, factor)

    def _nir(self, in_steps: bool = False) -> bytes:
        spec = self.project.spec
        dt = spec.run.dt
        graph = to_nir(
            spec.network,
            time_factor=dt / SNNTORCH_STEP if in_steps else None,
            stimuli=spec.stimuli,
            dt=dt,
            in_steps=in_steps or None,
            loops=spec.run.loops,
        )
        self.project.notes = export_notes(spec.network, spec.stimuli)
        return write_nir_bytes(graph)

    def _preview(self) -> None:
        """Say in the menu how much of the network other programs will not see."""
        spec = self.project.spec
        count = len(export_notes(spec.network, spec.stimuli))
        lost = f"; {count} of its traits are ours only" if count else ""
        entries = [
            entry | {"help": f"the network, for other programs{lost}"}
            if entry["id"] == "nir"
            else entry
            for entry in self._save.entries
        ]
        if entries != self._save.entries:
            self._save.entries = entries

    def _part(self) -> bytes:
        """Return a document of the selected population.

        :raises NetworkError: if none is selected
        """
        spec = self.project.spec
        name = spec.view.selected or ""
        if name not in [p.name for p in spec.network.populations]:
            raise NetworkError("selection", "no population is selected.", "Click one.")
        part, _ = paste(ExperimentSpec(run=spec.run, title=name), spec, [name])
        return to_json(part).encode()

    def _svg(self) -> bytes:
        result = self.runner.result if self.runner.current else None
        return board_svg(self.project.spec, result).encode()

    def _refuse(self, problem: Problem) -> None:
        self.project.message = problem

    def _rename(self) -> None:
        title = self.project.spec.title
        self._preview()
        shown = title, self.project.recent
        if shown == self._shown:
            return  # a slider moves
        self._shown = shown
        self._save.stem = re.sub(r"[^\w-]+", "_", title).strip("_") or "network"
        self._recent = {}
        for entry in self.project.recent:
            name, count = f"{entry.title or 'untitled'} (recent)", 1
            while name in self._recent:
                count += 1
                name = f"{entry.title or 'untitled'} (recent {count})"
            self._recent[name] = entry.word
        others = [name for name in (NEW, *EXAMPLES) if name != title]
        options = [title, *others, *self._recent]
        self._documents.param.update(options=options, value=title)

    def _may_save(self) -> None:
        off = [] if self.runner.result is not None else list(FORMS)
        if off != self._save.unavailable:
            self._save.unavailable = off

    def _chosen(self, event: Any) -> None:
        if event.new == self.project.spec.title:
            return
        if event.new in self._recent:
            opened = self.project.attempt(lambda: unpack(self._recent[event.new]))
            self.project.opened += opened
        elif event.new == NEW or event.new in EXAMPLES:
            run = self.project.spec.run
            spec = EXAMPLES.get(event.new, ExperimentSpec)()
            self.project.open(spec.replace(run=spec.run.replace(mode=run.mode)))

    def _uploaded(self, event: Any) -> None:
        name, raw = self._open.filename, event.new
        if raw is None:
            return
        if isinstance(raw, list):
            name, raw = name[0], raw[0]
        self._ask(str(name), bytes(raw), None)

    def _ask(self, name: str, raw: bytes, time_factor: float | None) -> None:
        of_network = self.project.spec.network.time_factor
        self.runner.aside(
            lambda: read_upload(name, raw, time_factor, of_network=of_network),
            lambda future: self._read(name, raw, future),
        )

    def _read(self, name: str, raw: bytes, future: "Future[Upload]") -> None:
        """Show what was read; whatever went wrong, the open document stays."""
        try:
            upload = future.result()
            opened = upload.opened_over(self.project.spec, Path(name).stem)
        except Exception as error:  # never lose the document to a file
            self.project.refuse(name, error)
        else:
            self.project.open(*opened)
            if upload.report is not None:
                self.nir.show(upload.report, partial(self._ask, name, raw))
        finally:
            self._open.clear()

"""Open and save: documents, NIR files and recorded spikes, by upload and download."""

import io
import re
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from core.spec.examples import EXAMPLES
from core.spec.json_io import to_json
from core.spec.nir_io import to_nir, write_nir_bytes
from workbench.project import Project
from workbench.recorded import FORM_HELP, FORMS, spike_file
from workbench.runner import Runner
from workbench.uploads import KINDS, Upload, read_upload
from workbench.views.select import Select


class Files(pn.viewable.Viewer):
    """Examples, *Open…*, *Save JSON*, *Save NIR* and *Save spikes*."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._documents = Select(label="Document", size="small", width=132, margin=0)
        self._open = pmui.FileInput(
            label="Open…",
            uploaded_label="Open…",
            description="Open a .json document, a .nir network or recorded spikes"
            " (NIRData, .csv or .npz), which then drive the inputs",
            accept=",".join(KINDS),
            size="small",
            variant="outlined",
            margin=0,
        )
        self._json = self._download(
            "JSON", "Save JSON: the whole document", self._write_json
        )
        self._nir = self._download(
            "NIR", "Save NIR: the network, for other programs", self._write_nir
        )
        self._spikes = {form: self._spike_download(form) for form in FORMS}
        self._documents.param.watch(self._chosen, "value")
        self._open.param.watch(self._uploaded, "value")
        project.param.watch(lambda *_: self._rename(), "spec")
        runner.param.watch(lambda *_: self._may_save(), "result")
        self._may_save()
        self._rename()
        self._view = pn.FlexBox(
            self._documents,
            self._open,
            self._json,
            self._nir,
            *self._spikes.values(),
            align_items="center",
            gap="6px",
            margin=(10, 10, 2, 10),
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> Any:
        return self._view

    @staticmethod
    def _download(label: str, help_text: str, write: Any) -> pmui.FileDownload:
        return pmui.FileDownload(
            label=label,
            description=help_text,
            callback=write,
            filename="network",
            size="small",
            variant="outlined",
            margin=0,
        )

    def _rename(self) -> None:
        stem = re.sub(r"[^\w-]+", "_", self.project.spec.title).strip("_") or "network"
        self._json.filename = f"{stem}.json"
        self._nir.filename = f"{stem}.nir"
        for form, button in self._spikes.items():
            button.filename = f"{stem}_spikes{FORMS[form]}"
        title = self.project.spec.title
        others = [name for name in EXAMPLES if name != title]
        self._documents.param.update(options=[title, *others], value=title)

    def _write_json(self) -> io.BytesIO:
        self._json.data = None  # or the same content is not sent a second time
        return io.BytesIO(to_json(self.project.spec).encode())

    def _write_nir(self) -> io.BytesIO:
        self._nir.data = None
        return io.BytesIO(write_nir_bytes(to_nir(self.project.spec.network)))

    def _spike_download(self, form: str) -> pmui.FileDownload:
        help_text = (
            f"Save spikes as {form}: {FORM_HELP[form]}; opened here, they drive the"
            " inputs"
        )
        label = "Spikes" if form == "NIRData" else form
        return self._download(label, help_text, lambda: self._write_spikes(form))

    def _may_save(self) -> None:
        for button in self._spikes.values():
            button.disabled = self.runner.result is None

    def _write_spikes(self, form: str) -> io.BytesIO:
        self._spikes[form].data = None
        return io.BytesIO(spike_file(self.runner.result, form))

    def _chosen(self, event: Any) -> None:
        if event.new in EXAMPLES and event.new != self.project.spec.title:
            run, spec = self.project.spec.run, EXAMPLES[event.new]()
            self.project.open(spec.replace(run=spec.run.replace(mode=run.mode)))

    def _uploaded(self, event: Any) -> None:
        name, raw = self._open.filename, event.new
        if raw is None:
            return
        if isinstance(raw, list):
            name, raw = name[0], raw[0]
        self.runner.aside(
            lambda: read_upload(str(name), bytes(raw)),
            lambda future: self._read(str(name), future),
        )

    def _read(self, name: str, future: "Future[Upload]") -> None:
        """Show what was read; whatever went wrong, the open document stays."""
        try:
            upload = future.result()
            opened = upload.opened_over(self.project.spec, Path(name).stem)
        except Exception as error:  # never lose the document to a file
            self.project.refuse(name, error)
        else:
            self.project.open(*opened)
        finally:
            self._open.clear()

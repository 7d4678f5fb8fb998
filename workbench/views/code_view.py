"""The document as a program, as a link and as a picture."""

import io
import re
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from core.errors import HXError
from core.spec.packed import pack
from core.spec.script_io import launcher_options, to_script
from workbench.plots.board import board_png, board_svg
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.code_box import CodeBox

#: Longer links break in mail programs and chats.
MAX_LINK = 6000
#: Query parameter of a link that holds a document.
LINK_QUERY = "document"


class CodeView(pn.viewable.Viewer):
    """Script, link and picture of the document; written only while it is seen."""

    active = param.Boolean(default=False)
    dark = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._script = CodeBox(
            label="the program", sizing_mode="stretch_width", margin=(4, 14)
        )
        self._link = CodeBox(
            label="the link",
            lines=4,
            wrap=True,
            sizing_mode="stretch_width",
            margin=(4, 14),
        )
        self._how = _words("")
        self._long = _words("")
        self._python = _download("Save .py", self._write_script)
        self._svg = _download("Save SVG", self._write_svg)
        self._png = _download("Save PNG", self._write_png)
        self._view = pn.Column(
            _title("Python program"),
            self._how,
            self._script,
            pn.Row(self._python, margin=(2, 14)),
            _title("Link"),
            self._long,
            self._link,
            _title("Picture"),
            _words(
                "Graph, membrane and raster, as they are now. The picture carries the "
                "document: open it here and go on."
            ),
            pn.Row(self._svg, self._png, margin=(2, 14)),
            sizing_mode="stretch_width",
        )
        project.param.watch(lambda *_: self._draw(), ["spec", "problems"])
        self.param.watch(lambda *_: self._draw(), "active")

    def __panel__(self) -> Any:
        return self._view

    def _draw(self) -> None:
        if not self.active:
            return
        spec = self.project.spec
        stem = re.sub(r"[^\w-]+", "_", spec.title).strip("_") or "experiment"
        for button, ending in (
            (self._python, "py"),
            (self._svg, "svg"),
            (self._png, "png"),
        ):
            button.filename = f"{stem}.{ending}"
        try:
            text = to_script(spec, f"{stem}.py")
        except HXError as error:
            self._script.visible = self._python.visible = False
            self._how.object = escape(" ".join(map(str, error.problems[:5])))
        else:
            self._script.text = text
            self._script.visible = self._python.visible = True
            options = " ".join([*launcher_options(spec), f"{stem}.py"])
            self._how.object = (
                "The same experiment by the published interface of the chip. "
                f"Run it with <code>python -m core.compat {options}</code>: the "
                "results are the same."
            )
        self._draw_link()

    def _draw_link(self) -> None:
        try:
            word = pack(self.project.spec)
        except HXError as error:
            self._link.visible = False
            self._long.object = escape(str(error.problems[0]))
            return
        location = pn.state.location
        page = (location.href or "").split("?")[0].split("#")[0] if location else ""
        self._link.text = f"{page}?{LINK_QUERY}={word}"
        fits = len(self._link.text) <= MAX_LINK
        self._link.visible = fits
        kilobytes = f"{len(word) / 1000:.1f} kB"
        self._long.object = (
            f"The whole document in {kilobytes}; no server keeps it."
            if fits
            else f"The document takes {kilobytes}, links hold {MAX_LINK / 1000:.0f}: "
            "drawn or trained weights do not fit. Save the file, or a picture."
        )

    def _write_script(self) -> io.BytesIO:
        self._python.data = None  # or the same content is not sent a second time
        return io.BytesIO(to_script(self.project.spec, self._python.filename).encode())

    def _write_svg(self) -> io.BytesIO:
        self._svg.data = None
        return io.BytesIO(self._board().encode())

    def _write_png(self) -> io.BytesIO:
        self._png.data = None
        return io.BytesIO(board_png(self._board(), self.project.spec))

    def _board(self) -> str:
        result = self.runner.result if self.runner.current else None
        return board_svg(self.project.spec, result, dark=self.dark)


def _title(text: str) -> pn.pane.HTML:
    style = "font-size:14px;font-weight:600;margin:0"
    return pn.pane.HTML(f'<h2 style="{style}">{text}</h2>', margin=(14, 14, 0, 14))


def _words(text: str) -> pn.pane.HTML:
    return pn.pane.HTML(
        text,
        margin=(2, 14),
        sizing_mode="stretch_width",
        styles={"font-size": "13px", "line-height": "1.45"},
    )


def _download(label: str, write: Any) -> pmui.FileDownload:
    return pmui.FileDownload(
        label=label,
        callback=write,
        filename="experiment",
        size="small",
        variant="outlined",
        margin=(0, 6, 0, 0),
    )

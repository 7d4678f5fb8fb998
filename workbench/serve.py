"""What one browser window gets.

Kept in an imported module: the functions of a served script are wiped with the browser
session that they belong to, and clean-up code must outlive it.
"""

import gc
import os
from functools import cache
from pathlib import Path

import panel as pn

from core.errors import HXError, Problem, did_you_mean
from core.spec.packed import unpack
from workbench.app import Workbench
from workbench.demos import demos
from workbench.uploads import read_upload
from workbench.views.code_view import LINK_QUERY
from workbench.views.gallery import DEMO_QUERY

#: Environment variable through which the console script hands over the file to open.
FILE_VARIABLE = "HX_WORKBENCH_FILE"


def workbench() -> Workbench:
    """Return a workbench with what the link or the command line asked for.

    With neither it opens what this window had before a reload, or an example.
    """
    words = (pn.state.session_args or {}).get(LINK_QUERY)
    if words:
        return _of_link(words[0].decode("ascii", "replace"))
    asked = (pn.state.session_args or {}).get(DEMO_QUERY)
    if asked:
        return _of_demo(asked[0].decode("ascii", "replace"))
    name = os.environ.get(FILE_VARIABLE)
    if not name:
        return Workbench(restore=True)
    path = Path(name)
    try:
        upload = read_upload(path.name, path.read_bytes())
    except (HXError, OSError) as error:
        made = Workbench()
        made.project.refuse(path.name, error)
        return made
    made = Workbench(upload.document(path.stem))
    made.project.notes = upload.notes
    return made


def _of_link(word: str) -> Workbench:
    try:
        return Workbench(unpack(word))
    except HXError as error:
        made = Workbench()
        made.project.refuse("link", error)
        return made


def _of_demo(name: str) -> Workbench:
    """Return a workbench that offers one demo and what it lets be moved."""
    demo = demos().get(name)
    if demo is None:
        made = Workbench()
        what = f"there is no demo '{name}'.{did_you_mean(name, demos())}"
        made.project.message = Problem("link", what, "Open one of the demos.")
        return made
    made = Workbench(demo.start())
    made.tools.view("demos").show(name, locked=True)
    made.keep_to("demos", *(["train"] if demo.training else []))
    return made


@cache
def spare_collections() -> None:
    """Leave all that was imported out of the collections of garbage, for good.

    There are 400 000 such objects, and to look at all of them stops the page for a
    quarter of a second each time; what a page adds takes 0.03 s.
    """
    gc.collect()
    gc.freeze()


def serve_page() -> None:
    """Put the workbench on the page of the current session."""
    spare_collections()
    pn.extension(notifications=False, sizing_mode=None)
    workbench().page().servable()

"""Keeps the document in the browser, so that a reload or a lost server loses nothing.

The browser stores the newest documents of all its windows (`autosave.js`); the server
keeps nothing after the page closes.
"""

import secrets
from pathlib import Path
from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from core.errors import HXError
from core.spec.packed import pack, unpack
from workbench.project import Project, Recent

#: The document is stored this long after the last change, ms.
PAUSE = 1000
#: Longer words are not stored: all documents of a page share 5 MB.
MAX_WORD = 1_500_000
#: More entries than this, or longer titles, are not ours.
MAX_RECENT, MAX_TITLE = 8, 200


class Autosave(JSComponent):
    """Stores each change of the project; opens what this window had before a reload.

    :param restore: False: the page was opened with a document of its own
    """

    id_: str = param.String(default="", doc="Names this document in the storage.")
    title: str = param.String(default="")
    word: str = param.String(default="", doc="The document, packed.")
    kept: bool = param.Boolean(default=True, doc="False: the storage takes no more.")

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self, project: Project, *, restore: bool = True) -> None:
        super().__init__(id_=secrets.token_hex(8), width=1, height=1, margin=0)
        self._project, self._restore = project, restore
        self._waiting = False
        project.param.watch(lambda *_: self._changed(), "spec")

    def _changed(self) -> None:
        document = pn.state.curdoc
        if document is None or self._waiting:
            return
        self._waiting = True
        document.add_timeout_callback(self._save, PAUSE)

    def _save(self) -> None:
        self._waiting = False
        spec = self._project.spec
        try:
            word = pack(spec)
        except HXError:
            return  # numbers that are not finite: the page says so at their place
        if len(word) <= MAX_WORD:
            self.param.update(title=spec.title[:MAX_TITLE], word=word)

    def _handle_msg(self, msg: Any) -> None:
        """Take what the browser has stored; nothing of it is trusted."""
        found = msg.get("recent") if isinstance(msg, dict) else None
        entries = [_recent(e) for e in (found if isinstance(found, list) else [])]
        recent = tuple(e for e in entries[:MAX_RECENT] if e is not None)
        own = next((e for e in recent if e.id == msg.get("own")), None)
        if own is not None and self._restore:
            self.id_ = own.id
            self._open(own)
        self._project.recent = tuple(e for e in recent if e is not own)

    def _open(self, entry: Recent) -> None:
        try:
            spec = unpack(entry.word)
        except HXError as error:
            self._project.refuse("stored document", error)
        else:
            if spec != self._project.spec:
                self._project.open(spec)


def _recent(entry: Any) -> Recent | None:
    if not isinstance(entry, dict):
        return None
    id_, title, word = (entry.get(key) for key in ("id", "title", "word"))
    texts = all(isinstance(text, str) for text in (id_, title, word))
    if not texts or len(str(word)) > MAX_WORD:
        return None
    return Recent(str(id_), str(title)[:MAX_TITLE], str(word))

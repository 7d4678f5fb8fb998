"""A menu of what can be saved; the chosen file goes to the browser at once."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from core.errors import HXError, Problem

HERE = Path(__file__).parent


@dataclass(frozen=True)
class SaveItem:
    """One entry of the menu.

    :param ending: of the file name, e.g. ``".json"``
    :param write: returns the content of the file
    """

    id: str
    label: str
    help: str
    ending: str
    write: Callable[[], bytes]


class SaveMenu(JSComponent):
    """Button *Save*, its list, and the download.

    :param items: what can be saved
    :param refuse: called with the problem if a file cannot be written
    """

    entries: list[dict[str, str]] = param.List(default=[])
    stem: str = param.String(default="experiment", doc="File name without ending.")
    unavailable: list[str] = param.List(
        default=[], doc="Entries that cannot be chosen now."
    )

    _esm = HERE / "save_menu.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "save_menu.css"]

    def __init__(
        self,
        items: Sequence[SaveItem],
        refuse: Callable[[Problem], None],
        **params: Any,
    ) -> None:
        self._items = {item.id: item for item in items}
        self._refuse = refuse
        entries = [
            {"id": item.id, "label": item.label, "help": item.help} for item in items
        ]
        super().__init__(entries=entries, **params)

    def _handle_msg(self, msg: Any) -> None:
        item = self._items.get(str(msg))
        if item is None or item.id in self.unavailable:
            return
        try:
            content = item.write()
        except HXError as error:
            self._refuse(error.problems[0])
            return
        text = base64.b64encode(content).decode()
        self._send_msg({"name": self.stem + item.ending, "content": text})

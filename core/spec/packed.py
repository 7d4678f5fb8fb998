"""The document as one short word of text: for links, and inside pictures.

The word is the JSON document, compressed, in the URL-safe alphabet of base64. In a
picture it stands between `MARK` and `END`, in a comment that no viewer shows, so that
a picture of a board is the board: `embedded` finds it in the bytes of any file.
"""

import base64
import binascii
import json
import re
import zlib
from typing import Final

from core.errors import ConversionError
from core.spec.experiment import ExperimentSpec
from core.spec.json_io import MAX_TEXT, from_json, to_json

#: What stands before and after a document in a picture.
MARK: Final = "hx-workbench:document:"
END: Final = ":"
_WORD = re.compile(re.escape(MARK.encode()) + rb"([A-Za-z0-9_=-]+)" + END.encode())


def pack(spec: ExperimentSpec) -> str:
    """Return the document as one word.

    :raises ConversionError: if a number is not finite or a text is not Unicode
    """
    short = json.dumps(
        json.loads(to_json(spec)), ensure_ascii=False, separators=(",", ":")
    )
    return base64.urlsafe_b64encode(zlib.compress(short.encode(), 9)).decode()


def unpack(word: str) -> ExperimentSpec:
    """Return the document in ``word``.

    :raises ConversionError: if there is none, or it is too large
    """
    return from_json(_text_of(word))


def embedded(content: bytes) -> str | None:
    """Return the JSON text of the document inside of a picture, None without one.

    :raises ConversionError: if what it carries is damaged
    """
    found = _WORD.search(content)
    return None if found is None else _text_of(found.group(1).decode())


def _text_of(word: str) -> str:
    try:
        reader = zlib.decompressobj()
        raw = reader.decompress(base64.urlsafe_b64decode(word), MAX_TEXT)
    except (binascii.Error, ValueError, zlib.error):
        raw, complete = b"", False
    else:
        complete = reader.eof
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        complete = False
    if not complete:
        raise ConversionError(
            "link or picture",
            "it holds no document, or only a part of one.",
            "Copy the whole link, or ask for the file.",
        )
    return text


def carried(spec: ExperimentSpec) -> str:
    """Return what a picture carries so that `embedded` finds the document."""
    return f"{MARK}{pack(spec)}{END}"

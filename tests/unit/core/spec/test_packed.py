"""The document as one word, for links and inside pictures."""

import base64
import zlib

import pytest

from core.errors import ConversionError
from core.spec.examples import EXAMPLES, first_steps
from core.spec.json_io import from_json
from core.spec.packed import carried, embedded, pack, unpack


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_document_survives_as_one_word(title):
    spec = EXAMPLES[title]()
    word = pack(spec)
    assert unpack(word) == spec
    assert set(word) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_="
    )


@pytest.mark.parametrize(
    "word",
    [
        "",
        "a",
        "!!",
        pack(first_steps())[:-40],
        base64.urlsafe_b64encode(zlib.compress(b"\xff\xfe")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"[1, 2]")).decode(),
    ],
)
def test_what_is_no_document_is_refused_in_words(word):
    with pytest.raises(ConversionError):
        unpack(word)


def test_a_bomb_is_not_unpacked():
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 200_000_000, 9)).decode()
    with pytest.raises(ConversionError, match="only a part"):
        unpack(bomb)


def test_a_document_is_found_inside_of_any_bytes():
    spec = first_steps()
    found = embedded(b"\x89PNG\0\xff" + carried(spec).encode() + b"\0 tail")
    assert from_json(found) == spec
    assert embedded(b"<svg></svg>") is None

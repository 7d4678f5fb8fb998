"""Damaged files are opened or refused, and never more than that."""

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.fuzz_nir.campaign import FAST, fuzz, outcome
from benchmarks.fuzz_nir.mutations import BYTES, HDF5, TEXT
from workbench.reader import MEMORY, Reader

FAILED = Path(__file__).parents[1] / "data" / "nir_failed"
#: Bytes; what the largest files of the fuzz took was a tenth of the limit.
MODEST = MEMORY // 4


def test_300_damaged_files_are_opened_or_refused():
    tally = fuzz(range(300), seed=2)
    wrong = "FAILED", "ended (code)"  # but for a limit of time, a child ends well
    assert [why for _, why, *_ in tally.failed if any(w in why for w in wrong)] == []
    assert tally.memory < MODEST
    assert sum(tally.outcomes.values()) == 300
    assert tally.outcomes["ConversionError"] > 100  # the damage does something
    assert sum(tally.outcomes.values()) - tally.outcomes["ConversionError"] > 10
    tried = {way for way, _ in tally.ways}
    assert tried == {*BYTES, *TEXT, *HDF5}


@pytest.mark.parametrize("path", sorted(FAILED.glob("*.*")), ids=lambda p: p.name)
def test_a_file_that_ever_failed_is_opened_or_refused(path):
    if path.suffix == ".md":
        assert "| file | what it did |" in path.read_text()
        return
    assert path.name in (FAILED / "README.md").read_text()
    with closing(Reader(("-P", "-c", FAST))) as reader:
        found, memory, _ = outcome(reader, path.suffix, path.read_bytes())
    assert not found.startswith("FAILED")
    assert found != "child ended (code)"  # it raised what is no ConversionError
    assert memory < MODEST

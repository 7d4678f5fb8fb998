"""Damaged files are opened or refused, and never more than that."""

from pathlib import Path

import pytest

from benchmarks.fuzz_nir.campaign import fuzz, outcome
from benchmarks.fuzz_nir.mutations import BYTES, HDF5, TEXT
from workbench.reader import MEMORY, READER

FAILED = Path(__file__).parents[1] / "data" / "nir_failed"
#: Bytes; what the largest files of the fuzz took was a tenth of the limit.
MODEST = MEMORY // 4


def test_300_damaged_files_are_opened_or_refused():
    tally = fuzz(range(300), seed=2)
    assert tally.failed == []
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
    found, memory, _ = outcome(READER, path.suffix, path.read_bytes())
    assert not found.startswith("FAILED")
    assert memory < MODEST

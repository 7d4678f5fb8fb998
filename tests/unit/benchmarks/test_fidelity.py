"""The scale numbers of emulated chips lie where tests of real ones ask for them."""

import pytest

from benchmarks.fidelity.scales import BANDS, scales

QUICK = (1, 7, 12)


@pytest.mark.parametrize(
    "chip",
    [
        pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow)
        for n in range(1, 21)
    ],
)
def test_a_chip_shows_the_numbers_of_real_ones(chip: int) -> None:
    found = scales(chip)
    outside = {
        band.name: found[band.name]
        for band in BANDS
        if not band.low <= found[band.name] <= band.high
    }
    assert not outside

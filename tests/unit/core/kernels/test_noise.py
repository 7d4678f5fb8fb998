"""The numbers themselves: against the published generator, and what they depend on."""

from statistics import NormalDist

import numpy as np
import pytest

from core.kernels import noise
from core.kernels.compile import kernel


@kernel
def philox(c0, c1, c2, c3, k0, k1):
    return noise.block(c0, c1, c2, c3, k0, k1)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        # The vectors that the authors published with their library, Random123.
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_words_are_those_of_philox(counter, key, words):
    assert philox(*counter, *key) == words


def test_a_name_is_spread_over_counter_and_key_as_documented():
    words = philox(511 + (noise.CELL << 16), 9, 1234, 3, 77, 5)
    step, trial = 4 * 9 + 2, (5 << 32) + 3
    assert noise.bits(77, trial, 1234, 511, step, noise.CELL) == words[2]


def test_counters_broadcast():
    grid = noise.bits(1, 0, np.arange(3)[:, None], np.arange(4), 7, 0)
    assert grid.shape == (3, 4)
    assert grid[2, 3] == noise.bits(1, 0, 2, 3, 7, 0)


def test_kernels_and_functions_give_the_same_numbers():
    circuits = np.array([0, 7, 300, 511])
    names = (circuits + (noise.CADC << 16)).astype(np.uint32)
    words = np.empty((4, 6), np.uint32)
    noise.draw(words, 4, names, 12, 9, 1, 3 << 32)
    step = np.arange(12, 16)[:, None]
    expected = noise.bits(1, 3 << 32, 9, circuits, step, noise.CADC)
    np.testing.assert_array_equal(words[:, :4], expected)


def test_each_counter_changes_the_number():
    base = np.array([1, 0, 0, 0, 0, 0])
    others = base + np.concatenate([np.zeros((1, 6), int), np.eye(6, dtype=int)])
    others = np.vstack([others, [*base[:1], 1 << 32, 0, 0, 0, 0]])
    assert len(np.unique(noise.bits(*others.T))) == len(others) == 8


def test_sources_have_different_numbers():
    constants = {name for name in vars(noise) if name[0] != "_" and name.isupper()}
    sources = [getattr(noise, name) for name in constants - {"WORDS"}]
    assert sorted(sources) == list(range(8))


def test_uniform_numbers_never_reach_the_ends():
    u = noise.uniforms(1, 0, 0, 0, np.arange(100_000), 0)
    assert 0 < u.min() < 1e-3
    assert 1 - 1e-3 < u.max() < 1


def test_normal_numbers_are_the_inverse_of_their_distribution():
    out = np.empty(1 << 24, np.float32)
    noise._normals(np.arange(1 << 24, dtype=np.uint32) << np.uint32(8), out)
    # As signed numbers, the upper half of the words comes first.
    x = np.concatenate([out[1 << 23 :], out[: 1 << 23]]).astype(float)
    # A fused multiplication rounds (1 − u)(1 + u) differently on the two sides.
    np.testing.assert_allclose(x, -x[::-1], rtol=3e-7)
    at = np.unique(np.geomspace(1, 1 << 23, 2000).astype(int)) - 1
    exact = [NormalDist().inv_cdf((k + 0.5) / 2**24) for k in at]
    # Polynomials in single precision: a few units in the last place.
    np.testing.assert_allclose(x[at], exact, rtol=2e-6, atol=1e-7)
    assert (np.diff(x) > -1e-6).all()
    assert x.max() == pytest.approx(5.42, abs=0.001)
    # What is beyond the last interval is missing: 6e-8 of all, 5.42⁴ = 860 each.
    assert (x * x).mean() == pytest.approx(1, abs=5e-6)
    assert (x**4).mean() == pytest.approx(3, abs=1e-4)

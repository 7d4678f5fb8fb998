"""A battery of statistical tests for generators that are functions of six counters.

Each test takes such a function and how many times its usual amount of numbers to draw,
and returns the probability that true random numbers look at least as suspicious, times
the number of questions it asked. A generator is rejected if that is below `ALPHA`.
"""

import math
from statistics import NormalDist

import numpy as np

AXES = ("chip", "trial", "entry", "circuit", "step", "source")
#: Where names are drawn from; a counter that is walked along may go further.
SIZES = (100_000, 1_000_000, 10_000, 512, 1_000_000, 8)
#: Of good generators with other constants one in a million fails a test. All tests of
#: the battery together: less than one in ten thousand.
ALPHA = 1e-6


def two_sided(z):
    """Return how probable it is that a standard normal number is farther from 0."""
    return math.erfc(abs(z) / math.sqrt(2))


def worst(z):
    """Return that for the largest of many, times their number (Bonferroni)."""
    z = np.abs(np.asarray(z, float))
    return min(1.0, z.size * two_sided(z.max()))


def chi_square(counts, expected):
    """Return the upper tail of χ², by Wilson and Hilferty's cube root."""
    counts, expected = np.broadcast_arrays(np.asarray(counts, float), expected)
    k = counts.size - 1
    x = ((counts - expected) ** 2 / expected).sum()
    z = ((x / k) ** (1 / 3) - 1 + 2 / (9 * k)) / math.sqrt(2 / (9 * k))
    return two_sided(z)  # too even is suspicious as well


def poisson(count, expected):
    """Return the smaller tail of a Poisson count, times two."""
    if expected > 1000:
        return two_sided((count - expected) / math.sqrt(expected))
    terms = [-expected]
    for k in range(1, int(max(count, expected) + 20 * math.sqrt(expected) + 40)):
        terms.append(terms[-1] + math.log(expected / k))
    terms = np.exp(terms)
    return min(1.0, 2 * min(terms[: count + 1].sum(), terms[count:].sum()))


def kolmogorov(distance, n):
    """Return the tail of Kolmogorov's distribution (asymptotic, two terms suffice)."""
    x = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * distance
    return min(1.0, 2 * (math.exp(-2 * x * x) - math.exp(-8 * x * x)))


def popcount(words):
    return np.bitwise_count(words).astype(np.int64)


def centred(words):
    """Return the words as uniform numbers of mean 0 and variance 1."""
    return (words.astype(np.float64) + 0.5) * (math.sqrt(12) / 2**32) - math.sqrt(3)


def names(count, seed, **walked):
    """Return six arrays of counters: drawn once per row, or as given for an axis."""
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(0, size, (count, 1)) for size in SIZES]
    return [walked.get(axis, d) for axis, d in zip(AXES, drawn, strict=True)]


def along(bits, axis, rows, length, seed=0):
    """Return words of names that differ in one counter only, shape (rows, length)."""
    return bits(*names(rows, seed, **{axis: np.arange(length)}))


def many(bits, n):
    """Return ``n`` words as a run draws them: circuits and steps of a few entries."""
    steps, circuits = 1000, 512
    entries = -(-n // (steps * circuits))
    entry = np.arange(entries)[:, None, None]
    step = np.arange(steps)[:, None]
    return bits(1, 0, entry, np.arange(circuits), step, 0).ravel()[:n]


# Words one by one.


def bytes_are_equally_frequent(bits, scale):
    words = many(bits, 2_000_000 * scale)
    tails = [
        chi_square(np.bincount(part, minlength=256), len(words) / 256)
        for part in words.view(np.uint8).reshape(-1, 4).T
    ]
    return 4 * min(tails)


def words_are_uniform(bits, scale):
    u = np.sort(many(bits, 1_000_000 * scale)) / 2**32
    ranks = np.arange(len(u) + 1) / len(u)
    distance = max((ranks[1:] - u).max(), (u - ranks[:-1]).max())
    return kolmogorov(distance, len(u))


def every_bit_is_fair(bits, scale):
    words = many(bits, 1_000_000 * scale)
    ones = np.array([(words >> k & 1).sum() for k in np.arange(32, dtype=np.uint32)])
    return worst((ones - len(words) / 2) / (math.sqrt(len(words)) / 2))


def bits_of_a_word_are_independent(bits, scale):
    words = many(bits, 200_000 * scale)
    k = np.arange(32, dtype=np.uint32)
    spins = ((words[:, None] >> k & 1).astype(np.float32) * 2 - 1).astype(np.float64)
    products = (spins.T @ spins)[np.triu_indices(32, 1)]
    return worst(products / math.sqrt(len(words)))


# Names that differ in one or two counters.


def _no_lag(axis):
    def test(bits, scale):
        words = along(bits, axis, 200 * scale, 2048)
        x = centred(words)
        z = []
        for lag in (1, 2, 3, 4, 8, 16, 256):
            products = x[:, lag:] * x[:, :-lag]
            z.append(products.sum() / math.sqrt(products.size))
            changed = popcount(words[:, lag:] ^ words[:, :-lag])  # mean 16, variance 8
            z.append((changed.sum() - 16 * changed.size) / math.sqrt(8 * changed.size))
        return worst(z)

    test.__name__ = f"neighbours_along_the_{axis}_are_independent"
    return test


def _no_pair(first, second):
    def test(bits, scale):
        size = 64
        i, j = np.arange(size)[:, None], np.arange(size)
        z = []
        for seed in range(20 * scale):
            grid = names(1, seed, **{first: i, second: j})
            words = bits(*grid)
            x = centred(words)
            corner = words[1:, 1:] ^ words[:-1, :-1]
            side = words[1:, :-1] ^ words[:-1, 1:]
            upper = np.triu_indices(size, 1)
            for bits_changed in (corner, side, corner ^ side, (words ^ words.T)[upper]):
                n = bits_changed.size
                z.append((popcount(bits_changed).sum() - 16 * n) / math.sqrt(8 * n))
            n = corner.size
            z.append((x[1:, 1:] * x[:-1, :-1]).sum() / math.sqrt(n))
            z.append((x[1:, :-1] * x[:-1, 1:]).sum() / math.sqrt(n))
        # Weaker on each grid than on all of them: the sums count, too.
        sums = np.array(z).reshape(20 * scale, -1).sum(0) / math.sqrt(20 * scale)
        return 2 * min(worst(z), worst(sums))

    test.__name__ = f"{first}_and_{second}_do_not_mix_up"
    return test


def an_input_bit_flips_half_of_the_output_bits(bits, scale):
    count = 4000 * scale
    bases = names(count, 5)
    before = bits(*bases).ravel()
    k = np.arange(32, dtype=np.uint32)
    z = []
    for axis, size in enumerate(SIZES):
        for bit in range(size.bit_length() - 1):
            flipped = list(bases)
            flipped[axis] = bases[axis] ^ (1 << bit)
            changed = before ^ bits(*flipped).ravel()
            flips = (changed[:, None] >> k & 1).sum(0)
            z.append((flips - count / 2) / (math.sqrt(count) / 2))
    return worst(z)


def names_collide_as_often_as_chance(bits, scale):
    grid = np.ix_(*(np.arange(k) for k in (8, 8, 16, 16, 16 * scale, 8)))
    words = np.sort(bits(*grid).ravel())
    equal = int((words[1:] == words[:-1]).sum())
    return poisson(equal, len(words) ** 2 / 2**33)


def no_entry_repeats_a_part_of_another(bits, scale):
    """Equal pairs of neighbours in time: chance gives one in 2³³ / 9 runs."""
    words = bits(1, 0, np.arange(4000 * scale)[:, None], 0, np.arange(1000), 0)
    pairs = words[:, :-1].astype(np.uint64) << np.uint64(32) | words[:, 1:]
    pairs = np.sort(pairs.ravel())
    equal = int((pairs[1:] == pairs[:-1]).sum())
    return poisson(equal, len(pairs) ** 2 / 2**65)


# Sequences.


def _birthdays(axis):
    def test(bits, scale):
        days, years = 4096, 100 * scale  # 4096³ / (4 · 2³²) = 4 equal spacings a year
        spacings = np.diff(np.sort(along(bits, axis, years, days, seed=9), axis=1))
        spacings.sort(axis=1)
        equal = int((spacings[:, 1:] == spacings[:, :-1]).sum())
        return poisson(equal, years * days**3 / 2**34)

    test.__name__ = f"birthday_spacings_along_the_{axis}"
    return test


def the_spectrum_of_a_run_is_flat(bits, scale):
    x = centred(along(bits, "step", 16 * scale, 1 << 15, seed=3))
    power = np.abs(np.fft.rfft(x)[:, 1:-1]) ** 2 / x.shape[1]  # exponential, mean 1
    peak = -math.expm1(power.size * math.log1p(-math.exp(-power.max())))
    bands = power[:, : power.shape[1] // 64 * 64].reshape(len(x), 64, -1)
    n = bands.shape[0] * bands.shape[2]
    z = (bands.sum((0, 2)) - n) / math.sqrt(n)
    return 2 * min(peak, worst(z))


def matrices_of_bits_have_the_right_ranks(bits, scale):
    count = 4000 * scale
    ranks = gf2_rank(many(bits, 32 * count).reshape(count, 32).copy())
    full, one_less = 0.2887880951, 0.5775761902
    shares = np.array([full, one_less, 1 - full - one_less])
    counts = np.array([(ranks == 32).sum(), (ranks == 31).sum(), (ranks < 31).sum()])
    x = ((counts - count * shares) ** 2 / (count * shares)).sum()
    return math.exp(-x / 2)  # the tail of χ² with two degrees of freedom


def gf2_rank(matrices):
    """Return the ranks over GF(2) of 32 × 32 matrices, shape (count, 32) words."""
    rank = np.zeros(len(matrices), np.int64)
    rows = np.arange(len(matrices))
    for k in np.arange(32, dtype=np.uint32):
        has = (matrices >> k & 1).astype(bool)
        has &= np.arange(32) >= rank[:, None]
        found = has.any(1)
        pivot = np.where(found, has.argmax(1), np.minimum(rank, 31))
        target = np.minimum(rank, 31)
        swapped = matrices[rows, pivot].copy()
        matrices[rows, pivot] = matrices[rows, target]
        matrices[rows, target] = swapped
        others = (matrices >> k & 1).astype(bool)
        others &= np.arange(32) > rank[:, None]
        others &= found[:, None]
        matrices ^= np.where(others, swapped[:, None], np.uint32(0))
        rank += found
    return rank


TESTS = (
    bytes_are_equally_frequent,
    words_are_uniform,
    every_bit_is_fair,
    bits_of_a_word_are_independent,
    *(_no_lag(axis) for axis in AXES),
    *(_no_pair(a, b) for k, a in enumerate(AXES) for b in AXES[k + 1 :]),
    an_input_bit_flips_half_of_the_output_bits,
    names_collide_as_often_as_chance,
    no_entry_repeats_a_part_of_another,
    _birthdays("step"),
    _birthdays("circuit"),
    _birthdays("entry"),
    the_spectrum_of_a_run_is_flat,
    matrices_of_bits_have_the_right_ranks,
)


# Normal numbers; these tests take the numbers.


def moments(x):
    """Mean, variance, skewness and kurtosis; variances 1, 2, 6, 24 over n."""
    n = len(x)
    z = [x.mean(), (x * x).mean() - 1, (x**3 - 3 * x).mean()]
    z.append((x**4 - 6 * x * x).mean() + 3)
    return worst(np.array(z) * np.sqrt(n / np.array([1, 2, 6, 24])))


def normal_distance(x):
    """Distance of the distributions at 4095 quantiles: not more than everywhere."""
    levels = np.arange(1, 4096) / 4096
    edges = [NormalDist().inv_cdf(level) for level in levels]
    found = np.searchsorted(np.sort(x), edges) / len(x)
    return kolmogorov(np.abs(found - levels).max(), len(x))


def tails(x):
    """Numbers beyond 1 … 5 σ on either side."""
    found = []
    for sigma in (1, 2, 3, 3.5, 4, 4.5, 5):
        share = 0.5 * math.erfc(sigma / math.sqrt(2))
        for count in (int((x > sigma).sum()), int((x < -sigma).sum())):
            spread = math.sqrt(share * (1 - share) * len(x))
            found.append(
                two_sided((count - share * len(x)) / spread)
                if spread > 30
                else poisson(count, share * len(x))
            )
    return min(1.0, len(found) * min(found))


NORMAL_TESTS = (moments, normal_distance, tails)

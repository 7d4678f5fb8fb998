"""Rules for weights: which pairs are connected, how strongly, drawn from one seed.

The same rule draws the same weights, so a document may keep the rule in their place.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import NetworkError
from core.spec.fields import Spec, choice, quantity


@dataclass(frozen=True, eq=False)
class WeightRule(Spec):
    """Which pairs of neurons are connected, and with what weights.

    >>> WeightRule("one-to-one", distribution="constant", mean=2.0).draw(2, 2).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """

    pairs: str = choice(
        "dense",
        ("dense", "sparse", "one-to-one"),
        doc="All pairs, each pair with a probability, or equal indices.",
        label="connect",
    )
    probability: float = quantity(
        0.2,
        "",
        low=0,
        high=1,
        step=0.05,
        doc="Share of the pairs that a sparse rule connects.",
        label="probability",
    )
    distribution: str = choice(
        "normal",
        ("constant", "normal", "uniform"),
        doc="How the weights are spread about their mean.",
        label="weights",
    )
    mean: float = quantity(
        0.5, "model", low=-10, high=10, step=0.05, doc="Mean weight.", label="mean"
    )
    spread: float = quantity(
        0.2,
        "model",
        low=0,
        high=10,
        step=0.05,
        doc="Standard deviation (normal) or half of the range (uniform).",
        label="spread",
    )
    seed: int = quantity(
        1, "", low=0, high=99999, step=1, doc="Same seed, same weights.", label="seed"
    )

    def draw(self, sources: int, targets: int) -> NDArray[np.float32]:
        """Return the weights, shape (target, source), model units.

        :raises NetworkError: if populations of different sizes are to be paired
        """
        if self.pairs == "one-to-one" and sources != targets:
            raise NetworkError(
                "one-to-one connection",
                f"the source has {sources} neurons, the target {targets}.",
                "Give both the same size, or choose another rule.",
            )
        # One generator for each, so that the pairs stay when the weights change.
        which, how = np.random.default_rng(self.seed).spawn(2)
        shape = (targets, sources)
        weights = self._weights(how, shape)
        if self.pairs == "sparse":
            weights = np.where(which.random(shape) < self.probability, weights, 0.0)
        elif self.pairs == "one-to-one":
            weights = np.where(np.eye(targets, dtype=bool), weights, 0.0)
        return weights.astype(np.float32)

    def _weights(
        self, rng: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        if self.distribution == "constant":
            return np.full(shape, self.mean)
        if self.distribution == "uniform":
            low, high = self.mean - self.spread, self.mean + self.spread
            return rng.uniform(low, high, shape)
        return rng.normal(self.mean, self.spread, shape)

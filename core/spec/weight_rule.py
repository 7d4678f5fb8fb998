"""Weights by a rule: which pairs are connected, and how strongly, from a seed.

A rule draws the same weights whenever sizes and seed are the same, so a file needs
only the rule. The weights of a projection stay the truth: edited by hand, they no
longer are what the rule draws, and the file holds them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.spec.fields import Spec, choice, frozen_array, quantity


@dataclass(frozen=True, eq=False)
class WeightRule(Spec):
    """How the weights of a projection are made.

    >>> WeightRule(connect="one-to-one", mean=0.5).draw(2, 2).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """

    connect: str = choice(
        "dense",
        ("dense", "one-to-one", "sparse"),
        doc="Which pairs of neurons have a synapse.",
        label="connect",
    )
    probability: float = quantity(
        0.5,
        "",
        low=0,
        high=1,
        step=0.01,
        doc="Of a synapse between two neurons, if sparse.",
        label="probability",
    )
    weights: str = choice(
        "constant",
        ("constant", "normal", "uniform"),
        doc="How strong the synapses are.",
        label="weights",
    )
    mean: float = quantity(
        0.5,
        "model",
        low=-10,
        high=10,
        step=0.01,
        doc="Mean weight, model units.",
        label="mean",
    )
    spread: float = quantity(
        0.2,
        "model",
        low=0,
        high=10,
        step=0.01,
        doc="Standard deviation, or half the width if uniform.",
        label="spread",
    )
    seed: int = quantity(
        0, "", low=0, high=99999, step=1, doc="Same seed, same weights.", label="seed"
    )

    def draw(self, source_size: int, target_size: int) -> NDArray[Any]:
        """Return weights, shape (target, source), float32, read-only.

        Pairs and strengths come from generators of their own, so that another
        probability does not change the strength of the synapses that stay.
        """
        shape = target_size, source_size
        pairs, strengths = (
            np.random.default_rng((abs(self.seed), part)) for part in range(2)
        )
        connected = np.ones(shape, bool)
        if self.connect == "one-to-one":
            connected = np.eye(*shape, dtype=bool)
        elif self.connect == "sparse":
            connected = pairs.random(shape) < self.probability
        with np.errstate(over="ignore"):  # what is too large is refused elsewhere
            drawn = np.full(shape, self.mean)
            if self.weights == "normal":
                drawn += self.spread * strengths.standard_normal(shape)
            elif self.weights == "uniform":
                drawn += self.spread * strengths.uniform(-1, 1, shape)
            return frozen_array(np.where(connected, drawn, 0.0))

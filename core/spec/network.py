"""The network: populations are nodes, projections are edges, all in model units.

This is the part of the document that a NIR file holds and that the graph editor draws.
Half-finished networks are legal here; `core.spec.check` says what is missing.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import NetworkError, did_you_mean
from core.spec.fields import Spec, frozen_array, plain, quantity
from core.spec.population import (
    KINDS,
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    PopulationSpec,
    Value,
    VoltageScale,
)
from core.spec.weight_rule import WeightRule


@dataclass(frozen=True, eq=False)
class ProjectionSpec(Spec):
    """All synapses from one population to another.

    :param weights: shape (target, source), model units
    """

    name: str = plain(doc="Unique among populations and projections.")
    source: str = plain(doc="Name of the sending population.")
    target: str = plain(doc="Name of the receiving population.")
    weights: NDArray[Any] = plain(doc="(target, source), model units.")
    weight_scale: float = quantity(
        57.0,
        "LSB",
        low=0,
        high=500,
        step=1,
        doc="Weight LSB on the chip of a model weight of 1; with 57 a typical chip"
        " responds as the model does.",
        label="weight scale",
        group="chip",
    )
    delay: float = quantity(
        0.0,
        "s",
        low=0,
        high=1e-3,
        step=1e-6,
        doc="How much later spikes arrive, in whole steps; in the model only.",
        label="delay",
        group="projection",
    )
    rule: WeightRule | None = plain(
        None,
        doc="What the weights were drawn by; they count, it does not.",
        cosmetic=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "weights", frozen_array(self.weights))

    @property
    def drawn(self) -> bool:
        """Whether the weights are what the rule draws."""
        if self.rule is None or self.weights.ndim != 2:
            return False
        targets, sources = self.weights.shape
        return np.array_equal(self.rule.draw(sources, targets), self.weights)


@dataclass(frozen=True, eq=False)
class NetworkSpec(Spec):
    """Populations and projections. The part that is NIR."""

    populations: tuple[PopulationSpec, ...] = plain((), doc="The nodes.")
    projections: tuple[ProjectionSpec, ...] = plain((), doc="The edges.")
    outputs: tuple[str, ...] = plain((), doc="Populations that are read out (NIR).")
    time_factor: float = plain(
        1e-3,
        doc="A time of its NIR file × this = seconds on the chip.",
        label="time factor",
        cosmetic=True,
    )
    counted: bool = plain(
        False,
        doc="Whether r and w_in of its NIR file count in steps.",
        label="counts in steps",
        cosmetic=True,
    )

    def population(self, name: str) -> PopulationSpec:
        """Return the population ``name``.

        :raises NetworkError: if there is none
        """
        for population in self.populations:
            if population.name == name:
                return population
        known = [p.name for p in self.populations]
        raise NetworkError(
            "network",
            f"there is no population '{name}'.{did_you_mean(name, known)}",
        )

    def projection(self, name: str) -> ProjectionSpec:
        """Return the projection ``name``.

        :raises NetworkError: if there is none
        """
        for projection in self.projections:
            if projection.name == name:
                return projection
        known = [p.name for p in self.projections]
        raise NetworkError(
            "network",
            f"there is no projection '{name}'.{did_you_mean(name, known)}",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """All names in use, of populations and projections."""
        return tuple(p.name for p in self.populations + self.projections)

    def incoming(self, name: str) -> tuple[ProjectionSpec, ...]:
        """Return the projections into the population ``name``."""
        return tuple(p for p in self.projections if p.target == name)

    def with_population(self, new: PopulationSpec) -> Self:
        """Return the network with the population of the same name replaced."""
        return self.replace(
            populations=tuple(
                new if p.name == new.name else p for p in self.populations
            )
        )

    def with_projection(self, new: ProjectionSpec) -> Self:
        """Return the network with the projection of the same name replaced."""
        return self.replace(
            projections=tuple(
                new if p.name == new.name else p for p in self.projections
            )
        )


__all__ = [
    "KINDS",
    "AELIFSpec",
    "InputSpec",
    "LIFSpec",
    "LISpec",
    "NetworkSpec",
    "PopulationSpec",
    "ProjectionSpec",
    "Value",
    "VoltageScale",
    "WeightRule",
]

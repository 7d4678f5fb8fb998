"""The six workloads W1 to W6: shapes, input spikes, weights and losses.

    net         lif(x W_inᵀ) → li(z W_outᵀ) → mean square of the mean membrane
    recurrent   the same with z W_recᵀ fed back to the hidden layer
    projection  lif(x W_inᵀ), a fixed gradient of its spikes
    layer       lif(x), forward only
    adex        adaptive exponential neurons with a refractory time, forward only

Input and weights are the same for all implementations; time constants are 10 µs at
steps of 1 µs, the surrogate is SuperSpike.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

DT = 1e-6  # s
TAU = 10e-6  # membrane and synapse, s
ALPHA = 50.0  # steepness of the surrogate

#: Terms of W5 beyond those of the others: potentials in model units, times in s.
SLOPE, EXP_THRESHOLD = 0.1, 0.8
ADAPTATION, INCREMENT, TAU_ADAPTATION = 0.1, 0.05, 100e-6
REFRACTORY_TIME = 2e-6

#: Amplitude of the input spikes where there is no projection, model units.
DIRECT_INPUT = 0.8


@dataclass(frozen=True)
class Shape:
    """The size of a workload.

    :ivar density: share of input places with a spike
    """

    kind: Literal["net", "recurrent", "projection", "layer", "adex"]
    time: int
    batch: int
    sources: int
    neurons: int
    readout: int = 0
    density: float = 0.05

    @property
    def elements(self) -> int:
        """T·B·N of the hidden layer."""
        return self.time * self.batch * self.neurons

    @property
    def trained(self) -> bool:
        """Whether there is a backward pass."""
        return self.kind not in ("layer", "adex")

    def __str__(self) -> str:
        sizes = [self.sources, self.neurons, self.readout]
        network = "-".join(str(size) for size in sizes if size)
        return f"{self.time} × {self.batch} × {network}"


SHAPES = {
    "W1": Shape("net", 60, 100, 25, 120, 3),  # Yin-Yang
    "W2": Shape("net", 200, 128, 256, 256, 10),
    "W3": Shape("layer", 10_000, 1, 0, 512),  # one long trial, as on the page
    "W4": Shape("projection", 1000, 32, 512, 512),  # the size of a chip
    "W5": Shape("adex", 10_000, 1, 0, 512),
    "W6": Shape("recurrent", 250, 64, 700, 256, 20),  # like the spoken digits
}


class Workload:
    """One workload with its data.

    :param shape: its size
    :ivar input: spikes, or graded spikes where there is no projection, shape (time,
        batch, sources or neurons)
    :ivar cotangent: gradient of the spikes of "projection", shape (time, batch,
        neurons)
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._rng = torch.Generator().manual_seed(1)
        columns = shape.sources or shape.neurons
        drawn = torch.rand(shape.time, shape.batch, columns, generator=self._rng)
        self.input = (drawn < shape.density).float()
        if not shape.sources:
            self.input *= DIRECT_INPUT
        self._weights = self._draw_weights()
        self.cotangent = (
            self._normal(shape.time, shape.batch, shape.neurons)
            if shape.kind == "projection"
            else None
        )

    def _draw_weights(self) -> list[Tensor]:
        shape = self.shape
        weights = []
        if shape.sources:
            active = shape.density * shape.sources  # inputs that spike in a step
            drawn = self._normal(shape.neurons, shape.sources)
            weights.append(0.25 * ((2 / active) ** 0.5 * drawn + 0.5 / active))
        if shape.kind == "recurrent":
            drawn = self._normal(shape.neurons, shape.neurons)
            weights.append(0.3 / shape.neurons**0.5 * drawn)
        if shape.readout:
            weights.append(0.1 * self._normal(shape.readout, shape.neurons))
        return weights

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._rng)

    def weights(self) -> list[Tensor]:
        """Return weights of one's own: of the input, recurrent, of the readout."""
        trained = self.shape.trained
        return [w.clone().requires_grad_(trained) for w in self._weights]

    def loss(self, result: Tensor) -> Tensor:
        """Return the loss of the membrane of the readout, or of the spikes."""
        if self.cotangent is not None:
            return (result * self.cotangent).sum()
        return result.mean(0).square().mean()

"""From data to spike times, and from spike times to spikes on the time grid."""

import math

import torch
from torch import Tensor

from core.errors import ParameterError, ShapeError


class BiasTimeError(ParameterError, IndexError):
    """The spike of the bias channel lies outside of the time steps."""


class PixelsToSpikeTimes(torch.nn.Module):
    """Latency code of pixels: bright ones spike early.

    ``t = tau ln(p / (p - threshold))``; pixels below the threshold and late ones get
    ``t_max``.

    :param tau: s
    :param threshold: darkest pixel that spikes
    :param t_max: s
    :param epsilon: distance kept from the threshold

    >>> PixelsToSpikeTimes(tau=8e-6, threshold=0.2, t_max=3e-5)(
    ...     torch.tensor([0.1, 0.4])
    ... )
    tensor([3.0000e-05, 5.5452e-06])
    """

    def __init__(
        self,
        tau: float = 20,
        threshold: float = 0.2,
        t_max: float = 1.0,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__()
        self.tau = tau
        self.threshold = threshold
        self.t_max = t_max
        self.epsilon = epsilon

    def forward(self, pic: Tensor) -> Tensor:
        """Return the spike time of each pixel, same shape, s."""
        bright = pic.clamp(min=self.threshold + self.epsilon)
        times = self.tau * torch.log(bright / (bright - self.threshold))
        times = times.clamp(0, self.t_max)
        return torch.where(pic < self.threshold, self.t_max, times)


class SpikeTimesToSparseTensor(torch.nn.Module):
    """Put spike times on a grid, as a sparse tensor.

    Times outside the grid are dropped.

    :param bin_width: s
    :param size: number of bins

    >>> times = torch.tensor([0.5e-6, 2.5e-6, float("inf")])
    >>> SpikeTimesToSparseTensor(1e-6, size=3)(times).indices()
    tensor([[0, 2],
            [0, 1]])
    """

    def __init__(self, bin_width: float, size: int = 100) -> None:
        super().__init__()
        self.bin_width = bin_width
        self.size = size

    def forward(self, spikes: Tensor) -> Tensor:
        """Return int64 ones, shape (size, ... of ``spikes``)."""
        bins = spikes / self.bin_width
        kept = (bins >= 0) & (bins < self.size)
        index = torch.cat([bins[kept].long().unsqueeze(0), kept.nonzero().T])
        ones = index.new_ones(index.shape[1])
        shape = (self.size, *spikes.shape)
        return torch.sparse_coo_tensor(
            index, ones, shape, check_invariants=True
        ).coalesce()


class SpikeTimesToDense(SpikeTimesToSparseTensor):
    """Put spike times on a grid, as a dense tensor.

    >>> SpikeTimesToDense(1e-6, size=3)(torch.tensor([0.5e-6, 2.5e-6]))
    tensor([[1, 0],
            [0, 0],
            [0, 1]])
    """

    def forward(self, spikes: Tensor) -> Tensor:
        """Return int64, shape (size, ... of ``spikes``), 0 or 1."""
        return super().forward(spikes).to_dense()


class CoordinatesToSpikes(torch.nn.Module):
    """Latency code of coordinates in [0, 1]: one spike for each.

    :param seq_length: number of time steps
    :param t_early: spike time of coordinate 0, s
    :param t_late: spike time of coordinate 1, s
    :param dt: step width, s
    :param t_bias: time of the spike in one more channel, the last, s; None has none

    >>> encode = CoordinatesToSpikes(seq_length=4, t_early=1e-6, t_late=3e-6)
    >>> encode(torch.tensor([[0.0, 1.0]]))[:, 0]
    tensor([[0., 0.],
            [1., 0.],
            [0., 0.],
            [0., 1.]])
    """

    def __init__(
        self,
        seq_length: int,
        t_early: float,
        t_late: float,
        dt: float = 1e-6,
        t_bias: float | None = None,
    ) -> None:
        super().__init__()
        self.seq_length = seq_length
        self.t_early = t_early
        self.t_late = t_late
        self.dt = dt
        self.t_bias = t_bias

    def forward(self, coordinate_values: Tensor) -> Tensor:
        """Return the spikes of all coordinates.

        :param coordinate_values: shape (batch, coordinates), each in [0, 1]
        :returns: shape (time, batch, channels), float32, 0 or 1
        :raises ShapeError: if ``coordinate_values`` has not two dimensions
        :raises ParameterError: if a spike lies outside of the time steps
        :raises BiasTimeError: if that of the bias does
        """
        if coordinate_values.ndim != 2:
            raise ShapeError(
                "coordinates",
                f"have shape {tuple(coordinate_values.shape)}.",
                "Give them the shape (batch, coordinates).",
            )
        times = self.t_early + coordinate_values * (self.t_late - self.t_early)
        index = (times / self.dt).round().long()  # (batch, coordinates)
        self._check(index)
        if self.t_bias is not None:
            bias = index.new_full((len(index), 1), self._bias_step(self.t_bias))
            index = torch.cat([index, bias], 1)
        spikes = torch.zeros(self.seq_length, *index.shape, device=index.device)
        return spikes.scatter_(0, index.unsqueeze(0), 1.0)

    def _check(self, index: Tensor) -> None:
        if index.numel() and not 0 <= index.min() <= index.max() < self.seq_length:
            raise ParameterError(
                "coordinates",
                f"a spike falls into step {int(index.max())} or {int(index.min())}, "
                f"there are steps 0 to {self.seq_length - 1}.",
                "Keep coordinates in [0, 1] and t_early and t_late within seq_length.",
            )

    def _bias_step(self, t_bias: float) -> int:
        step = math.floor(t_bias / self.dt + 1e-9)  # 6 µs may be 5.999999999 steps
        if not 0 <= step < self.seq_length:
            raise BiasTimeError(
                "t_bias",
                f"its spike falls into step {step}, "
                f"there are steps 0 to {self.seq_length - 1}.",
                "Keep t_bias within seq_length.",
            )
        return step

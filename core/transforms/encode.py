"""From data to spike times, and from spike times to spikes on the time grid.

Data are tensors, NumPy arrays or lists of numbers.
"""

import math
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from core.errors import ParameterError, ShapeError


class BiasTimeError(ParameterError, IndexError):
    """The spike of the bias channel lies outside of the time steps."""


class PixelsToSpikeTimes(torch.nn.Module):
    """Latency code of pixels: bright ones spike early.

    ``t = tau ln(p / (p - threshold))``; pixels below the threshold and late ones get
    ``t_max``.

    :param tau: above 0, s
    :param threshold: darkest pixel that spikes
    :param t_max: above 0, s; infinity is no spike
    :param epsilon: distance kept from the threshold
    :raises ParameterError: if a value is out of range, or a pixel not finite

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
        self.tau = _number(self, "tau", tau, above=0)
        self.threshold = _number(self, "threshold", threshold)
        self.t_max = _number(self, "t_max", t_max, above=0, finite=False)
        self.epsilon = _number(self, "epsilon", epsilon)

    def forward(self, pic: Tensor) -> Tensor:
        """Return the spike time of each pixel, same shape, s."""
        pic = _finite("pixels", pic)
        bright = pic.clamp(min=self.threshold + self.epsilon)
        times = self.tau * torch.log(bright / (bright - self.threshold))
        times = times.clamp(0, self.t_max)
        return torch.where(pic < self.threshold, self.t_max, times)


class SpikeTimesToSparseTensor(torch.nn.Module):
    """Put spike times on a grid, as a sparse tensor.

    Times outside the grid are dropped.

    :param bin_width: above 0, s
    :param size: number of bins
    :raises ParameterError: if one of them is out of range

    >>> times = torch.tensor([0.5e-6, 2.5e-6, float("inf")])
    >>> SpikeTimesToSparseTensor(1e-6, size=3)(times).indices()
    tensor([[0, 2],
            [0, 1]])
    """

    def __init__(self, bin_width: float, size: int = 100) -> None:
        super().__init__()
        self.bin_width = _number(self, "bin_width", bin_width, above=0)
        self.size = _steps(self, "size", size)

    def forward(self, spikes: Tensor) -> Tensor:
        """Return int64 ones, shape (size, ... of ``spikes``)."""
        spikes = _tensor("spike times", spikes)
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

    :param seq_length: number of time steps, a whole number
    :param t_early: spike time of coordinate 0, s
    :param t_late: spike time of coordinate 1, s
    :param dt: step width, above 0, s
    :param t_bias: time of the spike in one more channel, the last, s; None has none
    :raises ParameterError: if one of them is no number or out of range

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
        self.seq_length = _steps(self, "seq_length", seq_length)
        self.t_early = _number(self, "t_early", t_early)
        self.t_late = _number(self, "t_late", t_late)
        self.dt = _number(self, "dt", dt, above=0)
        self.t_bias = None if t_bias is None else _number(self, "t_bias", t_bias)

    def forward(self, coordinate_values: Tensor) -> Tensor:
        """Return the spikes of all coordinates.

        :param coordinate_values: shape (batch, coordinates), each in [0, 1]
        :returns: shape (time, batch, channels), float32, 0 or 1
        :raises ShapeError: if ``coordinate_values`` has not two dimensions
        :raises ParameterError: if a coordinate is not finite, or its spike outside of
            the time steps
        :raises BiasTimeError: if that of the bias does
        """
        values = _finite("coordinates", coordinate_values)
        if values.ndim != 2:
            raise ShapeError(
                "coordinates",
                f"have shape {tuple(values.shape)}.",
                "Give them the shape (batch, coordinates).",
            )
        times = self.t_early + values * (self.t_late - self.t_early)
        index = (times / self.dt).round().long()  # (batch, coordinates)
        self._check(values, index)
        if self.t_bias is not None:
            bias = index.new_full((len(index), 1), self._bias_step(self.t_bias))
            index = torch.cat([index, bias], 1)
        spikes = torch.zeros(self.seq_length, *index.shape, device=index.device)
        return spikes.scatter_(0, index.unsqueeze(0), 1.0)

    def _check(self, values: Tensor, index: Tensor) -> None:
        outside = (index < 0) | (index >= self.seq_length)
        if outside.any():
            raise ParameterError(
                "coordinates",
                f"the spike of {float(values[outside][0]):g} falls into step "
                f"{int(index[outside][0])}, there are steps 0 to "
                f"{self.seq_length - 1}.",
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


def _tensor(what: str, values: Any) -> Tensor:
    """Return numbers as a tensor.

    :raises ParameterError: if they are something else
    """
    try:
        return torch.as_tensor(values).to_dense()
    except (TypeError, ValueError, RuntimeError):
        raise ParameterError(
            what, f"are a {type(values).__name__}.", "Give a tensor of numbers."
        ) from None


def _finite(what: str, values: Any) -> Tensor:
    """Return numbers as a tensor.

    :raises ParameterError: if they are something else, or some are not finite
    """
    found = _tensor(what, values)
    wrong = found[~torch.isfinite(found)]
    if len(wrong):
        raise ParameterError(
            what,
            f"hold {float(wrong[0])}, as {len(wrong)} of {found.numel()} values.",
            "Give finite numbers: look for divisions by zero before.",
        )
    return found


def _number(
    encoder: torch.nn.Module,
    name: str,
    value: Any,
    above: float = -math.inf,
    finite: bool = True,
) -> float:
    """Return a number.

    :raises ParameterError: if it is something else, or not above a bound
    """
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    number = float(value) if isinstance(value, Real) else math.nan
    if not number > above or (finite and math.isinf(number)):
        raise ParameterError(
            f"{type(encoder).__name__}.{name}",
            f"is {value!r}.",
            ("Give a finite number" if finite else "Give a number")
            + (f" above {above:g}." if math.isfinite(above) else "."),
        )
    return number


def _steps(encoder: torch.nn.Module, name: str, value: Any) -> int:
    """Return a number of steps.

    :raises ParameterError: if it is no whole number above 0
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ParameterError(
            f"{type(encoder).__name__}.{name}",
            f"is {value!r}.",
            "Give a whole number above 0.",
        )
    steps: int = int(value)
    return steps

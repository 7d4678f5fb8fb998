"""When a leaky integrate-and-fire neuron spikes, and how these times change.

After Göltz et al. (2021), with the reset added. Inputs of weight ``w`` at times ``s``,
a rest at ``leak`` and a fall by ``J = threshold - reset`` at each earlier spike ``R``::

    C dv/dt = C / tau_mem (leak - v) + sum_j w_j exp((s_j - t) / tau_syn)  for t > s_j

With ``c = (threshold - leak) / tau_mem``, ``k = J / tau_mem sum exp(R / tau_mem)`` and
``C = 1`` the next crossing ``v(T) = threshold`` is

* for ``tau_mem = tau_syn = tau``, with ``e_j = exp(s_j / tau)``, ``a = sum w_j e_j``
  and ``b = k + sum w_j e_j s_j / tau``: ``T = tau (b / a - W(x))``, where ``W`` is the
  principal branch of ``W exp(W) = x = -c / a exp(b / a)``; none if ``x <= -1 / e``.
* for ``tau_mem = 2 tau_syn``, with ``y = exp(-T / tau_mem)``: the larger root of
  ``a y² - m y + c = 0``, ``a = sum w_j exp(s_j / tau_syn)`` and
  ``m = sum w_j exp(s_j / tau_mem) - k``; none if ``m² <= 4 a c``.

Only inputs before ``T`` count: they are added one by one, until the spike comes before
the next one. Numbers are float64, times in seconds or any other unit.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Spike:
    """Time of a spike and its derivatives.

    :ivar by_weight: ``dT / dw``, shape (inputs,)
    :ivar by_input: ``dT / ds``, shape (inputs,); their sum is 1, since a shift of all
        inputs shifts the spike
    """

    time: float
    by_weight: F64
    by_input: F64


def spikes(
    weights: ArrayLike,
    times: ArrayLike,
    *,
    tau_mem: float,
    tau_syn: float,
    threshold: float,
    reset: float = 0.0,
    leak: float = 0.0,
    capacitance: float = 1.0,
    count: int = 1,
) -> list[Spike]:
    """Return the first spikes of a neuron that gets ``weights`` at ``times``.

    :param weights: shape (inputs,)
    :param times: shape (inputs,)
    :param tau_mem: ``tau_syn`` or twice as much
    :param count: at most so many spikes
    """
    if not any(math.isclose(tau_mem, ratio * tau_syn) for ratio in (1, 2)):
        raise ValueError(f"no closed form for tau_mem {tau_mem}, tau_syn {tau_syn}")
    w = np.asarray(weights, float) / capacitance
    s = np.asarray(times, float)
    order = np.argsort(s, kind="stable")
    found: list[Spike] = []
    while len(found) < count:
        spike = _next(w, s, order, found, tau_mem, tau_syn, threshold, reset, leak)
        if spike is None:
            break
        found.append(spike)
    return [Spike(f.time, f.by_weight / capacitance, f.by_input) for f in found]


def _next(
    w: F64,
    s: F64,
    order: NDArray[np.int64],
    earlier: list[Spike],
    tau_mem: float,
    tau_syn: float,
    threshold: float,
    reset: float,
    leak: float,
) -> Spike | None:
    """Return the spike after the ``earlier`` ones, None if there is none."""
    crossing = _equal if math.isclose(tau_mem, tau_syn) else _double
    for number in range(1, len(w) + 1):
        causal = order[:number]
        start = s[causal[-1]]  # times relative to it keep the exponentials close to 1
        resets = np.array([spike.time for spike in earlier]) - start
        kicks = (threshold - reset) / tau_mem * np.exp(resets / tau_mem)
        root = crossing(
            w[causal],
            s[causal] - start,
            float(kicks.sum()),
            (threshold - leak) / tau_mem,
            tau_syn,
        )
        end = s[order[number]] - start if number < len(w) else np.inf
        if root is None or not max([0.0, *resets]) <= root.time < end:
            continue
        by_weight, by_input = np.zeros(len(w)), np.zeros(len(w))
        by_weight[causal], by_input[causal] = root.by_weight, root.by_input
        for kick, spike in zip(kicks, earlier, strict=True):  # chain rule
            by_weight += root.by_kick * kick / tau_mem * spike.by_weight
            by_input += root.by_kick * kick / tau_mem * spike.by_input
        return Spike(start + root.time, by_weight, by_input)
    return None


@dataclass(frozen=True)
class _Root:
    """A crossing and its derivatives by weights, input times and ``k``."""

    time: float
    by_weight: F64
    by_input: F64
    by_kick: float


def _equal(w: F64, s: F64, k: float, c: float, tau: float) -> _Root | None:
    """Return the crossing for ``tau_mem = tau_syn = tau``."""
    e = np.exp(s / tau)
    a, b = float(w @ e), float((w * e) @ s / tau + k)
    # 700 does not overflow, and is far below the branch point
    x = -c / a * math.exp(min(b / a, 700.0)) if a > 0 else -math.inf
    if x <= -1 / math.e:
        return None  # the real part of W would be a wrong time
    W = lambert_w(x)
    T = tau * (b / a - W)
    rise = a * (1 + W)
    by_input = -w * e * (T - s - tau) / (tau * rise)
    return _Root(T, -e * (T - s) / rise, by_input, tau / rise)


def _double(w: F64, s: F64, k: float, c: float, tau_syn: float) -> _Root | None:
    """Return the crossing for ``tau_mem = 2 tau_syn``."""
    tau = 2 * tau_syn
    fast, slow = np.exp(s / tau_syn), np.exp(s / tau)
    a, m = float(w @ fast), float(w @ slow - k)
    if a <= 0 or m <= 0 or m * m <= 4 * a * c:
        return None
    x = math.sqrt(m * m - 4 * a * c)
    T = tau * math.log(2 * a / (m + x))
    rise = (1 + c / x * math.exp(T / tau)) * fast / a
    by_weight = tau * (rise - slow / x)
    return _Root(T, by_weight, w * (2 * rise - slow / x), tau / x)


def lambert_w(x: float) -> float:
    """Return the ``W >= -1`` with ``W exp(W) = x``, for ``x >= -1 / e``.

    Newton steps from the series around the branch point -1 / e, until nothing changes.
    """
    if x < -1 / math.e:
        raise ValueError(f"W({x}) is not real")
    p = math.sqrt(max(2 * (math.e * x + 1), 0.0))
    W = -1 + p - p * p / 3 if x < 0 else math.log1p(x)
    for _ in range(100):
        slope = math.exp(W) * (1 + W)
        step = (W * math.exp(W) - x) / slope if slope else 0.0
        W -= step
        if abs(step) <= 1e-16 * (1 + abs(W)):
            break
    return W


def leak_over_threshold(
    *, tau_mem: float, leak: ArrayLike, threshold: ArrayLike, start: ArrayLike
) -> F64:
    """Return the time from ``start`` to ``threshold`` with a leak above it."""
    leak, threshold = np.asarray(leak, float), np.asarray(threshold, float)
    times: F64 = tau_mem * np.log((leak - np.asarray(start)) / (leak - threshold))
    return times

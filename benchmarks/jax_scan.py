"""The workloads in jax: ``lax.scan`` over time, compiled, with a surrogate gradient."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.measure import Step
from benchmarks.workloads import (
    ADAPTATION,
    ALPHA,
    DT,
    EXP_THRESHOLD,
    INCREMENT,
    REFRACTORY_TIME,
    SLOPE,
    TAU,
    TAU_ADAPTATION,
    Workload,
)


def build(work: Workload) -> tuple[Step, Step]:
    """Return one step of ``work``, and what returns its spikes."""
    x = jnp.asarray(work.input.numpy())
    weights = [jnp.asarray(w.detach().numpy()) for w in work.weights()]
    if not work.shape.trained:
        scan = jax.jit(adex if work.shape.kind == "adex" else lif)
        return lambda: jax.block_until_ready(scan(x)), lambda: scan(x)[0]

    cotangent = None
    if work.cotangent is not None:
        cotangent = jnp.asarray(work.cotangent.numpy())

    def hidden(weights: list[Any]) -> Any:
        recurrent = weights[1] if work.shape.kind == "recurrent" else None
        return lif(x @ weights[0].T, recurrent)[0]

    def loss(weights: list[Any]) -> Any:
        spikes = hidden(weights)
        if cotangent is not None:
            return (spikes * cotangent).sum()
        return (li(spikes @ weights[-1].T).mean(0) ** 2).mean()

    gradient = jax.jit(jax.value_and_grad(loss))
    forward = jax.jit(hidden)
    return lambda: jax.block_until_ready(gradient(weights)), lambda: forward(weights)


@jax.custom_vjp
def spike(u: Any) -> Any:
    """Return 1 where ``u`` is above 0, with the gradient of SuperSpike."""
    return (u > 0).astype(u.dtype)


spike.defvjp(
    lambda u: (spike(u), u),
    lambda u, gradient: (gradient / (ALPHA * jnp.abs(u) + 1) ** 2,),
)


def lif(x: Any, weight: Any = None) -> Any:
    """Return spikes, membrane and current, each of shape (time, batch, neurons)."""

    def step(state: Any, x_t: Any) -> Any:
        v, i, z = state
        if weight is not None:
            x_t = x_t + z @ weight.T
        v = v + DT / TAU * (i - v)
        i = i * (1 - DT / TAU) + x_t
        z = spike(v - 1.0)
        v = (1 - jax.lax.stop_gradient(z)) * v
        return (v, i, z), (z, v, i)

    zero = jnp.zeros(x.shape[1:])
    return jax.lax.scan(step, (zero, zero, zero), x)[1]


def li(x: Any) -> Any:
    """Return the membrane of neurons that do not spike."""

    def step(state: Any, x_t: Any) -> Any:
        v, i = state
        v, i = v + DT / TAU * (i - v), i * (1 - DT / TAU) + x_t
        return (v, i), v

    zero = jnp.zeros(x.shape[1:])
    return jax.lax.scan(step, (zero, zero), x)[1]


def adex(x: Any) -> Any:
    """Return spikes, membrane, current and adaptation."""

    def step(state: Any, x_t: Any) -> Any:
        v, i, w, waiting = state
        drive = SLOPE * jnp.exp((v - EXP_THRESHOLD) / SLOPE)
        v = v + DT / TAU * (i - v + drive - w)
        i = i * (1 - DT / TAU) + x_t
        crossed, refractory = v > 1.0, waiting > 0
        w = w * (1 - DT / TAU_ADAPTATION) + DT / TAU_ADAPTATION * ADAPTATION * v
        w = w + INCREMENT * crossed
        v = jnp.where(crossed | refractory, 0.0, v)
        z = crossed & ~refractory
        again = float(round(REFRACTORY_TIME / DT))
        waiting = jnp.where(z, again, jnp.maximum(waiting - 1, 0.0))
        return (v, i, w, waiting), (z.astype(v.dtype), v, i, w)

    zero = jnp.zeros(x.shape[1:])
    return jax.lax.scan(step, (zero, zero, zero, zero), x)[1]

"""The usual measurements of one population, with ranges that suit its parameters."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.characterise import f_i_curve, membrane_decay, psp, transfer
from core.chip.pipeline import StageMemory
from core.spec.experiment import ExperimentSpec
from core.spec.network import LIFSpec, LISpec
from core.units import us
from workbench.plots.characteristics import Characteristic

#: Points of curves over a parameter, and leaks that every chip reaches, LSB.
_POINTS, _LEAKS = 9, (50, 150)
#: A current of so many times that which just makes a neuron fire.
_STRONGEST = 3.0


def measurements(
    spec: ExperimentSpec, population: str, where: str, memory: StageMemory
) -> Iterator[Callable[[], Characteristic]]:
    """Yield the measurements of a population, each to be called.

    :param where: ``"mock"`` or ``"chip"``
    """
    spec = spec.replace(run=spec.run.replace(mode=where))
    neurons = spec.network.population(population)
    if not isinstance(neurons, LISpec):
        return
    if isinstance(neurons, LIFSpec):
        currents = np.linspace(0, _STRONGEST * _rheobase(neurons), _POINTS)
        low, high = (float(np.mean(neurons.scale.model(lsb))) for lsb in _LEAKS)

        def f_i() -> Characteristic:
            found = f_i_curve(spec, population, currents, memory=memory)
            return _curve("f–I", where, found.x, found.y / 1e3)

        def over_leak() -> Characteristic:
            values = np.linspace(low, high, _POINTS)
            found = transfer(spec, population, "leak", values, memory=memory)
            return _curve("transfer", where, found.x, found.y / 1e3)

        yield f_i
        yield over_leak

    def potential() -> Characteristic:
        found = psp(spec, population, [_weight(spec, population)], memory=memory)
        said = f"PSP {np.mean(found.amplitude):.3g}"
        return _curve("PSP", where, found.time / us, found.traces[0], said)

    def decay() -> Characteristic:
        found = membrane_decay(spec, population, memory=memory)
        said = f"τ {np.mean(found.tau) / us:.3g} µs"
        return _curve("decay", where, found.time / us, found.traces, said)

    yield potential
    yield decay


def _curve(
    name: str,
    where: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    said: str = "",
) -> Characteristic:
    """Return a curve; ``y`` has the shape (points, neurons)."""
    known = np.where(np.isnan(y), 0.0, y)
    return Characteristic(name, where, x, known.mean(1), known.std(1), said)


def _rheobase(neurons: LIFSpec) -> float:
    """Return the current that just reaches the threshold, model units."""
    gap = np.mean(neurons.threshold.model) - np.mean(neurons.leak.model)
    conductance = np.mean(neurons.membrane_capacitance) / np.mean(neurons.tau_mem)
    return max(float(abs(gap) * conductance), 1e-3 * float(conductance))


def _weight(spec: ExperimentSpec, population: str) -> float:
    """Return the mean strength of what reaches the population; 1 if nothing does."""
    found = [np.abs(p.weights).mean() for p in spec.network.incoming(population)]
    mean = float(np.mean(found)) if found else 0.0
    return mean or 1.0

"""The biases of a NIR graph become constant currents.

A bias b is added to the input in each step. Without ``tau_syn`` that is a current b.
With it, the current of a synapse settles at ``b tau_syn / dt``.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.errors import HXError
from core.spec.fields import each
from core.spec.json_data import from_data
from core.spec.network import LISpec, PopulationSpec
from core.spec.nir.graph import GraphReader
from core.spec.nir.operators import Floats
from core.spec.stimulus import ConstantCurrent, Stimulus
from core.units import format_quantity


def bias_of(current: ConstantCurrent, population: LISpec, dt: float) -> Floats:
    """Return what is added to the input of each neuron in each step of ``dt``."""
    bias = each(current.current, population.size)
    if population.tau_syn is None:
        return bias
    return bias * dt / each(population.tau_syn, population.size)


class Currents:
    """The currents of one graph.

    :param populations: by their node, like ``names``
    :param factor_of: what our own file multiplied the input of a node by
    :param dt: step width, s
    """

    def __init__(
        self,
        found: GraphReader,
        populations: Mapping[str, PopulationSpec],
        names: Mapping[str, str],
        factor_of: Callable[[str], Any],
        dt: float,
    ) -> None:
        self.found, self.names, self.dt = found, names, dt
        self.factor_of = factor_of
        self.neurons = {n: p for n, p in populations.items() if isinstance(p, LISpec)}

    def read(self, counted: bool) -> tuple[ConstantCurrent, ...]:
        """Return all currents, our own ones as they were.

        :param counted: the file tells its step
        """
        own = self._own()
        currents: list[ConstantCurrent] = []
        for target in dict.fromkeys([*own, *self.found.bias]):
            bias = self.found.bias.get(target, np.zeros(1))
            mine = own.get(target, [])
            expected = sum((self._bias(c, target) for c in mine), np.zeros(1))
            if mine and np.allclose(expected, bias, rtol=1e-6, atol=0):
                currents += mine
            elif bias.any():
                currents.append(self._current(target, bias, counted))
        return tuple(currents)

    def _own(self) -> dict[str, list[ConstantCurrent]]:
        """Return the currents that our metadata name, by their node."""
        nodes = {self.names[node]: node for node in self.neurons}
        found: dict[str, list[ConstantCurrent]] = {}
        for facts in self.found.own.values():
            try:
                current = from_data(Stimulus, facts.get("current"))
            except HXError:
                continue
            if isinstance(current, ConstantCurrent) and current.population in nodes:
                found.setdefault(nodes[current.population], []).append(current)
        return found

    def _bias(self, current: ConstantCurrent, target: str) -> Floats:
        """Return what our own file adds in each step for ``current``."""
        factor: Floats = np.asarray(self.factor_of(target), float)
        return bias_of(current, self.neurons[target], self.dt) * factor

    def _current(self, target: str, bias: Floats, counted: bool) -> ConstantCurrent:
        population, tell = self.neurons[target], self.found.remarks.add
        where = f"population '{self.names[target]}'"
        tell("folded", where, "its bias became a constant current.")
        bias = bias / np.asarray(self.factor_of(target), float)
        if population.tau_syn is not None:
            bias = bias * each(population.tau_syn, population.size) / self.dt
            what = "its bias is a current from the start; in other programs it rises"
            tell("approximated", where, f"{what} with tau_syn.")
            if not counted:
                shown = format_quantity(self.dt, "s")
                what = f"its bias is added in each step of {shown}."
                tell("assumed", where, what, "Open it with the dt you mean.")
        same = bool(np.all(bias == bias[0]))
        return ConstantCurrent(self.names[target], float(bias[0]) if same else bias)

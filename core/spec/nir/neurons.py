"""The numbers of a neuron node, and the population that they make.

==========  ============================  ============================================
node        equation (file)               population
==========  ============================  ============================================
CubaLIF     tau_mem v' = v_leak-v + r i   C = tau_mem / r
CubaLI      the same, no spikes
LIF, LI     tau v' = v_leak - v + r I     C = tau / r, no tau_syn: I lasts one step
IF, I       v' = r I                      C = 1 / r, no leak, no tau_syn
Threshold   spike where I > threshold     LIF with tau_mem = C = one step
==========  ============================  ============================================

Input weight of CubaLIF and CubaLI: with ``w_in = 1`` a spike raises the current by the
weight, as in hxtorch and Norse's export. Another ``w_in`` multiplies the weights, with
one exception: frameworks that count in steps (snnTorch) write ``r = tau_mem / dt`` and
``w_in = tau_syn / dt``, and mean that a spike, which lasts one step, raises the current
by the weight. If r and w_in agree on one dt, the weights stay as they are and C is dt.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.network import LIFSpec, LISpec, Value
from core.spec.nir.operators import Floats, Shape, array, decimal

#: Where metadata of a node hold the refractory time, for which NIR has no field.
REFRACTORY_KEY = "refractory_time"
#: Parameters of each node type, by our name and by NIR's.
PARAMETERS: dict[str, dict[str, str]] = {
    "CubaLIF": {
        n: n
        for n in ("tau_mem", "tau_syn", "r", "v_leak", "v_reset", "v_threshold", "w_in")
    },
    "CubaLI": {n: n for n in ("tau_mem", "tau_syn", "r", "v_leak", "w_in")},
    "LIF": {
        "tau_mem": "tau",
        **{n: n for n in ("r", "v_leak", "v_reset", "v_threshold")},
    },
    "LI": {"tau_mem": "tau", "r": "r", "v_leak": "v_leak"},
    "IF": {n: n for n in ("r", "v_reset", "v_threshold")},
    "I": {"r": "r"},
    "Threshold": {"v_threshold": "threshold"},
}
#: These must be above 0, and so large that their products fit into single precision.
_POSITIVE = ("tau_mem", "tau_syn", "r")


@dataclass(frozen=True)
class Neurons:
    """What one node says, in the units of the file.

    :param node: the type of the node
    :param values: the numbers of each parameter, as shaped in the file, without w_in
    :param shape: shape of the population; () if all parameters are scalars
    :param gain: what multiplies incoming weights, shaped as in the file
    :param step: the time step that r (and w_in) tell, file time; None: none
    :param refractory_time: what the metadata say, file time; None: nothing
    """

    node: str
    values: dict[str, NDArray[Any]]
    shape: Shape
    gain: NDArray[Any]
    step: float | None
    refractory_time: float | None = None

    @property
    def kind(self) -> type[LISpec]:
        """The kind of population."""
        return LIFSpec if "v_threshold" in self.values else LISpec

    @property
    def current(self) -> bool:
        """Whether the node has a synaptic current of its own."""
        return "tau_syn" in self.values

    @property
    def leaky(self) -> bool:
        """Whether a leak pulls at the membrane."""
        return "tau_mem" in self.values or self.node == "Threshold"


def read_neurons(name: str, node: Any, problems: list[Problem]) -> Neurons | None:
    """Return the numbers of the node, or None after adding to ``problems``."""
    where, count = f"node '{name}'", len(problems)
    kind = type(node).__name__
    values: dict[str, NDArray[Any]] = {}
    for parameter, theirs in PARAMETERS[kind].items():
        try:
            found = array(getattr(node, theirs), theirs, where)
            values[parameter] = found if found.dtype.kind == "f" else found * 1.0
        except ConversionError as error:
            problems += error.problems
            values[parameter] = np.ones(1)
    for parameter in set(_POSITIVE) & values.keys():
        low = values[parameter].min(initial=np.inf)
        high = values[parameter].max(initial=0)
        if values[parameter].size and not (representable(low) and representable(high)):
            wrong = low if not representable(low) else high
            theirs = PARAMETERS[kind][parameter]
            problems.append(
                Problem(where, f"{theirs} is {wrong:g}.", "It must be above 0.")
            )
    try:
        shape = _common_shape(where, values)
        time = _refractory_time(node, where)
    except ConversionError as error:
        problems += error.problems
    if len(problems) > count:
        return None
    gain = values.pop("w_in", np.ones(()))
    step = _step(kind, values, gain)
    if step is not None and "tau_syn" in values:
        gain = np.ones(())
    return Neurons(kind, values, shape, gain, step, time)


def _common_shape(where: str, values: dict[str, NDArray[Any]]) -> Shape:
    """Return the shape of the population; () where one number is for all."""
    shapes = {v.shape for v in values.values() if v.size != 1}
    try:
        shape = np.broadcast_shapes(*shapes) if shapes else ()
    except ValueError:
        shape = (0,)
    if math.prod(shape) == 0:
        what = "its parameters differ in length."
        raise ConversionError(where, what, "Give each one value per neuron.")
    return shape


def _refractory_time(node: Any, where: str) -> float | None:
    metadata = getattr(node, "metadata", None)
    found = metadata.get(REFRACTORY_KEY) if isinstance(metadata, dict) else None
    if found is None:
        return None
    times = array(found, REFRACTORY_KEY, where).reshape(-1)
    if not len(times) or not equal(times) or times[0] < 0:
        what = f"{REFRACTORY_KEY} in its metadata is {found}."
        raise ConversionError(where, what, "Give one time, 0 or more.")
    return decimal(times[0])


def representable(number: float | np.float32) -> bool:
    """Whether ``number`` is above 0, and its products fit into single precision."""
    return 1e-30 <= float(number) <= 1e30


def equal(values: NDArray[Any]) -> bool:
    """Whether all entries are the same in the precision of the file."""
    first = values.reshape(-1)[0]
    return bool(np.isclose(values, first, rtol=1e-6, atol=0).all())


def number(values: NDArray[Any]) -> float | None:
    """Return the one number that ``values`` are, or None if they differ."""
    return decimal(values.reshape(-1)[0]) if equal(values) else None


def _step(kind: str, values: dict[str, NDArray[Any]], gain: Floats) -> float | None:
    """Return dt if r = tau / dt (and w_in = tau_syn / dt), as step counters write."""
    if kind in ("IF", "I"):
        r = number(values["r"])
        return 1 / r if r is not None and r > 1 else None
    if kind == "Threshold" or values["r"].min() <= 1:
        return None  # a step is shorter than the time constants
    with np.errstate(over="ignore"):
        steps = [values["tau_mem"] / values["r"].astype(float)]
    if "tau_syn" in values:
        # w_in = 1 is the plain convention.
        if gain.min() < 1 + 1e-6:
            return None
        steps.append(values["tau_syn"] / gain.astype(float))
    every = np.concatenate([np.ravel(s) for s in steps])
    # The file has about seven digits.
    agree = np.allclose(every, every[0], rtol=1e-3, atol=0)
    return decimal(np.float32(every[0])) if agree else None


def spread(values: NDArray[Any], shape: Shape) -> Any:
    """Return one number, or one for each neuron of a population of ``shape``.

    :raises ValueError: if there are other numbers of neurons
    """
    one = number(values)
    if one is not None:
        return one
    size = math.prod(shape)
    full = values if values.size == size else np.broadcast_to(values, shape)
    return np.array([decimal(v) for v in full.reshape(size)])


def population_of(
    name: str, neurons: Neurons, shape: Shape, time_factor: float, dt: float
) -> LISpec:
    """Return the population with default hardware values.

    :param shape: of the population, as shaped in the file
    :param dt: the step of a node that counts in steps without saying so, s
    :raises ValueError: if its parameters have another shape
    """
    values = {n: spread(v, shape) for n, v in neurons.values.items()}
    fields: dict[str, Any] = {"leaky": neurons.leaky}
    if neurons.node == "Threshold":
        fields |= {"tau_mem": dt, "membrane_capacitance": dt}
    elif neurons.leaky:
        fields["tau_mem"] = values["tau_mem"] * time_factor
        fields["membrane_capacitance"] = fields["tau_mem"] / values["r"]
        fields["leak"] = Value(values["v_leak"])
    else:
        fields["membrane_capacitance"] = time_factor / values["r"]
    fields["tau_syn"] = values["tau_syn"] * time_factor if neurons.current else None
    if neurons.kind is LIFSpec:
        fields["reset"] = Value(values.get("v_reset", 0.0))
        fields["threshold"] = Value(values["v_threshold"])
        # NIR has no refractory time: without a word there is none.
        fields["refractory_time"] = (neurons.refractory_time or 0.0) * time_factor
    found: LISpec = neurons.kind(name=name, size=math.prod(shape), **fields)
    return found

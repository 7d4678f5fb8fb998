"""Between the parameters of a population and the targets of a calibration.

A calibration has one value for each of the 512 circuits, a population one for each
neuron; a neuron may be made of several circuits, of which the first one counts.
"""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch

from core.chip.network import Integers
from core.parameter import HXBaseParameter, hardware_array

_SHARED = ("i_synin_gm", "synapse_dac_bias")
_PER_CIRCUIT = (
    "leak",
    "reset",
    "threshold",
    "tau_mem",
    "tau_syn",
    "membrane_capacitance",
    "refractory_time",
    "holdoff_time",
    "e_coba_reversal",
    "e_coba_reference",
)
#: Values of a neuron with two synaptic inputs: (excitatory, inhibitory).
_TWO_ROWS = ("tau_syn", "e_coba_reversal", "e_coba_reference")
#: What current-based synapses are calibrated for.
_NO_REVERSAL = {
    "e_coba_reversal": np.array([[np.inf], [-np.inf]]),
    "e_coba_reference": np.array(np.nan),
}


def circuits(neurons: Sequence[Any]) -> Integers:
    """Return the circuits of all neurons, one neuron after the other, 0…511."""
    parts = [_circuits(neuron) for neuron in neurons]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def neuron_of_circuits(neurons: Sequence[Any]) -> Integers:
    """Return, for each of `circuits`, the index of its neuron."""
    counts = [len(_circuits(neuron)) for neuron in neurons]
    return np.repeat(np.arange(len(neurons)), counts)


def first_circuits(neurons: Sequence[Any]) -> Integers:
    """Return the first circuit of each neuron."""
    return np.array([_circuits(neuron)[0] for neuron in neurons], np.int64)


def _circuits(neuron: Any) -> Integers:
    if isinstance(neuron, Integral):  # a circuit instead of a neuron
        return np.array([int(neuron)], np.int64)
    return np.array([int(c.toEnum()) for c in neuron.get_atomic_neurons()], np.int64)


def resize(entity: Any, size: int, rows: int = 1) -> Any:
    """Return ``entity`` as an array with a value for each of ``size`` neurons.

    :param entity: number, or array that broadcasts to the result
    :returns: shape (size,), or (rows, size) with more than one row
    """
    shape = (size,) if rows == 1 else (rows, size)
    array = entity.detach().cpu().numpy() if torch.is_tensor(entity) else entity
    return np.array(np.broadcast_to(np.asarray(array, float), shape))


def of_neurons(targets: Any, first: Integers) -> dict[str, Any]:
    """Return the targets of the neurons on the circuits ``first``, by parameter.

    :returns: tensors of shape (neurons,), (2, neurons) where the synaptic inputs of a
        neuron differ; ``i_synin_gm`` of shape (2,), ``synapse_dac_bias`` a number
    """
    target = getattr(targets, "neuron_target", targets)
    gm = np.broadcast_to(np.asarray(target.i_synin_gm, np.int64), (2,))
    found: dict[str, Any] = {
        "i_synin_gm": torch.as_tensor(gm.copy()),
        "synapse_dac_bias": int(target.synapse_dac_bias),
    }
    for name in _PER_CIRCUIT:
        values = np.asarray(getattr(target, name), np.float32)[..., first]
        alike = values.ndim == 2 and np.array_equal(
            values[0], values[1], equal_nan=True
        )
        found[name] = torch.from_numpy(values[0].copy() if alike else values)
    return found


def where_known(name: str, value: Any, parameter: HXBaseParameter) -> Any:
    """Return ``value`` with that of ``parameter`` where it is not known (NaN).

    :param value: of `of_neurons`
    :returns: ``value`` itself, or what the parameter has on the chip if all is unknown
    """
    if name in _NO_REVERSAL or not torch.is_tensor(value):
        return value  # NaN stands for a synapse without reversal
    unknown = value.isnan()
    if not unknown.any():
        return value
    own = parameter.hardware_value_detach()
    if unknown.all():
        return own
    return torch.where(unknown, torch.as_tensor(own, dtype=value.dtype), value)


def to_neurons(
    targets: Any, values: dict[str, HXBaseParameter], neurons: Sequence[Any]
) -> Any:
    """Write the values of neurons into ``targets`` and return its neuron target."""
    target = getattr(targets, "neuron_target", targets)
    places, neuron = circuits(neurons), neuron_of_circuits(neurons)
    for name in (name for name in _PER_CIRCUIT if name in values):
        array = hardware_array(values[name])
        if array.dtype == object:  # None
            array = _NO_REVERSAL[name]
        rows = 2 if name in _TWO_ROWS else 1
        getattr(target, name)[..., places] = resize(array, len(neurons), rows)[
            ..., neuron
        ]
    for name in _SHARED:
        value = np.ravel(hardware_array(values[name]))
        setattr(target, name, np.resize(value, 2) if name == "i_synin_gm" else value[0])
    return target

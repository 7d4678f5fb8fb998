"""What a population of neurons asks of the chip, checked before it is put there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.chip.network import Integers, NetworkBuilder
from core.chip.neuron_block import Chip
from core.errors import HXError, ParameterError, ShapeError
from core.modules.calibration import circuits, neuron_of_circuits
from core.modules.neuron.recording import check_sources, madc_neuron
from core.morphology import Morphology
from core.neuron_placement import relative
from core.parameter import hardware_array

if TYPE_CHECKING:
    from core.modules.neuron.aelif import AELIF


class CoordinateError(HXError, KeyError):
    """A neuron has no value among those given by coordinate."""

    __str__ = HXError.__str__


class TraceShapeError(ShapeError, AssertionError):
    """Values of a trace do not fit the number of neurons."""


def check_structure(where: str, structure: Morphology | None) -> None:
    """Raise if neurons have more than one compartment.

    :raises ParameterError: if they have
    """
    if structure is not None and len(structure.compartments.get_compartments()) > 1:
        raise ParameterError(
            where,
            "Currently only neurons with a single compartment are supported.",
            "Use a SingleCompartmentNeuron.",
        )


def write_terms(neuron: "AELIF", chip: Chip) -> None:
    """Write the codes of the terms that are on to the circuits of the neurons.

    A term whose codes are all 0 is off and is not written.
    """
    slope = _codes(neuron, "exponential_slope")
    if neuron.exponential and slope.astype(int).any():
        onset = _codes(neuron, "exponential_threshold")
        for k, coord in enumerate(neuron.coordinates):
            Morphology.set_exponential_params(
                coord, chip.neuron_block, onset[k], slope[k]
            )
    tau = _codes(neuron, "tau_adap")
    if not neuron.adaptation or not tau.astype(int).any():
        return
    strength = _codes(neuron, "subthreshold_adaptation_strength")
    jump = _codes(neuron, "spike_triggered_adaptation_increment")
    leak: Any = neuron.leak_adaptation
    given = leak.hardware_value is not None
    rest = _codes(neuron, "leak_adaptation") if given else None
    for k, coord in enumerate(neuron.coordinates):
        Morphology.set_adaptation_base_params(coord, chip.neuron_block, tau[k])
        if neuron.subthreshold_adaptation:
            Morphology.set_subthreshold_adaptation_strength(
                coord, chip.neuron_block, strength[k], None if rest is None else rest[k]
            )
        if neuron.spike_triggered_adaptation:
            Morphology.set_spike_triggered_adaptation_increment(
                coord,
                chip.neuron_block,
                jump[k],
                neuron.clock_scale_adaptation_pulse,
            )


def _codes(neuron: "AELIF", name: str) -> Any:
    """Return the values of a parameter on the chip, shape (neurons,)."""
    values = hardware_array(getattr(neuron, name))
    return np.broadcast_to(values.astype(float), (neuron.size,))


def add_recordings(neuron: "AELIF", builder: NetworkBuilder) -> None:
    """Note what the CADC and the MADC shall record of the population.

    :raises RecordingError: if the MADC reads another population
    :raises ParameterError: if the MADC shall read a neuron that does not exist
    :raises NotEmulatedError: if a source is to be recorded that is not emulated
    """
    name = str(neuron.descriptor)
    check_sources(name, neuron.cadc_readout_source, neuron.madc_readout_source)
    if neuron.enable_madc_recording:
        taken = builder.madc is not None
        recorded = madc_neuron(name, neuron.size, neuron.record_neuron_id, taken)
        builder.madc = (name, recorded)
        builder.madc_source = neuron.madc_readout_source
    if neuron.enable_cadc_recording:
        builder.cadc[name] = neuron.enable_cadc_recording_placement_in_dram
        builder.cadc_source[name] = neuron.cadc_readout_source


def wanted_circuits(
    neuron: "AELIF",
) -> tuple[Integers | None, tuple[tuple[int, int], ...]]:
    """Return the circuits of the placement constraint and the shape of a neuron.

    :returns: circuits of shape (neurons,) or (neurons, circuits of a neuron), None
        without a constraint; (column, row) of each circuit relative to the first
    :raises ParameterError: if places have another number of circuits than neurons
    """
    constraint, structure = neuron.placement_constraint, neuron.neuron_structure
    shape = ((0, 0),) if structure is None else relative(structure.compartments)
    if constraint is None:
        return None, shape
    counts = np.bincount(neuron_of_circuits(constraint), minlength=neuron.size)
    each = {int(count) for count in counts}
    found = circuits(constraint)
    if each <= {1}:  # the place of the first circuit
        return found, shape
    if len(each) > 1 or (structure is not None and each != {len(shape)}):
        wanted = f"{len(shape)}" if structure is not None else "one number"
        raise ParameterError(
            str(neuron.descriptor),
            f"its placement_constraint has neurons of {sorted(each)} circuits, all"
            f" shall have {wanted}.",
            "Give places that fit neuron_structure, the same for all neurons.",
        )
    return found.reshape(neuron.size, -1), shape


def by_neuron(neuron: "AELIF", name: str, values: Any) -> Any:
    """Return values given by coordinate as one value for each neuron.

    :param name: of the values, for messages
    :param values: number, tensor of shape (neurons,), or mapping from a coordinate
    :raises CoordinateError: if a neuron has none
    :raises TraceShapeError: if a tensor has another number of values
    """
    if isinstance(values, (list, tuple, np.ndarray)):
        values = torch.as_tensor(np.asarray(values, np.float32))
    if torch.is_tensor(values) and values.ndim and len(values) not in (1, neuron.size):
        raise TraceShapeError(
            f"{neuron.descriptor}.{name}",
            f"has {len(values)} values, there are {neuron.size} neurons.",
            "Give one number, or one for each neuron.",
        )
    if not isinstance(values, Mapping):
        return values
    missing = [c for c in neuron.coordinates if c not in values]
    if missing:
        raise CoordinateError(
            f"{neuron.descriptor}.{name}",
            f"has no value for {missing[0]}.",
            "Give one for each circuit that the population sits on.",
        )
    return torch.as_tensor([float(values[c]) for c in neuron.coordinates])

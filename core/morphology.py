"""How many circuits make a neuron, and what each of them is set to.

Circuits that are joined share one membrane. The first circuit of a neuron keeps its
leak, its threshold and its capacitor; the others only add their synapses.
"""

import warnings
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from core.chip import compartment
from core.chip.coordinates import (
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
)
from core.chip.geometry import COLUMNS, HEMISPHERES
from core.chip.network import Integers
from core.chip.neuron_block import AtomicNeuron, NeuronBlock
from core.errors import ParameterError
from core.observables import ReadoutSource
from core.units import CODE_MAX

_SOMA = CompartmentOnLogicalNeuron(0)
#: Reference voltage of the adaptation, code.
_ADAPTATION_REFERENCE = 511


class Morphology(ABC):
    """The shape of a neuron and the settings that its circuits need.

    Codes are numbers 0…1022; others are clipped, with a warning. ``coord`` is the place
    of the neuron, ``neuron_block`` the circuits of the chip.
    """

    @property
    @abstractmethod
    def compartments(self) -> LogicalNeuronCompartments:
        """The circuits of each compartment, relative to each other."""

    @property
    @abstractmethod
    def logical_neuron(self) -> dict[CompartmentOnLogicalNeuron, list[AtomicNeuron]]:
        """The settings of the circuits of each compartment."""

    @abstractmethod
    def implement_morphology(
        self, coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock
    ) -> None:
        """Join the circuits of the neuron at ``coord``."""

    @staticmethod
    def format_to_CapMemCell_value(**kwargs: Any) -> dict[str, int]:  # noqa: N802
        """Return each value as a code: cut to a whole number, clipped to 0…1022.

        >>> Morphology.format_to_CapMemCell_value(v_exp=110.7)
        {'v_exp': 110}
        """
        codes = {name: int(value) for name, value in kwargs.items()}
        for name, code in codes.items():
            if not 0 <= code <= CODE_MAX:
                codes[name] = min(max(code, 0), CODE_MAX)
                warnings.warn(
                    f"{name} is {code}, it is set to {codes[name]}: codes are 0 to "
                    f"{CODE_MAX}.",
                    UserWarning,
                    stacklevel=3,
                )
        return codes

    @staticmethod
    def enable_madc_recording(
        coord: LogicalNeuronOnDLS,
        neuron_block: NeuronBlock,
        readout_source: ReadoutSource,
    ) -> None:
        """Show the neuron to the MADC."""
        readout = _first(coord, neuron_block).readout
        lines = AtomicNeuron.Readout.Source
        voltage = readout_source is ReadoutSource.VOLTAGE
        readout.source = lines.membrane if voltage else lines[readout_source.value]
        readout.enable_amplifier = True

    @staticmethod
    def set_spike_recording(
        enable: bool, coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock
    ) -> None:
        """Let the spikes of the neuron leave it, or not."""
        modes = AtomicNeuron.EventRouting.AnalogOutputMode
        routing = _first(coord, neuron_block).event_routing
        routing.analog_output = modes.normal if enable else modes.off
        routing.enable_digital = enable

    @staticmethod
    def disable_spiking(coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock) -> None:
        """Switch the threshold off."""
        _first(coord, neuron_block).threshold.enable = False

    @staticmethod
    def disable_leak(coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock) -> None:
        """Make the leak as small as it can be."""
        _silence_leak(_first(coord, neuron_block))

    @staticmethod
    def set_exponential_params(
        coord: LogicalNeuronOnDLS,
        neuron_block: NeuronBlock,
        exponential_threshold: Any,
        exponential_slope: Any,
    ) -> None:
        """Switch the exponential onset of spikes on.

        :param exponential_threshold: code
        :param exponential_slope: code, 0 is off
        """
        codes = Morphology.format_to_CapMemCell_value(
            exponential_threshold=exponential_threshold,
            exponential_slope=exponential_slope,
        )
        exponential = _first(coord, neuron_block).exponential
        exponential.v_exp = codes["exponential_threshold"]
        exponential.i_bias = codes["exponential_slope"]
        exponential.enable = True

    @staticmethod
    def set_adaptation_base_params(
        coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock, tau_adap: Any
    ) -> None:
        """Switch the adaptation on.

        :param tau_adap: code of its rate, 0 is off
        """
        codes = Morphology.format_to_CapMemCell_value(tau_adap=tau_adap)
        adaptation = _first(coord, neuron_block).adaptation
        adaptation.i_bias_tau = codes["tau_adap"]
        adaptation.v_ref = _ADAPTATION_REFERENCE
        adaptation.enable = True

    @staticmethod
    def set_subthreshold_adaptation_strength(
        coord: LogicalNeuronOnDLS,
        neuron_block: NeuronBlock,
        subthreshold_adaptation_strength: Any,
        leak_adaptation: Any,
    ) -> None:
        """Set the pull of the membrane on the adaptation.

        :param subthreshold_adaptation_strength: code with a sign
        :param leak_adaptation: code of the potential without a pull; None is the leak
        """
        neuron = _first(coord, neuron_block)
        strength = Morphology.format_to_CapMemCell_value(
            subthreshold_adaptation_strength=abs(subthreshold_adaptation_strength)
        )
        neuron.adaptation.i_bias_a = strength["subthreshold_adaptation_strength"]
        neuron.adaptation.invert_a = subthreshold_adaptation_strength < 0
        if leak_adaptation is None:
            neuron.adaptation.v_leak = neuron.leak.v_leak
        else:
            leak = Morphology.format_to_CapMemCell_value(
                leak_adaptation=leak_adaptation
            )
            neuron.adaptation.v_leak = leak["leak_adaptation"]

    @staticmethod
    def set_spike_triggered_adaptation_increment(
        coord: LogicalNeuronOnDLS,
        neuron_block: NeuronBlock,
        spike_triggered_adaptation_increment: Any,
        clock_scale_adaptation_pulse: tuple[int, int] = (5, 5),
    ) -> None:
        """Set the jump of the adaptation at a spike.

        :param spike_triggered_adaptation_increment: code with a sign
        :param clock_scale_adaptation_pulse: scale of the clock that times the jump in
            the upper and in the lower row, 0…15
        """
        codes = Morphology.format_to_CapMemCell_value(
            spike_triggered_adaptation_increment=abs(
                spike_triggered_adaptation_increment
            )
        )
        neuron = _first(coord, neuron_block)
        adaptation = neuron.adaptation
        adaptation.i_bias_b = codes["spike_triggered_adaptation_increment"]
        adaptation.invert_b = spike_triggered_adaptation_increment < 0
        row = neuron.circuit // COLUMNS
        adaptation.clock_scale = clock_scale_adaptation_pulse[row]
        adaptation.enable_pulse = True


class SingleCompartmentNeuron(Morphology):
    """Some circuits with one membrane.

    :param size: number of circuits
    :param expand_horizontally: fill a row; else a column of two, then the next column
    :raises ParameterError: if they do not fit on the chip

    >>> neuron = SingleCompartmentNeuron(3)
    >>> neuron.compartments.get_compartments()[CompartmentOnLogicalNeuron()][1]
    AtomicNeuronOnLogicalNeuron(0, 1)
    """

    def __init__(self, size: int, expand_horizontally: bool = False) -> None:
        rows = 1 if expand_horizontally else HEMISPHERES
        if not 1 <= size <= rows * COLUMNS:
            raise ParameterError(
                type(self).__name__,
                f"a neuron cannot have {size} circuits.",
                f"Use 1 to {rows * COLUMNS}.",
            )
        self.size = size
        self.expand_horizontally = expand_horizontally
        self._compartments = LogicalNeuronCompartments(
            {
                _SOMA: [
                    AtomicNeuronOnLogicalNeuron(number // rows, number % rows)
                    for number in range(size)
                ]
            }
        )

    @property
    def compartments(self) -> LogicalNeuronCompartments:
        """The circuits, relative to each other."""
        return self._compartments

    @property
    def logical_neuron(self) -> dict[CompartmentOnLogicalNeuron, list[AtomicNeuron]]:
        """The settings of the circuits: which of them are joined."""
        block = NeuronBlock()
        coord = LogicalNeuronOnDLS(self.compartments)
        self._join(coord, block)
        circuits = coord.get_atomic_neurons()
        return {_SOMA: [block.atomic_neurons[circuit] for circuit in circuits]}

    def implement_morphology(
        self, coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock
    ) -> None:
        """Join the circuits at ``coord`` and leave one membrane to the first."""
        self._join(coord, neuron_block)
        self._one_active_circuit(coord, neuron_block)

    @staticmethod
    def _join(coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock) -> None:
        compartment.connect(neuron_block.settings, _circuits(coord))

    @staticmethod
    def _one_active_circuit(
        coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock
    ) -> None:
        """Switch leak, threshold and capacitor of all but the first circuit off."""
        compartment.silence(neuron_block.settings, _circuits(coord)[:, 1:])


def _first(coord: LogicalNeuronOnDLS, neuron_block: NeuronBlock) -> AtomicNeuron:
    """Return the circuit that has the membrane of the neuron."""
    return neuron_block.atomic_neurons[coord.get_atomic_neurons()[0]]


def _circuits(coord: LogicalNeuronOnDLS) -> Integers:
    """Return the circuits of one neuron, shape (1, circuits)."""
    return np.array([[int(circuit) for circuit in coord.get_atomic_neurons()]])


def _silence_leak(neuron: AtomicNeuron) -> None:
    neuron.leak.i_bias = 0
    neuron.leak.enable_division = True

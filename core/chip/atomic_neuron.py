"""The settings of one neuron circuit, under the names that they have on the chip.

What is written here is written to the arrays of `core.chip.neuron_settings`::

    leak.i_bias                         codes["tau_mem"]
    leak.enable_division                codes["tau_mem_range"] is −1
    leak.enable_multiplication          codes["tau_mem_range"] is +1
    leak.v_leak, reset.v_reset          codes["leak"], codes["reset"]
    threshold.v_threshold, .enable      codes["threshold"], fires
    excitatory_input.i_bias_tau         codes["tau_syn"][0]; inhibitory_input: [1]
    excitatory_input.i_bias_gm          codes["strength"][0]; inhibitory_input: [1]
    ....enable_high_resistance          codes["tau_syn_range"] is −1
    membrane_capacitance.capacitance    capacitance
    constant_current                    constant_current, with its sign
    event_routing                       event_output

All else is stored by name: `core.chip.adex` and `core.chip.joined` read it there.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, ClassVar

from core.chip.neuron_settings import NeuronSettings
from core.chip.ranged import Ranged
from core.chip.setting_view import Part, Setting, V, View
from core.units import CODE_MAX


class CapMemValue(Ranged, size=CODE_MAX + 1):
    """A CapMem code, 0…1022."""


class CapacitorSize(Ranged, size=64):
    """A membrane capacitance, 0…63 LSB."""


class ClockScale(Ranged, size=16):
    """A clock of 250 MHz / 2^(scale + 1)."""


class CurrentType(IntEnum):
    """Direction of a constant current: a source lifts the membrane."""

    source = 0
    sink = 1


class AnalogOutputMode(IntEnum):
    """Whether the spikes of a circuit leave it."""

    off = 0
    normal = 1


class ReadoutLine(IntEnum):
    """What the read-out amplifier of a circuit is connected to."""

    membrane = 0
    exc_synin = 1
    inh_synin = 2
    adaptation = 3


def _code(name: str) -> Setting[CapMemValue]:
    return Setting(CapMemValue, lambda view: view.settings.codes[name])


def _input_code(name: str) -> Setting[CapMemValue]:
    return Setting(CapMemValue, lambda view: view.settings.codes[name][view.line])


class _Switch(Setting[bool]):
    """One position of a range switch; the last one that is set holds.

    :param array: of the switch
    :param bias: array of the code that it belongs to; an unused circuit has no range
    """

    def __init__(
        self, array: Callable[[Any], Any], bias: Callable[[Any], Any], position: int
    ) -> None:
        super().__init__(bool, array)
        self.switch, self.bias, self.position = array, bias, position

    def read(self, view: View) -> int:
        here = self.switch(view)[view.circuit] == self.position
        return bool(here and self.bias(view)[view.circuit] >= 0)

    def write(self, view: View, number: int) -> None:
        if number:
            self.switch(view)[view.circuit] = self.position
        elif self.switch(view)[view.circuit] == self.position:
            self.switch(view)[view.circuit] = 0


class _Current(Setting[V]):
    """Switch, size or direction of the constant current, of which one code is made."""

    def read(self, view: View) -> int:
        return _current(view)[self.name]

    def write(self, view: View, number: int) -> None:
        current = _current(view) | {self.name: number}
        for name, value in current.items():
            view.settings.write_stored(f"{view.section}.{name}", view.circuit, value)
        sign = -1 if current["type"] == CurrentType.sink else 1
        code = sign * current["i_offset"] if current["enable"] else 0
        view.settings.constant_current[view.circuit] = code


def _current(view: View) -> dict[str, int]:
    """Return switch, size and direction: what is written decides, then the memory."""
    code = int(view.settings.constant_current[view.circuit])
    if code:
        return {"enable": 1, "i_offset": abs(code), "type": int(code < 0)}
    current = {
        name: view.settings.read_stored(f"{view.section}.{name}", view.circuit)
        for name in ("enable", "i_offset", "type")
    }
    # Both set without a code: it was switched off behind our back.
    current["enable"] &= not current["i_offset"]
    return current


def _tau_mem_range(view: View) -> Any:
    return view.settings.codes["tau_mem_range"]


def _tau_mem(view: View) -> Any:
    return view.settings.codes["tau_mem"]


class Leak(View):
    """Where the membrane rests and how fast it returns."""

    __slots__ = ()
    i_bias = _code("tau_mem")
    v_leak = _code("leak")
    enable_division = _Switch(_tau_mem_range, _tau_mem, -1)
    enable_multiplication = _Switch(_tau_mem_range, _tau_mem, 1)


class Reset(View):
    """Where a spike puts the membrane."""

    __slots__ = ()
    v_reset = _code("reset")


class Threshold(View):
    """Where the circuit spikes."""

    __slots__ = ()
    v_threshold = _code("threshold")
    enable = Setting(bool, lambda view: view.settings.fires)


class SynapticInput(View):
    """The excitatory or the inhibitory input."""

    __slots__ = ()
    i_bias_tau = _input_code("tau_syn")
    i_bias_gm = _input_code("strength")
    enable_high_resistance = _Switch(
        lambda view: view.settings.codes["tau_syn_range"][view.line],
        lambda view: view.settings.codes["tau_syn"][view.line],
        -1,
    )

    @property
    def line(self) -> int:
        """Index of the input, 0 is excitatory."""
        return int(self.section == "inhibitory_input")


class MembraneCapacitance(View):
    """The membrane capacitor."""

    __slots__ = ()
    capacitance = Setting(CapacitorSize, lambda view: view.settings.capacitance)


class ConstantCurrent(View):
    """A constant current onto the membrane."""

    __slots__ = ()
    Type: ClassVar = CurrentType
    enable = _Current(bool)
    i_offset = _Current(CapMemValue)
    type = _Current(CurrentType)


class EventRouting(View):
    """Whether spikes leave the circuit: two names of one switch, the last one holds."""

    __slots__ = ()
    AnalogOutputMode: ClassVar = AnalogOutputMode
    analog_output = Setting(AnalogOutputMode, lambda view: view.settings.event_output)
    enable_digital = Setting(bool, lambda view: view.settings.event_output)


class Exponential(View):
    """The exponential onset of a spike."""

    __slots__ = ()
    enable = Setting(bool)
    i_bias = Setting(CapMemValue)
    v_exp = Setting(CapMemValue)


class Adaptation(View):
    """The adaptation current."""

    __slots__ = ()
    enable = Setting(bool)
    enable_pulse = Setting(bool)
    i_bias_a = Setting(CapMemValue)
    i_bias_b = Setting(CapMemValue)
    i_bias_tau = Setting(CapMemValue)
    invert_a = Setting(bool)
    invert_b = Setting(bool)
    v_leak = Setting(CapMemValue)
    v_ref = Setting(CapMemValue)
    clock_scale = Setting(ClockScale)


class Multicompartment(View):
    """Switches that join the membranes of neighbouring circuits."""

    __slots__ = ()
    connect_right = Setting(bool)
    connect_vertical = Setting(bool)


class Readout(View):
    """What the circuit shows to the MADC."""

    __slots__ = ()
    Source: ClassVar = ReadoutLine
    source = Setting(ReadoutLine)
    enable_amplifier = Setting(bool)


class AtomicNeuron(View):
    """The settings of one neuron circuit; without arguments of a circuit of its own.

    >>> neuron = AtomicNeuron()
    >>> neuron.constant_current.i_offset = 1000
    >>> neuron.constant_current.type = AtomicNeuron.ConstantCurrent.Type.sink
    >>> neuron.constant_current.enable = True
    >>> int(neuron.settings.constant_current[neuron.circuit])
    -1000
    """

    __slots__ = ()
    ConstantCurrent: ClassVar = ConstantCurrent
    EventRouting: ClassVar = EventRouting
    Readout: ClassVar = Readout

    leak = Part(Leak)
    reset = Part(Reset)
    threshold = Part(Threshold)
    excitatory_input = Part(SynapticInput)
    inhibitory_input = Part(SynapticInput)
    membrane_capacitance = Part(MembraneCapacitance)
    constant_current = Part(ConstantCurrent)
    event_routing = Part(EventRouting)
    exponential = Part(Exponential)
    adaptation = Part(Adaptation)
    multicompartment = Part(Multicompartment)
    readout = Part(Readout)

    def __init__(
        self,
        settings: NeuronSettings | None = None,
        circuit: int = 0,
        section: str = "",
    ) -> None:
        super().__init__(settings or NeuronSettings.unused(), circuit, section)

"""Populations: the neurons and inputs of a network, with their parameters.

Potentials are in model units and have up to three scales (`Value`); a parameter is one
number for all neurons or an array with one for each.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.spec.fields import FieldInfo, PerNeuron, Spec, per_neuron, plain, quantity
from core.units import CADC_MAX, CADC_SIGNED_OFFSET, CIRCUITS

#: LSB of the membrane capacitor for a model capacitance of 10 µs, its full size.
CAPACITANCE_LSB = 63
CAPACITANCE_FULL = 10e-6


@dataclass(frozen=True, eq=False)
class Value(Spec):
    """A potential on its three scales.

    ``hardware`` None: the LSB target follows from the model value through the
    `VoltageScale`. Given: that target, independent of the model. ``code`` given: this
    CapMem value is written as it is, without calibration. Each is a number, or an array
    with one for each neuron.
    """

    model: PerNeuron = plain(0.0, doc="Model units.")
    hardware: PerNeuron | None = plain(None, doc="CADC LSB, raw 0…255; None follows.")
    code: int | NDArray[np.int64] | None = plain(
        None, doc="CapMem code 0…1022; None is calibrated."
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", per_neuron(self.model))
        object.__setattr__(self, "hardware", per_neuron(self.hardware))
        object.__setattr__(self, "code", per_neuron(self.code, np.int64))


@dataclass(frozen=True, eq=False)
class VoltageScale(Spec):
    """How model potentials lie on the chip: ``lsb = offset + gain * v``."""

    offset: float = quantity(
        80.0, "LSB", low=0, high=CADC_MAX, step=1, doc="CADC LSB of the model's 0."
    )
    gain: float = quantity(
        45.0, "LSB", low=1, high=200, step=1, doc="CADC LSB of one model unit."
    )

    def lsb(self, value: Value) -> PerNeuron:
        """Return the raw CADC target of ``value``."""
        if value.hardware is not None:
            return value.hardware
        return self.offset + self.gain * value.model

    def model(self, lsb: NDArray[Any] | float) -> Any:
        """Return raw CADC readings ``lsb`` in model units."""
        return (lsb - self.offset) / self.gain

    @property
    def trace_offset(self) -> float:
        """What a signed CADC trace is shifted by."""
        return self.offset - CADC_SIGNED_OFFSET

    @property
    def trace_scale(self) -> float:
        """What a shifted CADC trace is multiplied by."""
        return 1.0 / self.gain


def potential(
    default: float, *, low: float, high: float, doc: str, label: str, group: str
) -> Any:
    """Declare a `Value`, mostly a potential, with bounds in model units."""
    info = FieldInfo(doc, "model", low, high, 0.01, label, group)
    return field(default=Value(default), metadata={"info": info})


@dataclass(frozen=True, eq=False)
class PopulationSpec(Spec):
    """What all populations have: a name, a size and a place on the canvas."""

    kind: ClassVar[str] = ""
    spiking: ClassVar[bool] = True
    accepts_input: ClassVar[bool] = True

    name: str = plain(doc="Unique among populations and projections.")
    size: int = quantity(
        1, "", low=1, high=CIRCUITS, step=1, doc="Number of neurons.", label="neurons"
    )
    position: tuple[float, float] = plain(
        (0.0, 0.0), doc="Place on the canvas, px.", cosmetic=True
    )
    color: int | None = plain(
        None, doc="Index into the colours; None: by order.", cosmetic=True
    )


@dataclass(frozen=True, eq=False)
class InputSpec(PopulationSpec):
    """A source of spikes; what it sends is a stimulus of the experiment."""

    kind: ClassVar[str] = "input"
    accepts_input: ClassVar[bool] = False

    size: int = quantity(
        1, "", low=1, high=4096, step=1, doc="Number of channels.", label="channels"
    )


@dataclass(frozen=True, eq=False)
class LISpec(PopulationSpec):
    """Leaky integrator: a membrane that does not spike.

    ``C dv/dt = C / tau_mem * (leak - v) + i``, ``di/dt = -i / tau_syn`` + input.
    Without ``tau_syn`` a spike is a current of one time step: ``v += dt / C * w``.
    Parameters are numbers, or arrays with one number for each neuron.
    """

    kind: ClassVar[str] = "LI"
    spiking: ClassVar[bool] = False

    leak: Value = potential(
        0.0,
        low=-1,
        high=3,
        doc="Potential the membrane returns to.",
        label="leak",
        group="membrane",
    )
    leaky: bool = plain(
        True,
        doc="Off: nothing pulls the membrane to its leak.",
        label="leaks",
        group="membrane",
    )
    tau_mem: PerNeuron = quantity(
        10e-6,
        "s",
        low=0.5e-6,
        high=60e-6,
        step=0.1e-6,
        doc="How fast the membrane returns to its leak potential.",
        label="membrane time constant",
        group="membrane",
        per_neuron=True,
    )
    membrane_capacitance: PerNeuron = quantity(
        10e-6,
        "s",
        low=0.5e-6,
        high=100e-6,
        step=0.1e-6,
        doc="Divides the synaptic drive; equal to the time constant: textbook form.",
        label="capacitance",
        group="membrane",
        per_neuron=True,
    )
    capacitance_lsb: PerNeuron | None = quantity(
        None,
        "LSB",
        low=0,
        high=CAPACITANCE_LSB,
        step=1,
        doc="Membrane capacitor on the chip; empty follows the capacitance.",
        label="capacitor",
        group="membrane",
        per_neuron=True,
    )
    tau_syn: PerNeuron | None = quantity(
        10e-6,
        "s",
        low=0.3e-6,
        high=30e-6,
        step=0.1e-6,
        doc="How fast the synaptic current decays; empty: it lasts one time step.",
        label="synaptic time constant",
        group="synaptic input",
        per_neuron=True,
    )
    scale: VoltageScale = plain(
        VoltageScale(), doc="How model potentials lie on the chip."
    )
    first_circuit: int | None = quantity(
        None,
        "",
        low=0,
        high=CIRCUITS - 1,
        step=1,
        doc="Circuit of the first neuron, the others follow; empty: free ones.",
        label="first circuit",
        group="chip",
        whole=True,
    )

    @property
    def circuits(self) -> range | None:
        """The circuits that are asked for, or None if any will do."""
        first = self.first_circuit
        return None if first is None else range(first, first + self.size)

    @property
    def capacitor(self) -> PerNeuron:
        """Membrane capacitor on the chip, LSB."""
        if self.capacitance_lsb is not None:
            return self.capacitance_lsb
        lsb = CAPACITANCE_LSB * self.membrane_capacitance / CAPACITANCE_FULL
        found: PerNeuron = per_neuron(np.minimum(CAPACITANCE_LSB, lsb))
        return found


@dataclass(frozen=True, eq=False)
class LIFSpec(LISpec):
    """Leaky integrate-and-fire: a spike when ``v > threshold``, then ``v = reset``."""

    kind: ClassVar[str] = "LIF"
    spiking: ClassVar[bool] = True

    reset: Value = potential(
        0.0,
        low=-1,
        high=3,
        doc="Potential after a spike.",
        label="reset",
        group="threshold",
    )
    threshold: Value = potential(
        1.0,
        low=-0.5,
        high=3,
        doc="Potential above which the neuron spikes.",
        label="threshold",
        group="threshold",
    )
    refractory_time: PerNeuron = quantity(
        1e-6,
        "s",
        low=0,
        high=32e-6,
        step=0.1e-6,
        doc="How long the membrane is held at reset after a spike.",
        label="refractory time",
        group="threshold",
        per_neuron=True,
    )


@dataclass(frozen=True, eq=False)
class AELIFSpec(LIFSpec):
    """Adaptive exponential leaky integrate-and-fire, each term with a switch.

    ``C dv/dt`` as of `LIFSpec`, plus ``C / tau_mem D exp((v - V) / D) - w``;
    ``tau_adap dw/dt = a (v - leak) - w``, and at a spike ``w += b``. Here D is the
    slope, V the onset, a the strength and b the increment. On the chip a `code` of
    these is written as it is; without one it follows from the model by the transfer of
    a typical circuit, because nothing calibrates these terms.
    """

    kind: ClassVar[str] = "AdEx"

    exponential: bool = plain(
        True,
        doc="With the exponential onset of a spike.",
        label="exponential term",
        group="exponential",
    )
    subthreshold_adaptation: bool = plain(
        True,
        doc="With an adaptation that follows the membrane.",
        label="follows the membrane",
        group="adaptation",
    )
    spike_triggered_adaptation: bool = plain(
        True,
        doc="With an adaptation that jumps at each spike.",
        label="jumps at a spike",
        group="adaptation",
    )
    exponential_slope: Value = potential(
        0.05,
        low=0.005,
        high=1,
        doc="Width of the onset of a spike.",
        label="slope",
        group="exponential",
    )
    exponential_threshold: Value = potential(
        0.8,
        low=-1,
        high=3,
        doc="Potential at which the onset of a spike begins.",
        label="onset",
        group="exponential",
    )
    subthreshold_adaptation_strength: Value = potential(
        0.1,
        low=-10,
        high=10,
        doc="How strongly the adaptation follows the membrane.",
        label="adaptation strength",
        group="adaptation",
    )
    spike_triggered_adaptation_increment: Value = potential(
        0.1,
        low=-10,
        high=10,
        doc="Jump of the adaptation at a spike.",
        label="adaptation increment",
        group="adaptation",
    )
    tau_adap: PerNeuron = quantity(
        100e-6,
        "s",
        low=10e-6,
        high=10e-3,
        step=1e-6,
        doc="How fast the adaptation follows.",
        label="adaptation time constant",
        group="adaptation",
        per_neuron=True,
    )

    @property
    def adaptive(self) -> bool:
        """Whether there is an adaptation current."""
        return self.subthreshold_adaptation or self.spike_triggered_adaptation


#: The kinds of population that a document can hold, by the name in the file.
KINDS: dict[str, type[PopulationSpec]] = {
    cls.kind: cls for cls in (InputSpec, LISpec, LIFSpec, AELIFSpec)
}

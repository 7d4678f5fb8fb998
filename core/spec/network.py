"""The network: populations are nodes, projections are edges, all in model units.

This is the part of the document that a NIR file holds and that the graph editor draws.
Half-finished networks are legal here; `core.spec.check` says what is missing.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from core.errors import NetworkError, did_you_mean
from core.spec.fields import FieldInfo, Spec, frozen_array, plain, quantity
from core.units import CADC_MAX, CADC_SIGNED_OFFSET

#: LSB of the membrane capacitor for a model capacitance of 10 µs, its full size.
CAPACITANCE_LSB = 63
CAPACITANCE_FULL = 10e-6


@dataclass(frozen=True, eq=False)
class Value(Spec):
    """A potential on its three scales.

    ``hardware`` None: the LSB target follows from the model value through the
    `VoltageScale`. Given: that target, independent of the model. ``code`` given: this
    CapMem value is written as it is, without calibration.
    """

    model: float = plain(0.0, doc="Model units.")
    hardware: float | None = plain(None, doc="CADC LSB, raw 0…255; None follows.")
    code: int | None = plain(None, doc="CapMem code 0…1022; None is calibrated.")

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", float(self.model))
        if self.hardware is not None:
            object.__setattr__(self, "hardware", float(self.hardware))


@dataclass(frozen=True, eq=False)
class VoltageScale(Spec):
    """How model potentials lie on the chip: ``lsb = offset + gain * v``."""

    offset: float = quantity(
        80.0, "LSB", low=0, high=CADC_MAX, step=1, doc="CADC LSB of the model's 0."
    )
    gain: float = quantity(
        45.0, "LSB", low=1, high=200, step=1, doc="CADC LSB of one model unit."
    )

    def lsb(self, value: Value) -> float:
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
    """Declare a potential: a `Value` with bounds in model units."""
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
        1, "", low=1, high=512, step=1, doc="Number of neurons.", label="neurons"
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
    tau_mem: float = quantity(
        10e-6,
        "s",
        low=0.5e-6,
        high=60e-6,
        step=0.1e-6,
        doc="How fast the membrane returns to its leak potential.",
        label="membrane time constant",
        group="membrane",
    )
    membrane_capacitance: float = quantity(
        10e-6,
        "s",
        low=0.5e-6,
        high=100e-6,
        step=0.1e-6,
        doc="Divides the synaptic drive; equal to the time constant: textbook form.",
        label="capacitance",
        group="membrane",
    )
    capacitance_lsb: float | None = quantity(
        None,
        "LSB",
        low=0,
        high=CAPACITANCE_LSB,
        step=1,
        doc="Membrane capacitor on the chip; empty follows the capacitance.",
        label="capacitor",
        group="membrane",
    )
    tau_syn: float = quantity(
        10e-6,
        "s",
        low=0.3e-6,
        high=30e-6,
        step=0.1e-6,
        doc="How fast the synaptic current decays.",
        label="synaptic time constant",
        group="synaptic input",
    )
    scale: VoltageScale = plain(
        VoltageScale(), doc="How model potentials lie on the chip."
    )

    @property
    def capacitor(self) -> float:
        """Membrane capacitor on the chip, LSB."""
        if self.capacitance_lsb is not None:
            return self.capacitance_lsb
        lsb = CAPACITANCE_LSB * self.membrane_capacitance / CAPACITANCE_FULL
        return min(CAPACITANCE_LSB, lsb)


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
    refractory_time: float = quantity(
        1e-6,
        "s",
        low=0,
        high=32e-6,
        step=0.1e-6,
        doc="How long the membrane is held at reset after a spike.",
        label="refractory time",
        group="threshold",
    )


#: The kinds of population that a document can hold, by the name in the file.
KINDS: dict[str, type[PopulationSpec]] = {
    cls.kind: cls for cls in (InputSpec, LISpec, LIFSpec)
}


@dataclass(frozen=True, eq=False)
class ProjectionSpec(Spec):
    """All synapses from one population to another.

    :param weights: shape (target, source), model units
    """

    name: str = plain(doc="Unique among populations and projections.")
    source: str = plain(doc="Name of the sending population.")
    target: str = plain(doc="Name of the receiving population.")
    weights: NDArray[Any] = plain(doc="(target, source), model units.")
    weight_scale: float = quantity(
        50.0,
        "LSB",
        low=0,
        high=500,
        step=1,
        doc="Weight LSB on the chip of a model weight of 1.",
        label="weight scale",
        group="chip",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "weights", frozen_array(self.weights))


@dataclass(frozen=True, eq=False)
class NetworkSpec(Spec):
    """Populations and projections. The part that is NIR."""

    populations: tuple[PopulationSpec, ...] = plain((), doc="The nodes.")
    projections: tuple[ProjectionSpec, ...] = plain((), doc="The edges.")
    outputs: tuple[str, ...] = plain((), doc="Populations that are read out (NIR).")

    def population(self, name: str) -> PopulationSpec:
        """Return the population ``name``.

        :raises NetworkError: if there is none
        """
        for population in self.populations:
            if population.name == name:
                return population
        known = [p.name for p in self.populations]
        raise NetworkError(
            "network",
            f"there is no population '{name}'.{did_you_mean(name, known)}",
        )

    def projection(self, name: str) -> ProjectionSpec:
        """Return the projection ``name``.

        :raises NetworkError: if there is none
        """
        for projection in self.projections:
            if projection.name == name:
                return projection
        known = [p.name for p in self.projections]
        raise NetworkError(
            "network",
            f"there is no projection '{name}'.{did_you_mean(name, known)}",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """All names in use, of populations and projections."""
        return tuple(p.name for p in self.populations + self.projections)

    def incoming(self, name: str) -> tuple[ProjectionSpec, ...]:
        """Return the projections into the population ``name``."""
        return tuple(p for p in self.projections if p.target == name)

    def with_population(self, new: PopulationSpec) -> Self:
        """Return the network with the population of the same name replaced."""
        return self.replace(
            populations=tuple(
                new if p.name == new.name else p for p in self.populations
            )
        )

    def with_projection(self, new: ProjectionSpec) -> Self:
        """Return the network with the projection of the same name replaced."""
        return self.replace(
            projections=tuple(
                new if p.name == new.name else p for p in self.projections
            )
        )


__all__ = [
    "KINDS",
    "InputSpec",
    "LIFSpec",
    "LISpec",
    "NetworkSpec",
    "PopulationSpec",
    "ProjectionSpec",
    "Value",
    "VoltageScale",
]

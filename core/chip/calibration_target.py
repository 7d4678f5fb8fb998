"""What the neurons of a whole chip shall be calibrated for.

Potentials are raw CADC LSB, strengths are CapMem codes, times are seconds. Each value
is one number for the chip or an array over its 512 circuits: shape (512,), synaptic
ones (2, 512) for the excitatory and the inhibitory input.
"""

import logging
import math
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.target_ranges import RANGES, doubts, problems
from core.errors import ParameterError
from core.units import us

log = logging.getLogger(__name__)

#: Targets of the synaptic inputs: two values per circuit.
PER_INPUT: Final = ("tau_syn", "e_coba_reversal", "e_coba_reference")


class _FreshDense:
    """Gives a new dense target at each access, so that none is shared."""

    def __get__(self, instance: Any, owner: type["NeuronCalibTarget"]) -> Any:
        return owner().dense()


@dataclass(eq=False)
class NeuronCalibTarget:
    """Targets of the neuron circuits.

    :param leak: potential at rest, LSB
    :param reset: LSB
    :param threshold: LSB
    :param tau_mem: membrane time constant, s
    :param tau_syn: time constant of the synaptic inputs, s
    :param i_synin_gm: strength of the synaptic inputs, code
    :param e_coba_reversal: reversal potentials, LSB; None: current-based
    :param e_coba_reference: potentials at which the strength is set, LSB
    :param membrane_capacitance: LSB, 0…63
    :param refractory_time: s
    :param synapse_dac_bias: current of one weight LSB, code, one for the chip
    :param holdoff_time: from the end of the reset to the next spike, s
    :param tau_icc: time constant between compartments, s; NaN: not calibrated

    ``DenseDefault`` holds the defaults as arrays; it is a new object at each access.

    >>> target = NeuronCalibTarget.DenseDefault
    >>> target.leak[:] = 90
    >>> NeuronCalibTarget.DenseDefault.leak[:3].tolist()
    [80.0, 80.0, 80.0]
    """

    leak: Any = 80
    reset: Any = 70
    threshold: Any = 125
    tau_mem: Any = 10 * us
    tau_syn: Any = 10 * us
    i_synin_gm: Any = 500
    e_coba_reversal: Any = None
    e_coba_reference: Any = None
    membrane_capacitance: Any = 63
    refractory_time: Any = 2 * us
    synapse_dac_bias: Any = 600
    holdoff_time: Any = 0.0
    tau_icc: Any = math.nan

    DenseDefault = _FreshDense()

    def dense(self) -> "NeuronCalibTarget":
        """Return a copy with one value per circuit.

        Without reversal potentials they are infinitely far away, (+∞, −∞), and the
        reference is NaN.

        :raises ParameterError: if an array fits neither 512 circuits nor two inputs
        """
        reversal, reference = self.e_coba_reversal, self.e_coba_reference
        if reversal is None:
            reversal = np.array([[np.inf], [-np.inf]])
        if reference is None:
            reference = np.nan
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values |= {"e_coba_reversal": reversal, "e_coba_reference": reference}
        dense: dict[str, Any] = {
            name: _spread(name, value, (2, CIRCUITS) if name in PER_INPUT else None)
            for name, value in values.items()
            if name not in ("i_synin_gm", "synapse_dac_bias")
        }
        gm = _spread("i_synin_gm", self.i_synin_gm, (2,)).astype(np.int64)
        bias = int(_spread("synapse_dac_bias", self.synapse_dac_bias, ()))
        return type(self)(**dense, i_synin_gm=gm, synapse_dac_bias=bias)

    def check(self) -> None:
        """Raise if a target is no setting; warn if a calibration may miss it.

        :raises ParameterError: lists all of them
        """
        where = "calibration target"
        values = {name: np.asarray(getattr(self, name), float) for name in RANGES}
        found = list(problems(where, values))
        if found:
            raise ParameterError.of(found)
        for doubt in doubts(where, values):
            log.warning("%s", doubt)


def _spread(
    name: str, value: Any, shape: tuple[int, ...] | None
) -> NDArray[np.float64]:
    """Return ``value`` as a new array of ``shape``, by default one per circuit."""
    shape = (CIRCUITS,) if shape is None else shape
    array = np.asarray(value, float)
    if array.shape == (2,) and len(shape) == 2:
        array = array[:, None]  # (input, circuit)
    try:
        return np.array(np.broadcast_to(array, shape))
    except ValueError:
        raise ParameterError(
            "calibration target",
            f"{name} has shape {array.shape}.",
            f"Give one number or an array of shape {shape}.",
        ) from None


@dataclass(eq=False)
class SpikingCalibTarget:
    """Targets of a chip that is used for spiking networks.

    :param cadc_target: kept; the emulated CADC needs no calibration
    :param neuron_target: targets of the neuron circuits
    :param correlation_target: kept; correlation sensors are not emulated
    :param stp_target: kept; short-term plasticity is not emulated

    >>> SpikingCalibTarget().neuron_target.threshold
    125
    """

    cadc_target: Any = None
    neuron_target: NeuronCalibTarget = field(default_factory=NeuronCalibTarget)
    correlation_target: Any = None
    stp_target: Any = None

"""The one table of neuron parameters and their default values."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NeuronDefaults:
    """Default values of the neurons of the library, in the order of the interface.

    Potentials are CADC LSB, times are seconds.

    :param leak: potential the membrane returns to
    :param reset: potential after a spike
    :param threshold: potential above which the neuron spikes
    :param tau_mem: membrane time constant
    :param tau_syn: time constant of the synaptic current
    :param i_synin_gm: strength of the synaptic inputs, code, one for the chip
    :param membrane_capacitance: s in the model, 0…63 LSB on the chip
    :param refractory_time: how long the membrane is held at reset after a spike
    :param synapse_dac_bias: current of one weight LSB, code, one for the chip
    :param holdoff_time: from the release of the reset to the end of refractoriness,
        which includes it; on the chip only
    :param exponential_slope: width of the exponential onset of a spike
    :param exponential_threshold: potential of the onset
    :param subthreshold_adaptation_strength: pull of the membrane on the adaptation
    :param leak_adaptation: potential at which the adaptation rests
    :param spike_triggered_adaptation_increment: jump of the adaptation at a spike
    :param tau_adap: time constant of the adaptation
    :param e_coba_reversal: reversal potentials of conductance-based synapses
    :param e_coba_reference: their reference potentials
    """

    leak: Any = 80
    reset: Any = 80
    threshold: Any = 125
    tau_mem: Any = 10e-6
    tau_syn: Any = 10e-6
    i_synin_gm: Any = 500
    membrane_capacitance: Any = 63
    refractory_time: Any = 2e-6
    synapse_dac_bias: Any = 600
    holdoff_time: Any = 0
    exponential_slope: Any = 50e-3
    exponential_threshold: Any = 110
    subthreshold_adaptation_strength: Any = 1
    leak_adaptation: Any = None
    spike_triggered_adaptation_increment: Any = 1
    tau_adap: Any = 100e-6
    e_coba_reversal: Any = None
    e_coba_reference: Any = None


#: Defaults of `core.modules.Population`.
POPULATION = NeuronDefaults()
#: Defaults of the neurons: a capacitance of None is `CAPACITANCE` with its transform.
NEURON = NeuronDefaults(refractory_time=1e-6, membrane_capacitance=None)

#: Model capacitance that takes the whole membrane capacitor of the chip, s.
CAPACITANCE = 10e-6
CAPACITANCE_LSB = 63

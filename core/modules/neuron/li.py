"""Leaky integrators."""

from typing import TYPE_CHECKING, Any

from core.modules.defaults import NEURON
from core.modules.neuron.aelif import AELIF
from core.modules.neuron.in_model import LI_TERMS, refuse_arguments

if TYPE_CHECKING:
    from core.experiment import Experiment


class LI(AELIF):
    """Leaky integrators: membranes that do not spike; arguments as of `AELIF`.

    ``C dv/dt = C / tau_mem (leak - v) + i``, ``tau_syn di/dt = -i``. Returns
    `core.handle.LIObservables` of shape (time, batch, neurons).

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> neuron = core.LI(3, experiment, leak=0.5)
    >>> out = neuron(core.SynapseHandle(graded_spikes=torch.zeros(20, 1, 3)))
    >>> core.run(experiment, None)
    >>> out.membrane_cadc.unique()
    tensor([0.5000])
    """

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        leak: Any = NEURON.leak,
        tau_mem: Any = NEURON.tau_mem,
        tau_syn: Any = NEURON.tau_syn,
        i_synin_gm: Any = NEURON.i_synin_gm,
        membrane_capacitance: Any = NEURON.membrane_capacitance,
        synapse_dac_bias: Any = NEURON.synapse_dac_bias,
        execution_instance: Any = None,
        enable_cadc_recording: bool = True,
        enable_cadc_recording_placement_in_dram: bool = False,
        enable_madc_recording: bool = False,
        record_neuron_id: int | None = None,
        placement_constraint: Any = None,
        trace_offset: Any = 0.0,
        trace_scale: Any = 1.0,
        cadc_time_shift: int = 0,
        shift_cadc_to_first: bool = False,
        interpolation_mode: str = "linear",
        neuron_structure: Any = None,
        **extra_params: Any,
    ) -> None:
        refuse_arguments(type(self).__name__, extra_params, LI_TERMS)
        super().__init__(
            size,
            experiment,
            leak=leak,
            tau_mem=tau_mem,
            tau_syn=tau_syn,
            i_synin_gm=i_synin_gm,
            membrane_capacitance=membrane_capacitance,
            synapse_dac_bias=synapse_dac_bias,
            execution_instance=execution_instance,
            enable_cadc_recording=enable_cadc_recording,
            enable_cadc_recording_placement_in_dram=(
                enable_cadc_recording_placement_in_dram
            ),
            enable_madc_recording=enable_madc_recording,
            record_neuron_id=record_neuron_id,
            placement_constraint=placement_constraint,
            trace_offset=trace_offset,
            trace_scale=trace_scale,
            cadc_time_shift=cadc_time_shift,
            shift_cadc_to_first=shift_cadc_to_first,
            interpolation_mode=interpolation_mode,
            neuron_structure=neuron_structure,
            **LI_TERMS,
            **extra_params,
        )

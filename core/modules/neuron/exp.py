"""Neurons with exponential decays; deprecated, kept for old scripts.

The model values of ``tau_mem`` and ``tau_syn`` are the decays of one step,
``exp(-dt / tau)``; the values on the chip are time constants in seconds.
"""

from inspect import signature
from typing import Any

import torch

from core.errors import ParameterError
from core.functional.li import exp_cuba_li_integration
from core.functional.lif import exp_cuba_lif_integration
from core.functional.parameters import check_parameter
from core.handle import DataHandle, LIFObservables, LIObservables
from core.modules.neuron.in_model import model_values, refuse_doubled
from core.modules.neuron.li import LI
from core.modules.neuron.lif import LIF


class NeuronExp(LIF):
    """`LIF` with exponential decays, without capacitance and refractoriness.

    ``v' = a (v - leak) + leak + (1 - a) i`` with ``a = exp(-dt / tau_mem)``, likewise
    ``i``; the arguments are those of `LIF`. Deprecated: use `LIF`.

    >>> import math, warnings, torch, core
    >>> from core.modules.neuron import NeuronExp
    >>> experiment = core.Experiment(mock=True)
    >>> decay = core.MixedHXModelParameter(math.exp(-1 / 5), hardware_value=5e-6)
    >>> neuron = NeuronExp(
    ...     3, experiment, leak=0, reset=0, threshold=1, tau_mem=decay, tau_syn=decay
    ... )
    >>> out = neuron(core.SynapseHandle(graded_spikes=torch.ones(20, 1, 3)))
    >>> with warnings.catch_warnings(action="ignore"):
    ...     core.run(experiment, None)
    >>> out.spikes.shape  # (time, batch, neurons)
    torch.Size([20, 1, 3])
    """

    __signature__ = signature(LIF)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_doubled(type(self), self.__signature__, args, kwargs)
        super().__init__(*args, **kwargs)

    def forward_func(self, *input: DataHandle, hw_data: Any = None) -> DataHandle:
        """Integrate the neurons.

        :param input: with ``graded_spikes`` of shape (time, batch, neurons), model
            units; several are added
        :param hw_data: measured data of `post_process`, or None
        :raises ShapeError: if the shapes or the number of neurons differ
        :raises ParameterError: if a decay is none
        """
        values = _decays(self)
        spikes, membrane, current, madc = exp_cuba_lif_integration(
            self._drive(input),
            leak=values["leak"],
            reset=values["reset"],
            threshold=values["threshold"],
            tau_syn_exp=values["tau_syn"],
            tau_mem_exp=values["tau_mem"],
            method=self.method,
            alpha=self.alpha,
            hw_data=hw_data,
        )
        return LIFObservables(
            spikes=spikes, membrane_cadc=membrane, membrane_madc=madc, current=current
        )


class ReadoutNeuronExp(LI):
    """`LI` with exponential decays, without capacitance.

    The membrane is that of `NeuronExp` without spikes; the arguments are those of `LI`.
    Deprecated: use `LI`.

    >>> import warnings, torch, core
    >>> from core.modules.neuron import ReadoutNeuronExp
    >>> experiment = core.Experiment(mock=True)
    >>> neuron = ReadoutNeuronExp(3, experiment, leak=0.5, tau_mem=0.8, tau_syn=0.8)
    >>> out = neuron(core.SynapseHandle(graded_spikes=torch.zeros(20, 1, 3)))
    >>> with warnings.catch_warnings(action="ignore"):
    ...     core.run(experiment, None)
    >>> out.membrane_cadc.unique()
    tensor([0.5000])
    """

    __signature__ = signature(LI)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_doubled(type(self), self.__signature__, args, kwargs)
        super().__init__(*args, **kwargs)

    def forward_func(self, *input: DataHandle, hw_data: Any = None) -> DataHandle:
        """Integrate the neurons.

        :param input: with ``graded_spikes`` of shape (time, batch, neurons), model
            units; several are added
        :param hw_data: measured data of `post_process`, or None
        :raises ShapeError: if the shapes or the number of neurons differ
        :raises ParameterError: if a decay is none
        """
        values = _decays(self)
        membrane, current, madc = exp_cuba_li_integration(
            self._drive(input),
            leak=values["leak"],
            tau_syn_exp=values["tau_syn"],
            tau_mem_exp=values["tau_mem"],
            hw_data=hw_data,
        )
        return LIObservables(
            membrane_cadc=membrane, membrane_madc=madc, current=current
        )


def _decays(neuron: LIF | LI) -> dict[str, Any]:
    """Return the values of the model, with checked decays.

    :raises ParameterError: if one is not above 0 or is above 1
    """
    values = model_values(neuron)
    for name in ("tau_mem", "tau_syn"):
        decay = torch.as_tensor(check_parameter(name, values[name], 0))
        if (decay > 1).any():
            raise ParameterError(
                name,
                f"is {float(decay.max()):.6g}, it is the decay of one step.",
                "Give exp(-dt / tau): above 0, at most 1.",
            )
    return values

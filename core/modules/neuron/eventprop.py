"""Leaky integrate-and-fire neurons with EventProp gradients."""

from inspect import signature
from typing import Any

from torch import Tensor
from torch.utils.hooks import unserializable_hook

from core.errors import NetworkError, ShapeError
from core.functional.eventprop import EventPropLIFFunction
from core.functional.measured import Measured
from core.functional.trajectory import check_crossing
from core.handle import DataHandle, LIFObservables
from core.modules.neuron.in_model import model_values, refuse_doubled, warn_once
from core.modules.neuron.lif import LIF


class SingleInputError(NetworkError, AssertionError):
    """An EventProp neuron has several inputs."""


class EventPropLIF(LIF):
    """Leaky integrate-and-fire neurons with the exact gradients of their spike times.

    ``tau_mem dv/dt = leak - v + i``, ``tau_syn di/dt = -i``, a spike and ``v = reset``
    where ``v > threshold``; without capacitance and refractoriness. Its one input comes
    from `core.modules.EventPropSynapse`. Gradients go from its spikes to the
    weights before it; its parameters, membrane and current have none, which is said
    once.

    :param args: those of `LIF`
    :param crossing: ``"grid"`` has Euler steps and spikes at their ends;
        ``"interpolated"`` solves the equations exactly and finds the spike inside its
        step, which makes the gradients far more exact. Spikes of the chip are known to
        their step only
    :param kwargs: those of `LIF`
    :raises ParameterError: if there is no such ``crossing``
    :raises DoubledArgumentError: if an argument is given by place and by name

    >>> import torch, core
    >>> from core.modules.neuron import EventPropLIF
    >>> from core.modules.synapse import EventPropSynapse
    >>> experiment = core.Experiment(mock=True)
    >>> synapse = EventPropSynapse(5, 3, experiment)
    >>> neuron = EventPropLIF(3, experiment, leak=0, reset=0, threshold=1)
    >>> out = neuron(synapse(core.LIFObservables(spikes=torch.ones(20, 1, 5))))
    >>> core.run(experiment, None)
    >>> out.spikes.shape  # (time, batch, neurons)
    torch.Size([20, 1, 3])
    """

    def __init__(self, *args: Any, crossing: str = "grid", **kwargs: Any) -> None:
        refuse_doubled(type(self), signature(LIF), args, kwargs)
        super().__init__(*args, **kwargs)
        self.crossing = check_crossing(crossing)

    def forward_func(self, *input: DataHandle, hw_data: Any = None) -> DataHandle:
        """Integrate the neurons, or take what was measured.

        :param input: one handle, with ``graded_spikes`` of shape
            (2, time, batch, neurons), model units
        :param hw_data: measured data of `post_process`, or None
        :raises SingleInputError: if there are several inputs
        :raises ShapeError: if the shape or the number of neurons differs
        """
        if len(input) != 1:
            raise SingleInputError(
                type(self).__name__,
                f"takes one input, it has {len(input)}.",
                "Join the sources before it in one EventPropSynapse.",
            )
        graded = input[0].graded_spikes
        if graded.ndim != 4 or (graded.shape[0], graded.shape[-1]) != (2, self.size):
            raise ShapeError(
                type(self).__name__,
                f"has {self.size} neurons, its input has shape {tuple(graded.shape)}.",
                f"Give it the shape (2, time, batch, {self.size}), as EventPropSynapse "
                "does.",
            )
        values = model_values(self)
        self._warn_of_trained()
        spikes, membrane, current = EventPropLIFFunction.apply(  # type: ignore[no-untyped-call]
            graded,
            values["leak"],
            values["reset"],
            values["threshold"],
            values["tau_syn"],
            values["tau_mem"],
            hw_data,
            1e-6 if self.experiment is None else self.experiment.dt,
            self.crossing,
        )
        for trace in (membrane, current):
            if trace is not None and trace.requires_grad:
                trace.register_hook(self._warn_of_traces)
        return LIFObservables(
            spikes=spikes,
            membrane_cadc=membrane,
            membrane_madc=Measured.of(hw_data).voltage_madc,
            current=current,
        )

    def _warn_of_trained(self) -> None:
        """Log a warning if parameters are to be trained."""
        trained = [n for n, p in self.params_dict().items() if p.is_trainable()]
        if trained:
            warn_once(
                self,
                "%s will not be trained: EventProp has gradients of weights only. Use"
                " LIF to train parameters.",
                ", ".join(trained),
            )

    # It is not saved with a handle, which then has no gradients either.
    @unserializable_hook  # type: ignore[untyped-decorator]
    def _warn_of_traces(self, gradient: Tensor | None) -> None:
        """Log a warning if a loss depends on the membrane or the current."""
        if gradient is not None and gradient.any():
            warn_once(
                self,
                "a loss of its membrane or current has no gradient: EventProp has those"
                " of spikes only. Use the spikes, or LIF and LI.",
            )

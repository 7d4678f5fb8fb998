"""Synapses between some pairs of neurons only."""

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from core.errors import ShapeError
from core.execution_instance import ExecutionInstance
from core.functional.linear import linear_sparse
from core.handle import DataHandle, SynapseHandle
from core.modules.hx_module import takes_hw_data
from core.modules.synapse import Synapse
from core.transforms.weight_transforms import linear_saturating

if TYPE_CHECKING:
    from core.experiment import Experiment


class SparseSynapse(Synapse):
    """Synapses only where ``connections`` is not zero.

    ``graded_spikes = func(spikes, weight, mask)``; weights of missing connections are
    zero. Without the chip coordinate, ``func`` may also be the third argument and the
    execution instance the fourth.

    :param connections: shape (source, target), dense or sparse
    :param experiment: the experiment it belongs to
    :param execution_instance: the chip, None takes the default of the experiment
    :param device: of the weights
    :param dtype: of the weights
    :param transform: from model weights to weight LSB
    :param func: function or `torch.autograd.Function` of spikes, weight and, if it
        takes a third argument, mask; one that takes ``hw_data`` is given what the chip
        measured
    :raises ShapeError: if ``connections`` is not a matrix
    :ivar connections: shape (2, connections): targets and sources
    :ivar mask: bool, shape (target, source)
    :ivar weight: shape (target, source), model units

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse = core.SparseSynapse(torch.eye(3), experiment)
    >>> graded = synapse(core.LIFObservables(spikes=torch.ones(10, 1, 3)))
    >>> core.run(experiment, None)
    >>> graded.graded_spikes.shape, int((synapse.weight != 0).sum())
    (torch.Size([10, 1, 3]), 3)
    """

    connections: Tensor
    mask: Tensor

    def __init__(
        self,
        connections: Tensor,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
        transform: Callable[[Tensor], Tensor] = linear_saturating,
        *,
        func: Any = linear_sparse,
    ) -> None:
        if callable(execution_instance) and not isinstance(
            execution_instance, ExecutionInstance
        ):
            func, execution_instance = execution_instance, chip_coordinate
            chip_coordinate = None
        if connections.ndim != 2:
            raise ShapeError(
                type(self).__name__,
                f"connections have shape {tuple(connections.shape)}.",
                "Give them the shape (source, target).",
            )
        dense = torch.as_tensor(connections)
        if dense.layout is not torch.strided:
            dense = dense.to_dense()
        mask = (dense != 0).t().contiguous().to(device)
        super().__init__(
            connections.shape[0],
            connections.shape[1],
            experiment,
            execution_instance,
            chip_coordinate,
            device,
            dtype,
            transform,
        )
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("connections", mask.nonzero().t(), persistent=False)
        self.bias = None
        self._sparse_func = func
        self._remove_missing()

    @property
    def extra_args(self) -> tuple[Any, ...]:
        """What the function is given besides the spikes: weight and mask.

        A function of spikes and weight alone gets the weight of existing connections.
        """
        if _takes_mask(self._sparse_func):
            return self.weight, self.mask
        return (self.weight * self.mask,)

    @property
    def extra_kwargs(self) -> dict[str, Any]:
        """Keywords that the function is given: none."""
        return {}

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in ±1 / sqrt(in_features)."""
        super().reset_parameters()
        self._remove_missing()

    def _remove_missing(self) -> None:
        if hasattr(self, "mask"):
            self.weight.data[~self.mask] = 0

    def forward_func(  # type: ignore[override]
        self, input: DataHandle, hw_data: Any = None
    ) -> DataHandle:
        """Return the graded spikes of the targets.

        :param input: with ``spikes`` of shape (time, batch, source)
        :param hw_data: measured data for a function that takes it
        :raises FeatureError: if the number of sources or the type differs
        :raises ParameterError: if a weight or a spike is not finite
        """
        self._check_sources(input.spikes)
        func = self._sparse_func
        if isinstance(func, type) and issubclass(func, torch.autograd.Function):
            return SynapseHandle(
                graded_spikes=func.apply(input.spikes, *self.extra_args)
            )
        measured = {"hw_data": hw_data} if takes_hw_data(func) else {}
        return SynapseHandle(
            graded_spikes=func(input.spikes, *self.extra_args, **measured)
        )

    def _integer_weights(self) -> Any:
        return super()._integer_weights() * self.mask.cpu().numpy()

    def _connected(self) -> Any:
        return self.mask.cpu().numpy()

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"number connections={self.connections.shape[1]}, {super().extra_repr()}"


def _takes_mask(func: Any) -> bool:
    """Return whether ``func`` takes a third argument besides spikes and weight."""
    if isinstance(func, type):
        parameters = list(signature(func.forward).parameters.values())[1:]  # type: ignore[attr-defined]
    else:
        parameters = list(signature(func).parameters.values())
    places = [p for p in parameters if p.name != "hw_data"]
    return len(places) > 2 or any(p.kind is p.VAR_POSITIONAL for p in places)

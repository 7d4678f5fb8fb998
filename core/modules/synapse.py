"""Synapses with a dense weight matrix."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from core.chip import network as chip
from core.errors import ParameterError, ShapeError
from core.functional.eventprop import EventPropSynapseFunction
from core.functional.linear import linear
from core.functional.parameters import all_finite
from core.handle import DataHandle, SynapseHandle
from core.modules.types import Projection, dense_spikes, integer_weights
from core.transforms.weight_transforms import linear_saturating

if TYPE_CHECKING:
    from core.experiment import Experiment


class FeatureError(ShapeError, RuntimeError):
    """The input has another number of sources, or another type, than the synapse."""


class Synapse(Projection):
    """Dense synapses: ``graded_spikes = spikes @ weight.T``, in model units.

    On the chip the weights are ``transform(weight)``, rounded to −63…63.

    :param in_features: number of sources
    :param out_features: number of targets
    :param experiment: the experiment it belongs to
    :param execution_instance: the chip, None takes the default of the experiment
    :param device: of the weights
    :param dtype: of the weights
    :param transform: from model weights to weight LSB
    :param plasticity_rule: kept, the emulator has no plasticity
    :ivar weight: shape (target, source), model units

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse = core.Synapse(2, 3, experiment)
    >>> graded = synapse(core.LIFObservables(spikes=torch.ones(10, 1, 2)))
    >>> core.run(experiment, None)
    >>> graded.graded_spikes.shape  # (time, batch, target)
    torch.Size([10, 1, 3])
    """

    output_type = SynapseHandle

    def __init__(
        self,
        in_features: int,
        out_features: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
        transform: Callable[[Tensor], Tensor] = linear_saturating,
        plasticity_rule: Any = None,
    ) -> None:
        super().__init__(
            in_features, out_features, experiment, execution_instance, chip_coordinate
        )
        self.weight_transform = transform
        self.plasticity_rule = plasticity_rule
        self.weight = nn.Parameter(
            torch.empty(out_features, in_features, device=device, dtype=dtype)
        )
        self._last_weight: Tensor | None = None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, uniform in ±1 / sqrt(in_features)."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    @property
    def changed_since_last_run(self) -> bool:
        """Whether the weights changed since the last run."""
        return (
            self._changed
            or self._last_weight is None
            or not torch.equal(self._last_weight, self.weight)
        )

    def reset_changed_since_last_run(self) -> None:
        """Note that the chip has seen the current weights."""
        super().reset_changed_since_last_run()
        self._last_weight = self.weight.detach().clone()

    def add_to_network_graph(
        self, pre: str, post: str, builder: chip.NetworkBuilder
    ) -> tuple[str, str]:
        """Add the integer weights to the network of the chip.

        :param pre: name of the population before
        :param post: name of the population after
        :returns: name of the excitatory and of the inhibitory part; both are one here,
            because the signs are parted when rows are routed
        :raises ParameterError: if a weight is not finite
        """
        assert self.descriptor is not None, "registered before"
        self._check_weight()
        weights = self._integer_weights()
        projection = chip.Projection(
            self.descriptor, pre, post, weights, self._connected()
        )
        name = builder.add(projection)
        return name, name

    def _connected(self) -> Any:
        """Return where synapses are, shape (target, source); None is everywhere."""
        return None

    def _integer_weights(self) -> Any:
        return integer_weights(self.weight_transform(self.weight))

    def forward_func(self, input: DataHandle) -> DataHandle:  # type: ignore[override]
        """Return the graded spikes of the targets.

        :param input: with ``spikes`` of shape (time, batch, source)
        :raises SpikesError: if they are no dense tensor
        :raises FeatureError: if the number of sources or the type differs
        :raises ParameterError: if a weight is not finite
        """
        self._check_sources(input.spikes)
        return SynapseHandle(graded_spikes=self._graded(input.spikes))

    def _check_sources(self, spikes: Any) -> None:
        name = type(self).__name__
        found = dense_spikes(name, spikes)
        if found.shape[-1] != self.in_features:
            raise FeatureError(
                name,
                f"takes {self.in_features} sources, the input has {found.shape[-1]}.",
                "Make in_features the size of the population before it.",
            )
        mixed = torch.is_autocast_enabled(found.device.type)
        if found.dtype != self.weight.dtype and not mixed:
            raise FeatureError(
                name,
                f"the dtype of its spikes is {found.dtype}, its weights are"
                f" {self.weight.dtype}.",
                "Convert one of them, spikes.float() for example.",
            )
        self._check_weight()

    def _check_weight(self) -> None:
        """Raise if a weight is not finite.

        The transform is not asked: it would clip an infinite weight for the chip, where
        the model keeps it.
        """
        weight = self.weight.detach()
        if not all_finite(weight):
            finite = torch.isfinite(weight)
            raise ParameterError(
                f"projection '{self.descriptor or self.name or type(self).__name__}'",
                f"{int((~finite).sum())} of {finite.numel()} are not finite"
                f" among its weights from {self.in_features} to {self.out_features}"
                " neurons.",
                "Look for NaN and infinity in the training, or lower its learning"
                " rate.",
            )

    def _graded(self, spikes: Tensor) -> Tensor:
        return linear(spikes, self.weight)


class EventPropSynapse(Synapse):
    """Dense synapses before `EventPropLIF`; the arguments are those of `Synapse`.

    ``graded_spikes`` has the shape (2, time, batch, target): the weighted sums, and
    zeros that carry the gradient by the times of the spikes.

    >>> import torch, core
    >>> from core.modules.synapse import EventPropSynapse
    >>> experiment = core.Experiment(mock=True)
    >>> synapse = EventPropSynapse(2, 3, experiment)
    >>> graded = synapse(core.LIFObservables(spikes=torch.ones(10, 1, 2)))
    >>> core.run(experiment, None)
    >>> graded.graded_spikes.shape
    torch.Size([2, 10, 1, 3])
    """

    def _graded(self, spikes: Tensor) -> Tensor:
        graded: Tensor = EventPropSynapseFunction.apply(  # type: ignore[no-untyped-call]
            spikes, self.weight
        )
        return graded

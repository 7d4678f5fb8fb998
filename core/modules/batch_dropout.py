"""Dropout with one mask for the whole batch."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.errors import ParameterError, ShapeError
from core.functional.dropout import batch_dropout
from core.handle import DataHandle, LIFObservables
from core.modules.hx_module import HXFunctionalModule

if TYPE_CHECKING:
    from core.experiment import Experiment


class BatchDropout(HXFunctionalModule):
    """Silences neurons at random while training, the same for the whole batch.

    Comes after one layer of neurons. `core.run` draws a new mask for each run and gives
    it to the neurons before it, whose circuits then send no events. The spikes that
    remain are not scaled up.

    :param size: number of neurons
    :param dropout: probability with which a neuron is silenced, 0…1
    :param experiment: the experiment it belongs to
    :raises ParameterError: if ``dropout`` is no probability

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> neurons = core.LIF(4, experiment, leak=0, reset=0, threshold=1)
    >>> dropout = core.BatchDropout(4, 0.5, experiment)
    >>> drive = core.SynapseHandle(graded_spikes=torch.ones(20, 1, 4))
    >>> out = dropout(neurons(drive))
    >>> core.run(experiment, None)
    >>> silent = ~dropout.mask
    >>> bool(out.spikes[:, :, silent].any()), bool(out.spikes[:, :, ~silent].all())
    (False, False)
    """

    output_type = LIFObservables

    def __init__(
        self, size: int, dropout: float, experiment: "Experiment | None"
    ) -> None:
        super().__init__(experiment)
        if not 0 <= dropout <= 1:
            raise ParameterError(
                type(self).__name__,
                f"dropout is {dropout!r}, it is a probability.",
                "Give a number from 0 to 1.",
            )
        self.size = size
        self._dropout = dropout
        self._mask: Tensor | None = None

    def set_mask(self) -> Tensor:
        """Draw a new mask and return it; all True in evaluation.

        :returns: bool, shape (neurons,), False where a neuron is silenced
        """
        self._mask = (
            torch.rand(self.size) > self._dropout
            if self.training
            else torch.ones(self.size, dtype=torch.bool)
        )
        return self._mask

    @property
    def mask(self) -> Tensor | None:
        """False where a neuron is silenced; shape (neurons,), None before a run."""
        return self._mask

    @mask.setter
    def mask(self, mask: Tensor | None) -> None:
        self._mask = mask

    def forward_func(self, input: DataHandle) -> DataHandle:  # type: ignore[override]
        """Return the spikes that are left.

        :param input: with ``spikes`` of shape (time, batch, neurons)
        :raises ShapeError: if the number of neurons differs
        """
        if input.spikes.shape[-1] != self.size:
            raise ShapeError(
                type(self).__name__,
                f"has {self.size} neurons, its input has {input.spikes.shape[-1]}.",
                "Give it the size of the neurons before it.",
            )
        mask = self.set_mask() if self._mask is None else self._mask
        return LIFObservables(spikes=batch_dropout(input.spikes, mask))

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"size={self.size}, dropout={self._dropout}, {super().extra_repr()}"

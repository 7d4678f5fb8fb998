"""Take over the weights of a model that was trained elsewhere."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

from core.errors import HXError, NetworkError, Problem, ShapeError, did_you_mean

log = logging.getLogger(__name__)


class MissingEntryError(HXError, KeyError):
    """A tensor of the model has no counterpart in the other state."""

    __str__ = HXError.__str__


class MixinHXModelMapper:
    """Mix-in of a `torch.nn.Module` that gets its tensors from another ``state_dict``.

    >>> import torch
    >>> class Model(torch.nn.Module, MixinHXModelMapper):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = torch.nn.Linear(2, 1, bias=False)
    >>> model = Model()
    >>> model.map_from({"fc.weight": torch.ones(1, 2)}, {"layer.weight": "fc.weight"})
    >>> model.layer.weight.tolist()
    [[1.0, 1.0]]
    """

    def map_from(
        self,
        state_dict: Mapping[str, Tensor],
        mapping: Mapping[str, str],
        map_all: bool = True,
    ) -> None:
        """Copy the tensors of ``state_dict`` into this model.

        A name of this model is looked up as it is first, then as ``mapping`` says.

        :param mapping: name in this model -> name in ``state_dict``
        :param map_all: False copies only what ``mapping`` names
        :raises MissingEntryError: if a tensor is in neither way there; lists all
        :raises ShapeError: if one has another shape than here; lists all
        """
        if not isinstance(self, nn.Module):
            raise NetworkError(
                type(self).__name__,
                "is no torch.nn.Module, so it has no tensors.",
                "Write: class Model(torch.nn.Module, MixinHXModelMapper).",
            )
        own = self.state_dict()
        for name in mapping.keys() - own.keys():
            log.warning(
                "The model has no tensor '%s': its mapping is not used.%s",
                name,
                did_you_mean(name, own),
            )
        wanted = [name for name in own if map_all or name in mapping]
        sources = {name: _source(name, state_dict, mapping) for name in wanted}
        missing = [name for name, source in sources.items() if source is None]
        if missing:
            raise MissingEntryError.of(
                Problem(
                    f"tensor '{name}'",
                    f"the other state has none for it.{did_you_mean(name, state_dict)}",
                    "Name its counterpart in the mapping, or set map_all to False.",
                )
                for name in missing
            )
        found: dict[str, Any] = {n: state_dict[str(s)] for n, s in sources.items()}
        _check_shapes(own, found)
        self.load_state_dict(own | found)


def _check_shapes(own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    problems = [
        Problem(
            f"tensor '{name}'",
            f"has shape {tuple(own[name].shape)}, "
            f"its counterpart {tuple(np.shape(tensor))}.",
            "Map it to a tensor of this shape, or set map_all to False.",
        )
        for name, tensor in found.items()
        if own[name].shape != np.shape(tensor)
    ]
    if problems:
        raise ShapeError.of(problems)


def _source(
    name: str, state_dict: Mapping[str, Tensor], mapping: Mapping[str, str]
) -> str | None:
    candidates = (name, mapping.get(name))
    return next((c for c in candidates if c is not None and c in state_dict), None)

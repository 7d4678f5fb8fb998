"""Names of modules on the chip, and what to do when a run with new ones fails."""

from collections.abc import Sequence
from typing import Any

from core.errors import NetworkError
from core.modules.hx_module import HXModule


def give_name(module: HXModule, number: int, named: Sequence[HXModule]) -> None:
    """Give ``module`` the name it wishes, or one from its class and ``number``.

    :param named: modules of the experiment that have a name
    :raises NetworkError: if one of them has this name
    """
    name = module.name or f"{type(module).__name__} {number}"
    if name in {other.descriptor for other in named}:
        raise NetworkError(
            f"module '{name}'",
            "another module has this name.",
            "Give each module of an experiment its own name.",
        )
    module.descriptor = name


def forget(named: list[Any], count: int) -> None:
    """Take the name and the place from all modules but the first ``count``."""
    for module in named[count:]:
        module.descriptor = None
        if module.execution_instance is not None:
            module.execution_instance.unregister(module)
    del named[count:]


def note_uncalled(
    error: BaseException, populations: Sequence[HXModule], called: Sequence[Any]
) -> None:
    """Add to ``error`` which populations take room without being called."""
    rest = [str(p.descriptor) for p in populations if p not in called]
    if rest:
        error.add_note(
            f"{', '.join(rest)}: not called in this run, but still on the chip."
            " experiment.clear() forgets all modules."
        )

"""What one run of an experiment on its chips gave."""

import logging
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from core.chip.results import Execution
from core.execution_info import ChipHealth, ExecutionHealthInfo, ExecutionInfo
from core.execution_instance import ExecutionInstance
from core.units import format_quantity

log = logging.getLogger(__name__)


class HardwareResults(dict[str, Any]):
    """What the chips gave to each population, by descriptor; None is nothing.

    :cvar as_pair: True makes it ``results, execution_info`` for unpacking, iteration
        and whole numbers in brackets, as newer scripts read it; what remains is the
        dictionary's
    :ivar execution_info: durations and losses, None in mock
    :ivar executions: all stages of the run by execution instance
    """

    as_pair: ClassVar[bool] = False
    execution_info: ExecutionInfo | None = None

    def __init__(self) -> None:
        super().__init__()
        self.executions: dict[ExecutionInstance, Execution] = {}

    def __iter__(self) -> Iterator[Any]:
        if self.as_pair:
            return iter((dict(self.items()), self.execution_info))
        return super().__iter__()

    def __missing__(self, key: Any) -> Any:
        """Return a part of the pair, if the results are one and ``key`` is its number.

        :raises IndexError: if there is no such part
        """
        if self.as_pair and isinstance(key, int):
            return tuple(self)[key]
        raise KeyError(key)

    def info(self, seconds: float, pause: float | None = None) -> ExecutionInfo:
        """Return durations and losses; the chips run one after the other.

        :param seconds: hardware time of one chip
        :param pause: between batch entries, s, if one was asked for
        """
        runs = self.executions.items()
        notes = [note for _, run in runs for note in run.notes]
        if pause is not None:
            notes.append(
                f"The pause of {format_quantity(pause, 's')} between batch entries only"
                " counts in the duration: each entry starts from rest."
            )
        health = ExecutionHealthInfo(
            {int(i.ID): ChipHealth.of(run.output) for i, run in runs if run.output},
            tuple(notes),
        )
        return ExecutionInfo.of(len(runs) * seconds, health)

    def warn(self, said: set[str]) -> None:
        """Log what was lost or clipped on the chips.

        :param said: what needs no repetition; what is said is added
        """
        for run in self.executions.values():
            for note in run.notes:
                kind = re.sub(r"\d+", "#", note)  # once, whatever the numbers
                if kind not in said:
                    said.add(kind)
                    log.warning("%s", note)

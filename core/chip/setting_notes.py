"""What is written to the circuits of a chip and does nothing there.

Circuits that are joined have one membrane, and of it one circuit decides: its
comparator, its reset, its exponential onset and its adaptation count.
"""

from collections.abc import Iterator

import numpy as np

from core.chip.adex import active_terms
from core.chip.bypass import notes_of_bypass
from core.chip.geometry import CIRCUITS
from core.chip.joined import membrane_of
from core.chip.results import ChipConfig


def setting_notes(config: ChipConfig) -> Iterator[str]:
    """Return what settings of ``config`` do not do, one sentence each."""
    if config.bypass:
        yield from notes_of_bypass(config)
        return
    membrane = membrane_of(config.stored)
    used = np.isin(membrane, membrane[config.used])
    comparators = np.bincount(membrane[used & config.fires], minlength=CIRCUITS)
    several = int((comparators > 1).sum())
    if several:
        yield (
            f"{several} membranes of joined circuits have several comparators that are"
            " on: the lowest threshold decides, others do nothing."
        )
    # Without a comparator the first circuit decides, and that is its membrane's name.
    decides = np.where(
        comparators[membrane] > 0, config.fires, membrane == np.arange(CIRCUITS)
    )
    for term, circuits in active_terms(config.stored).items():
        idle = int((used & ~decides)[circuits].sum())
        if idle:
            yield (
                f"{term} is on in {idle} circuits that are joined to the one that"
                " decides over their membrane, and does nothing there."
            )

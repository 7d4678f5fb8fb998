"""What a read-out answers: its neurons by the height of their peaks, highest first."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from core.datasets.yinyang import YinYangDataset
from core.simulate import PopulationResult
from core.spec.experiment import ExperimentSpec
from core.spec.stimulus import YinYangSample

#: So many answers are said.
MOST: Final = 5


def answers(found: PopulationResult, names: Sequence[str] = ()) -> str:
    """Return the answers in words; nothing of less than two neurons.

    Peaks are those of the chip if it ran, else of the model; in model units.

    :param names: of the classes, if they are known
    """
    signal = found.cadc if found.cadc is not None else found.membrane
    if signal is None or signal.values.shape[0] == 0 or signal.values.shape[1] < 2:
        return ""
    peaks = np.max(signal.values, axis=0)
    order = np.argsort(-peaks, kind="stable")[:MOST].tolist()
    known = len(names) == len(peaks)
    said = [f"{names[n] if known else f'neuron {n}'} {peaks[n]:.2f}" for n in order]
    return f"highest peak: {', '.join(said)}"


def class_names(spec: ExperimentSpec) -> Sequence[str]:
    """Return the names of the classes of the data set that drives an input, if any."""
    if any(isinstance(stimulus, YinYangSample) for stimulus in spec.stimuli):
        names: Sequence[str] = YinYangDataset(size=1, seed=0).class_names
        return names
    return ()

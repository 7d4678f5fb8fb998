"""Training: a document, a data set and a `TrainSpec` become trained weights.

`train` is the one call that the page, demos and notebooks use.
"""

from core.training.checkpoint import Checkpoint
from core.training.data import (
    DATA_SETS,
    DataSpec,
    Samples,
    SpikePatternData,
    Splits,
    ToyData,
    YinYangData,
)
from core.training.examples import yin_yang_network
from core.training.history import History, Progress, Snapshot
from core.training.loop import Training, TrainResult, train
from core.training.network import Evaluation, refuse_unfit, with_weights
from core.training.settings import TrainSpec

__all__ = [
    "DATA_SETS",
    "Checkpoint",
    "DataSpec",
    "Evaluation",
    "History",
    "Progress",
    "Samples",
    "Snapshot",
    "SpikePatternData",
    "Splits",
    "ToyData",
    "TrainResult",
    "TrainSpec",
    "Training",
    "YinYangData",
    "refuse_unfit",
    "train",
    "with_weights",
    "yin_yang_network",
]

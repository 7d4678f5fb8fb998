"""A training as a file: its checkpoint, with the document, data and settings it needs.

An NPZ file of numbers and one JSON text. The entries are those of
`core.training.checkpoint.Checkpoint` and

=============  ===========================================================
``training``   JSON as bytes: ``document``, ``data`` and ``settings``
=============  ===========================================================

Files of others are unpacked by the child of `workbench.reader`, and checked here.
"""

import io
import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.errors import ConversionError
from core.spec.experiment import ExperimentSpec
from core.spec.json_data import from_data, to_data
from core.spec.json_io import from_json, to_json
from core.spec.spike_table import read_npz
from core.training import DATA_SETS, Checkpoint, DataSpec, TrainSpec
from workbench.read_upload import MAX_ENTRIES, TRAINING
from workbench.reader import READER, problems_of
from workbench.uploads import MAX_BYTES

#: How such files are called.
ENDING: Final = ".training.npz"


@dataclass(frozen=True)
class Plan:
    """What is trained on what and how."""

    spec: ExperimentSpec
    data: DataSpec
    settings: TrainSpec


def write_training(plan: Plan, checkpoint: Checkpoint) -> bytes:
    """Return the content of a file that `read_training` reads."""
    told = {
        "document": to_json(plan.spec),
        "data": {"kind": plan.data.kind, **to_data(plan.data)},
        "settings": to_data(plan.settings),
    }
    text = np.frombuffer(json.dumps(told).encode(), np.uint8)
    out = io.BytesIO()
    entries: Any = {**checkpoint.entries(), "training": text}
    np.savez_compressed(out, allow_pickle=False, **entries)
    return out.getvalue()


def read_training(name: str, raw: bytes) -> tuple[Plan, Checkpoint]:
    """Return the training in an uploaded file.

    :raises ConversionError: if there is none
    """
    if len(raw) > MAX_BYTES:
        what = f"it has {len(raw) / 1e6:.0f} MB, {MAX_BYTES / 1e6:.0f} are allowed."
        raise ConversionError(name, what, "Train a smaller network.")
    answer = READER.ask(TRAINING, raw)
    if "problems" in answer.head:
        raise ConversionError.of(problems_of(answer.head["problems"]))
    entries = read_npz(answer.arrays, most=MAX_ENTRIES)
    try:
        told = json.loads(entries.pop("training").tobytes())
        data = dict(told["data"])
        kind = DATA_SETS[data.pop("kind")]
        document, settings = told["document"], told["settings"]
    except (AttributeError, KeyError, TypeError, ValueError):
        what = "it holds no training."
        raise ConversionError(name, what, f"Choose a file *{ENDING}.") from None
    plan = Plan(from_json(document), from_data(kind, data), _settings(settings))
    return plan, Checkpoint.of_entries(entries, name)


def _settings(data: Any) -> TrainSpec:
    return from_data(TrainSpec, data)

"""A training on disk: arrays and one JSON text in an NPZ file, and no code in it.

=================  =========================================================
``state``          JSON as bytes: counters, learning rate, identity
``weight/NAME``    weights now;  ``best/NAME``  those of the best epoch
``optimiser/N/KEY``    state of the optimiser for the N-th projection
``history/CURVE``  the curves of `core.training.history.History`
=================  =========================================================

A file is checked before it is used: size, names, shapes, types, finite numbers, and the
document, data and settings that it belongs to. Pickles are refused.
"""

import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError

Arrays = dict[str, NDArray[Any]]

FORMAT: Final = 1
#: Larger files are refused, unpacked: they cannot come from a network of a chip.
MAX_BYTES: Final = 1 << 30
_COUNTERS = ("epoch", "step", "trial", "samples", "right")
_SUMS = ("loss_sum", "fired_sum", "seconds")


@dataclass(frozen=True)
class Checkpoint:
    """A training between two of its steps.

    :param identity: fingerprint of document, data and settings
    :param counters: whole numbers: epoch, step within it, trial of the chip, samples
        and right answers of the epoch so far
    :param sums: loss and spikes of the epoch so far, and seconds of the training
    :param arrays: everything else, see above
    """

    identity: str
    counters: dict[str, int]
    sums: dict[str, float]
    arrays: Arrays

    def entries(self) -> Arrays:
        """Return what an NPZ file of it holds, by name."""
        state = {
            "format": FORMAT,
            "identity": self.identity,
            **self.counters,
            **self.sums,
        }
        text = np.frombuffer(json.dumps(state).encode(), np.uint8)
        return {"state": text, **self.arrays}

    def save(self, path: str | Path) -> None:
        """Write an NPZ file."""
        with Path(path).open("wb") as file:
            entries: Any = self.entries()
            np.savez_compressed(file, allow_pickle=False, **entries)

    @classmethod
    def load(cls, path: str | Path) -> "Checkpoint":
        """Read a file that `save` wrote.

        :raises ConversionError: if it is none
        :raises FileNotFoundError: if there is no such file
        """
        where = f"checkpoint '{Path(path).name}'"
        try:
            with zipfile.ZipFile(path) as packed:
                size = sum(entry.file_size for entry in packed.infolist())
            if size > MAX_BYTES:
                raise ValueError(f"it unpacks to {size >> 20} MiB")
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except FileNotFoundError:
            raise
        # Anything can be in a file: whatever a library says of it, it is no checkpoint.
        except Exception as error:
            raise _no_checkpoint(where, error) from error
        return cls.of_entries(arrays, where)

    @classmethod
    def of_entries(cls, entries: Arrays, where: str = "checkpoint") -> "Checkpoint":
        """Return the checkpoint of what `entries` gave.

        :raises ConversionError: if it is none
        """
        try:
            arrays = dict(entries)
            state = json.loads(arrays.pop("state").tobytes())
            return cls._read(state, arrays)
        except Exception as error:  # as in `load`
            raise _no_checkpoint(where, error) from error

    @classmethod
    def _read(cls, state: Any, arrays: Arrays) -> "Checkpoint":
        if state["format"] != FORMAT:
            raise ValueError(f"its format is {state['format']!r}, {FORMAT} is known")
        counters = {name: state[name] for name in _COUNTERS}
        sums = {name: state[name] for name in _SUMS}
        if any(type(n) is not int or n < 0 for n in counters.values()):
            raise ValueError("a counter is no whole number")
        if not all(type(x) is float and math.isfinite(x) for x in sums.values()):
            raise ValueError("a sum is no number")
        for name, array in arrays.items():
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError(f"'{name}' holds other things than finite numbers")
        return cls(str(state["identity"]), counters, sums, arrays)

    def group(self, prefix: str) -> Arrays:
        """Return the arrays whose names begin with ``prefix/``, without it."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): array
            for name, array in self.arrays.items()
            if name.startswith(start)
        }


def _no_checkpoint(where: str, error: Exception) -> ConversionError:
    what = f"is no checkpoint of a training: {error}."
    return ConversionError(where, what, "Choose another.")


def grouped(prefix: str, arrays: Arrays) -> Arrays:
    """Return ``arrays`` under ``prefix/``."""
    return {f"{prefix}/{name}": array for name, array in arrays.items()}

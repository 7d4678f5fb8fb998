"""The data behind a plot as one table, and its files: CSV to read, NPZ to load.

Names of columns carry the unit: ``time_us``. Traces of one plot can have different
times, so a table is long: one row per sample, with its kind and neuron.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.units import us
from workbench.plots.raster import Band
from workbench.plots.rates import binned_rate
from workbench.plots.traces import NAMES, Membrane, Trace

#: Name of the rows of a difference: samples of the chip minus what was expected.
DIFFERENCE: Final = "difference"


@dataclass(frozen=True)
class Table:
    """Columns of equal length by name.

    :param title: what the table holds, in words
    """

    title: str
    columns: dict[str, NDArray[Any]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def csv(self) -> bytes:
        """Return the table as comma-separated values with a line of names."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        columns = [_texts(column) for column in self.columns.values()]
        writer.writerows(zip(*columns, strict=True))
        return out.getvalue().encode()

    def npz(self) -> bytes:
        """Return the table as a NumPy archive, one array per column."""
        out = io.BytesIO()
        np.savez_compressed(out, **self.columns)  # type: ignore[arg-type]
        return out.getvalue()

    def text(self, row: int) -> list[str]:
        """Return the cells of one row as a person reads them."""
        return [_texts(column[row : row + 1])[0] for column in self.columns.values()]


def membrane_table(title: str, shown: Membrane) -> Table:
    """Return all samples of the traces that are shown; a difference is one of them."""
    traces = list(shown.traces[::-1])  # the past comes last
    if shown.difference is not None:
        of = shown.difference
        values = of.high - of.low
        traces.append(Trace(DIFFERENCE, of.neuron, of.time, values))
    counts = [len(t.values) for t in traces]
    names = [NAMES.get(t.kind, t.kind) for t in traces]
    unit = "lsb" if shown.unit.endswith("LSB") else "model"
    return Table(
        title,
        {
            "trace": np.repeat(np.array(names, str), counts),
            "neuron": np.repeat(np.array([t.neuron for t in traces], int), counts),
            "time_us": _joined([t.time / us for t in traces]),
            f"value_{unit}": _joined([t.values for t in traces]),
        },
    )


def raster_table(bands: Sequence[Band]) -> Table:
    """Return all spikes; beside those of a chip, those of the model; those recorded."""
    parts = [(b.name, "spike", b.time, b.neuron) for b in bands]
    parts += [
        (b.name, "model spike", b.faint_time, b.faint_neuron)
        for b in bands
        if len(b.faint_time)
    ]
    parts += [
        (b.name, "recorded spike", b.recorded_time, b.recorded_neuron)
        for b in bands
        if len(b.recorded_time)
    ]
    counts = [len(time) for _, _, time, _ in parts]
    return Table(
        "spikes",
        {
            "population": np.repeat(np.array([p[0] for p in parts], str), counts),
            "kind": np.repeat(np.array([p[1] for p in parts], dtype=str), counts),
            "neuron": _joined([p[3] for p in parts]).astype(int),
            "time_us": _joined([p[2] / us for p in parts]),
        },
    )


def rates_table(bands: Sequence[Band], duration: float) -> Table:
    """Return the rate of each population in each bin."""
    found = {b.name: binned_rate(b.time, b.size, duration) for b in bands}
    edges = next((e for e, _ in found.values()), np.zeros(1))
    columns = {"from_us": edges[:-1] / us, "to_us": edges[1:] / us}
    rates = {f"{name}_hz": rate for name, (_, rate) in found.items()}
    return Table("rates", columns | rates)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0), *parts])


def _texts(column: NDArray[Any]) -> list[str]:
    """Return the entries as text; floats with seven digits, a missing one empty."""
    if column.dtype.kind != "f":
        return [str(entry) for entry in column.tolist()]
    return ["" if entry != entry else f"{entry:.7g}" for entry in column.tolist()]

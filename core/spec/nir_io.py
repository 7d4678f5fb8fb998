r"""Networks as NIR graphs, and back.

A NIR file (neuromorphic intermediate representation) has a node for each population
and each weight matrix; here a weight matrix is an edge. What is read and written:

=====================  ===================================================
NIR                    network
=====================  ===================================================
Input                  `InputSpec`, its size from the shape
CubaLIF, CubaLI        `LIFSpec`, `LISpec`
LIF, LI                the same without ``tau_syn``: a current of one step
IF, I                  the same without leak
Linear, Affine, ...    `ProjectionSpec`; chains become one
bias of an Affine      `ConstantCurrent`
Delay                  ``delay`` of the projection
graph in the graph     its nodes, named ``outer.inner``
Output                 the population that feeds it is one of ``outputs``
=====================  ===================================================

Time: file number × ``time_factor`` = seconds on the chip. The default 1e-3 fits files
in seconds of a biological model, which runs 1000 times faster here, and files in ms.

Resistance: NIR has ``tau_mem dv/dt = (v_leak - v) + r I``, a population ``C dv/dt =
C / tau_mem (leak - v) + i``. Both agree for ``C = tau_mem / r``; r = 1 is C = tau_mem.
Input weights are explained in `core.spec.nir.neurons`, the two styles of writing in
`core.spec.nir.numbers`.

What NIR has no field for (hardware values, positions, ...) is written as JSON text
under the key ``hx`` of the node's metadata, together with the exact numbers. They count
as long as they agree with the numbers of the file, which are single precision.
"""

import io
from contextlib import suppress

import h5py
import nir

from core.errors import ConversionError, Problem
from core.spec.nir.read import Conversion, from_nir
from core.spec.nir.report import ImportReport
from core.spec.nir.support import ROLES
from core.spec.nir.times import SNNTORCH_STEP, TIME_FACTOR
from core.spec.nir.write import export_notes, to_nir


def write_nir_bytes(graph: nir.NIRGraph) -> bytes:
    """Return the content of the file that holds ``graph``.

    :raises ConversionError: if `nir` cannot write it
    """
    file = io.BytesIO()
    try:
        nir.write(file, graph)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConversionError("NIR file", f"nir cannot write it: {error}.") from error
    return file.getvalue()


def read_nir_bytes(raw: bytes) -> nir.NIRGraph:
    """Return the graph in the content ``raw`` of a file that you trust.

    HDF5 of others can read local files and never end: `workbench.uploads` opens it
    in a child process.

    :raises ConversionError: if it is no NIR graph
    """
    try:
        return nir.read(io.BytesIO(raw), type_check=False)
    except Exception as error:  # h5py and nir raise almost anything on a damaged file
        unknown = _unknown_types(raw)
        if unknown:
            raise ConversionError.of(unknown) from None
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ConversionError(
            "NIR file",
            f"it cannot be read ({reason}).",
            f"Write it again with nir {nir.version}.",
        ) from error


def _unknown_types(raw: bytes) -> list[Problem]:
    """Return a problem for each node of a type that `nir` has not, as far as known."""
    types = {}
    with suppress(Exception), h5py.File(io.BytesIO(raw), "r") as file:
        for name, node in file["node/nodes"].items():
            types[name] = str(node["type"].asstr()[()])
    return [
        Problem(
            f"node '{name}'",
            f"nir {nir.version} knows no node of type '{kind[:80]}'.",
            f"Use the types {', '.join(ROLES)}.",
        )
        for name, kind in types.items()
        if kind not in nir.ir.__all__
    ]


__all__ = [
    "SNNTORCH_STEP",
    "TIME_FACTOR",
    "Conversion",
    "ImportReport",
    "export_notes",
    "from_nir",
    "read_nir_bytes",
    "to_nir",
    "write_nir_bytes",
]

r"""Networks as NIR graphs, and back.

A NIR file (neuromorphic intermediate representation) has a node for each population
and each weight matrix; here a weight matrix is an edge. What is read and written:

=================  =======================================================
NIR                network
=================  =======================================================
Input              `InputSpec`, its size from the shape
CubaLIF, CubaLI    `LIFSpec`, `LISpec`, one value per parameter
Linear             `ProjectionSpec`
Affine             the same, if its bias is zero
Output             the population that feeds it is one of ``outputs``
=================  =======================================================

Time: file number × ``time_factor`` = seconds on the chip. The default 1e-3 fits files
in seconds of a biological model, which runs 1000 times faster here, and files in ms.

Resistance: NIR has ``tau_mem dv/dt = (v_leak - v) + r I``, a population ``C dv/dt =
C / tau_mem (leak - v) + i``. Both agree for ``C = tau_mem / r``; r = 1 is C = tau_mem.

Input weight: with ``w_in = 1`` a spike raises the current by the weight, as in hxtorch
and Norse. Another ``w_in`` multiplies the weights, with one exception: frameworks that
count in steps (snnTorch) write ``r = tau_mem / dt`` and ``w_in = tau_syn / dt``, and
mean that a spike, which lasts one step, raises the current by the weight. If r and w_in
agree on one dt, the weights stay as they are and C = tau_mem / r is that dt.

What NIR has no field for (hardware values, positions, ...) is written as JSON text
under the key ``hx`` of the node's metadata, together with the exact numbers. They count
as long as they agree with the numbers of the file, which are single precision.
"""

import io

import h5py
import nir

from core.errors import ConversionError, Problem
from core.spec.nir_export import TIME_FACTOR, to_nir
from core.spec.nir_import import Conversion, from_nir


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
        unknown = _unknown_types(raw)
        graph = None if unknown else nir.read(io.BytesIO(raw), type_check=False)
    except Exception as error:  # h5py and nir raise almost anything on a damaged file
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ConversionError(
            "NIR file",
            f"it cannot be read ({reason}).",
            f"Write it again with nir {nir.version}.",
        ) from error
    if unknown:
        raise ConversionError.of(unknown)
    return graph


def _unknown_types(raw: bytes) -> list[Problem]:
    with h5py.File(io.BytesIO(raw), "r") as file:
        types = {
            name: str(node["type"].asstr()[()])
            for name, node in file["node/nodes"].items()
        }
    return [
        Problem(
            f"node '{name}'",
            f"nir {nir.version} knows no node of type '{kind[:80]}'.",
            "Use the types Input, Output, Linear, CubaLIF and CubaLI.",
        )
        for name, kind in types.items()
        if kind not in nir.ir.__all__
    ]


__all__ = [
    "TIME_FACTOR",
    "Conversion",
    "from_nir",
    "read_nir_bytes",
    "to_nir",
    "write_nir_bytes",
]

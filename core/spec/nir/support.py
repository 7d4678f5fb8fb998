"""The node types of NIR: what becomes of each here, in the model and on the chip.

``python -m core.spec.nir docs/nir.md`` writes the table into the page.
"""

from typing import Final, NamedTuple

from core.spec.nir.operators import MAX_ALL_WEIGHTS, MAX_WEIGHTS


class Support(NamedTuple):
    """What becomes of one type of node.

    :param role: ``input``, ``neurons``, ``operator``, ``output`` or ``graph``
    :param mock: what it is in the model
    :param chip: what it is on the chip
    :param export: what is written as such a node
    :param limits: what it cannot do
    """

    type: str
    role: str
    mock: str
    chip: str
    export: str
    limits: str = ""


_FOLDED = "weights of the projection"
_UNROLLED = "unrolled into the weights of the projection"
_CHIP_WEIGHTS = "6 bits and a sign, at most 128 signed inputs of a neuron"
_SHORT = "the shortest synaptic time constant, with the same charge"

#: All types that can be read. A type that is not here is refused.
SUPPORT: Final = (
    Support("Input", "input", "input", "input", "input", "any shape, read row by row"),
    Support("Output", "output", "read out", "read out", "read out", "one per source"),
    Support("Linear", "operator", "projection", _CHIP_WEIGHTS, "projection"),
    Support(
        "Affine",
        "operator",
        "projection; a bias is a constant current",
        "the same; the current from the source on the chip",
        "a projection into neurons with a constant current",
        "with a tau_syn: bias × tau_syn / dt at once, not rising with tau_syn",
    ),
    Support("Scale", "operator", _FOLDED, _FOLDED, "–"),
    Support("Flatten", "operator", _FOLDED, _FOLDED, "–", "row by row"),
    Support(
        *("Conv1d", "operator", _UNROLLED, _CHIP_WEIGHTS, "–"),
        f"at most {MAX_WEIGHTS:,} weights, {MAX_ALL_WEIGHTS:,} in all",
    ),
    Support("Conv2d", "operator", _UNROLLED, _CHIP_WEIGHTS, "–", "as Conv1d"),
    Support("SumPool2d", "operator", _UNROLLED, _CHIP_WEIGHTS, "–", "as Conv1d"),
    Support(
        *("AvgPool2d", "operator", _UNROLLED, _CHIP_WEIGHTS, "–"),
        "padding counts as zeros",
    ),
    Support(
        *("Delay", "operator", "delay of the projection", "refused"),
        *("projection with a delay", "one delay for all channels, whole steps"),
    ),
    Support("I", "neurons", "LI, no leak, no tau_syn", "refused", "such an LI"),
    Support("IF", "neurons", "LIF, no leak, no tau_syn", "refused", "such a LIF"),
    Support("LI", "neurons", "LI without tau_syn", _SHORT, "such an LI"),
    Support("LIF", "neurons", "LIF without tau_syn", _SHORT, "such a LIF"),
    Support("CubaLI", "neurons", "LI", "LI", "LI"),
    Support(
        *("CubaLIF", "neurons", "LIF", "LIF", "LIF; AdEx with a note"),
        "reset to v_reset: nothing in a file says whether its writer subtracts",
    ),
    Support(
        *("Threshold", "neurons", "LIF with tau_mem = C = dt", "LIF"),
        *("–", "after weights only, exact for that dt"),
    ),
    Support(
        *("NIRGraph", "graph", "opened: `outer.inner`", "the same"),
        *("recurrent groups of names `outer.inner`", "one Input and one Output each"),
    ),
)
ROLES: Final = {row.type: row.role for row in SUPPORT}
#: Where the table stands in the page.
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def table() -> str:
    """Return the table of all types in Markdown."""
    head = ("node", "import, model", "import, chip", "export", "limits")
    rows = [(f"`{r.type}`", r.mock, r.chip, r.export, r.limits or "–") for r in SUPPORT]
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def with_table(page: str) -> str:
    """Return ``page`` with the table between its two marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"

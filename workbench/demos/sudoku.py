"""Exercise 43: a sudoku of 4 × 4 that 64 neurons solve by inhibiting each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.demo import (
    Condition,
    Control,
    Demo,
    Observable,
    Observation,
    number,
)
from core.simulate import RunResult, simulate
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import PoissonSpikes
from core.units import us

#: Digits, cells and neurons: one neuron for each digit in each cell.
DIGITS = 4
CELLS = DIGITS**2
SIZE = CELLS * DIGITS
#: The one solution, digits 0…3, row by row; the order in which cells are given.
SOLUTION = np.array([0, 1, 2, 3, 2, 3, 0, 1, 1, 0, 3, 2, 3, 2, 1, 0])
ORDER = (0, 8, 5, 11, 3, 14, 6, 13, 1, 2, 4, 7, 9, 10, 12, 15)
#: Weights of the noise onto a free and onto a given digit, LSB.
NOISE, CLUE = 30.0, 63.0
#: LSB of a model weight of 1.
SCALE = 63.0
#: Digits are read from the last part of a run: the network has decided by then.
READ = 0.5


def rules() -> NDArray[Any]:
    """Return which neurons exclude each other, shape (64, 64), 0 or 1.

    Two digits of a cell, and one digit twice in a row, a column or a block.
    """
    cell, digit = np.divmod(np.arange(SIZE), DIGITS)
    row, column = np.divmod(cell, DIGITS)
    block = row // 2 * 2 + column // 2

    def same(of: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray(np.equal.outer(of, of))

    line = same(row) | same(column) | same(block)
    excluded = same(cell) ^ (same(digit) & line)
    return np.where(np.eye(SIZE, dtype=bool), 0.0, excluded)


def drive(hints: int) -> NDArray[Any]:
    """Return the weights of the noise, LSB: strong where a digit is given.

    A clue has no input of its own: 64 noisy and 64 recurrent sources of both signs
    take all 256 synapse rows of a hemisphere.
    """
    given = np.zeros(SIZE, bool)
    cells = np.array(ORDER[:hints], int)
    given[cells * DIGITS + SOLUTION[cells]] = True
    return np.diag(np.where(given, CLUE, NOISE))


def hints(spec: ExperimentSpec) -> float:
    """Return how many digits are given."""
    weights = spec.network.projection("drive").weights.diagonal() * SCALE
    return float((weights > (CLUE + NOISE) / 2).sum())


def _give(spec: ExperimentSpec, count: float) -> ExperimentSpec:
    new = spec.network.projection("drive").replace(weights=drive(round(count)) / SCALE)
    return spec.replace(network=spec.network.with_projection(new))


HINTS = Control(
    "given digits", hints, _give, 0, CELLS, 1, "", "How many cells are filled in."
)


def recurrent(inhibition: float, excitation: float) -> NDArray[Any]:
    """Return the weights between the neurons, LSB.

    One projection with both signs: two would need more synapse rows than there are.
    """
    return np.eye(SIZE) * excitation - rules() * inhibition


def _now(spec: ExperimentSpec) -> tuple[float, float]:
    weights = spec.network.projection("rules").weights
    return -float(weights.min()) * SCALE, float(weights.max()) * SCALE


def _with(spec: ExperimentSpec, inhibition: float, excitation: float) -> ExperimentSpec:
    weights = recurrent(inhibition, excitation) / SCALE
    new = spec.network.projection("rules").replace(weights=weights)
    return spec.replace(network=spec.network.with_projection(new))


INHIBITION = Control(
    "inhibition",
    lambda spec: _now(spec)[0],
    lambda spec, lsb: _with(spec, lsb, _now(spec)[1]),
    0,
    63,
    1,
    "LSB",
    "Between digits that exclude each other.",
)
EXCITATION = Control(
    "self-excitation",
    lambda spec: _now(spec)[1],
    lambda spec, lsb: _with(spec, _now(spec)[0], lsb),
    0,
    63,
    1,
    "LSB",
    "Of each neuron by its own spikes: who fires goes on.",
)


def spec() -> ExperimentSpec:
    """Return the network with its rules nearly off."""
    neurons = LIFSpec(
        "digits",
        SIZE,
        position=(180, 60),
        leak=Value(0.0),
        reset=Value(-0.3),
        threshold=Value(0.6),
        tau_mem=10 * us,
        tau_syn=5 * us,
        refractory_time=2 * us,
        scale=VoltageScale(offset=90, gain=45),
    )
    parts = {
        "drive": ("noise", "digits", drive(8)),
        "rules": ("digits", "digits", recurrent(0, 20)),
    }
    network = NetworkSpec(
        (
            InputSpec("noise", SIZE, position=(0, 60)),
            neurons,
        ),
        tuple(
            ProjectionSpec(name, source, target, w / SCALE, SCALE)
            for name, (source, target, w) in parts.items()
        ),
        ("digits",),
    )
    return ExperimentSpec(
        network=network,
        stimuli=(PoissonSpikes("noise", rate=5e5, seed=1234),),
        recording=RecordingSpec(madc_population="digits"),
        run=RunSpec(mode="both", runtime=500 * us),
        view=ViewSpec(selected="rules"),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Let digits that exclude each other inhibit each other with 50 LSB."""
    return INHIBITION.put(start, 50)


def grid(result: RunResult) -> NDArray[Any]:
    """Return the digit that fired most in each cell, late in the run; −1: none."""
    spikes = result.populations["digits"].spikes
    assert spikes is not None, "the population spikes"
    late = spikes.neuron[spikes.time >= READ * result.duration]
    counts = np.bincount(late, minlength=SIZE).reshape(CELLS, DIGITS)
    return np.where(counts.any(1), counts.argmax(1), -1)


def correct(spec: ExperimentSpec, result: RunResult) -> float:
    """Return in how many cells the right digit fired most."""
    return float((grid(result) == SOLUTION).sum())


def with_hints(count: int) -> Observable:
    """Return the observable of the mean of right cells, with so many given digits."""

    def observe(spec: ExperimentSpec, result: RunResult) -> float:
        found = []
        for seed in range(5):
            noise = PoissonSpikes("noise", rate=5e5, seed=seed)
            point = HINTS.put(spec.replace(stimuli=(noise,)), count)
            found.append(correct(point, simulate(point)))
        return float(np.mean(found))

    return observe


def picture(spec: ExperimentSpec, result: RunResult) -> str:
    """Return the grid as SVG: given digits bold, wrong ones crossed out."""
    digits, given = grid(result), set(ORDER[: round(hints(spec))])
    parts = []
    for cell, digit in enumerate(digits):
        x, y = cell % DIGITS * 34 + 2, cell // DIGITS * 34 + 2
        right = digit == SOLUTION[cell]
        line = "" if right else f'<path d="M{x + 8} {y + 26}L{x + 26} {y + 8}"/>'
        weight = 700 if cell in given else 400
        shown = "" if digit < 0 else digit + 1
        parts.append(
            f'<rect x="{x}" y="{y}" width="34" height="34"/>{line}'
            f'<text x="{x + 17}" y="{y + 23}" font-weight="{weight}">{shown}</text>'
        )
    blocks = '<path stroke-width="2.5" d="M2 2h136v136h-136zM70 2v136M2 70h136"/>'
    return (
        '<svg viewBox="0 0 140 140" width="140" height="140" role="img" '
        'aria-label="The grid" fill="none" stroke="currentColor" font-size="17" '
        'text-anchor="middle"><style>text{fill:currentColor;stroke:none}</style>'
        f"{''.join(parts)}{blocks}</svg>"
    )


DEMO = Demo(
    order=8,
    title="Sudoku 4 × 4",
    sentence="Sixty-four neurons exclude each other until the digits fit.",
    spec=spec,
    plots=("model", "cadc", "ghost", "rates"),
    controls=(
        INHIBITION,
        EXCITATION,
        HINTS,
        number(("noise", "seed"), "seed of the noise", 0, 9999, 1),
        number(("run", "runtime"), "run time", 100, 2000, 50, unit="µs", scale=1e6),
    ),
    task=(
        "One neuron stands for one digit in one cell. Noise drives all of them, the "
        "given digits most. The **rules** are inhibition between what excludes each "
        "other; now they are off.\n\n"
        "Switch the rules on until **all 16 cells** are right. How few given digits "
        "are enough, and what comes out with none?"
    ),
    goal=(Condition(correct, "{} of 16 cells are right", CELLS, CELLS),),
    hint="Inhibition from 30 LSB on decides. With 5 digits two solutions fit.",
    solution=solution,
    picture=picture,
    observations=(
        Observation(
            "8 given digits: 15.9 of 16 cells",
            Condition(with_hints(8), "{} cells", 14, 16),
        ),
        Observation(
            "4 given digits: 10.4 of 16 cells",
            Condition(with_hints(4), "{} cells", 7, 16),
            "With our four digits two grids fit, which differ in 8 cells or fewer.",
        ),
    ),
    source="Sudoku (fp_sudoku and gs_04-2 of the BrainScaleS-2 tutorials)",
    equivalents=(
        "Calibrated neurons. Noise of 500 kHz with a weight of 30, self-excitation 20, "
        "inhibition 50, clue 63, all in LSB as in the exercise. A clue is a stronger "
        "noise, because inputs of their own would need more synapse rows than there "
        "are. Digits are read from the second half of the run. The published numbers "
        "are means over sudokus, ours over noise."
    ),
)

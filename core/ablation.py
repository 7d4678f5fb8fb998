"""Which non-ideality is to blame: switch one off at a time and run again.

A row of the table says what an observable becomes on a chip that lacks one source, all
seeds being the same. The first row is the chip as it is. The last ones are the model
with the weights that the chip can hold, and the model itself: what is between those two
is due to rounding and clipping, and no chip can be without.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from core.errors import RecordingError
from core.nonideality import GROUPS, MASTERS, active, sources, without
from core.on_chip import weight_scale
from core.rounding import chip_weights
from core.simulate import PopulationResult, Raster, RunResult, StageMemory, simulate
from core.spec.chip import ChipSpec
from core.spec.experiment import ExperimentSpec

#: Told what is measured next, and which share is done.
Progress = Callable[[str, float], None]
Cancel = Callable[[], bool]

SPIKE_COUNT: Final = "spike count"
COUNT_ERROR: Final = "spike count, difference from the model"
MEMBRANE_ERROR: Final = "membrane, RMS distance from the model"
OBSERVABLES: Final = (SPIKE_COUNT, COUNT_ERROR, MEMBRANE_ERROR)
AS_IT_IS, ALL_OFF = "chip as it is", "all off"
#: What is left of the way to the model, which has no chip at all.
ROUNDED, MODEL = "model, weights as on the chip", "ideal model"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :param source: what was switched off, in words
    :param names: the fields of `ChipSpec` that were switched off
    :param value: the observable without it
    """

    source: str
    names: tuple[str, ...]
    value: float


def cases(chip: ChipSpec, *, single: bool) -> dict[str, tuple[str, ...]]:
    """Return what is switched off, by its name in words.

    :param single: True for each source by itself, False for whole groups
    """
    live = active(chip)
    each: dict[str, tuple[str, ...]] = {s.label: (s.name,) for s in live}
    if not single:
        each = {
            group: tuple(s.name for s in live if s.group == group)
            for group in GROUPS
            if any(s.group == group for s in live)
        }
    return each | {ALL_OFF: tuple(s.name for s in sources() if s.name not in MASTERS)}


def ablate(
    spec: ExperimentSpec,
    population: str,
    observable: str,
    *,
    single: bool = False,
    progress: Progress = lambda name, share: None,
    cancel: Cancel = lambda: False,
    memory: StageMemory | None = None,
) -> Iterator[Row]:
    """Yield the rows of the table as they are measured.

    :param population: whose spikes or membranes are looked at
    :param observable: one of `OBSERVABLES`
    :param progress: told what is measured next
    :param cancel: asked before each run
    :raises RecordingError: if the population does not have what is asked for
    """
    spec = spec.replace(run=spec.run.replace(mode="both"))
    off = cases(spec.chip, single=single)
    runs = {AS_IT_IS: (), **off}
    for index, (label, names) in enumerate(runs.items()):
        if cancel():
            return
        progress(label, index / len(runs))
        result = simulate(spec.replace(chip=without(spec.chip, names)), memory)
        found = result.populations[population]
        if index == 0:
            ideal = found
        yield Row(label, names, measure(found, observable))
    progress(ROUNDED, 1.0)
    rounded = _rounded(spec).populations[population]
    for label, model in ((ROUNDED, rounded), (MODEL, ideal)):
        # The model in the place of the chip.
        found = replace(ideal, chip_spikes=model.model_spikes, cadc=model.membrane)
        yield Row(label, (), measure(found, observable))


def _rounded(spec: ExperimentSpec) -> RunResult:
    """Run the model with the weights that the chip can hold."""
    network = spec.network
    for projection in network.projections:
        scale = max(weight_scale(projection, spec), 1e-9)
        weights = chip_weights(projection, spec) / scale
        network = network.with_projection(projection.replace(weights=weights))
    run = spec.run.replace(mode="mock")
    return simulate(spec.replace(network=network, run=run))


def measure(found: PopulationResult, observable: str) -> float:
    """Return an observable of what a population did on the chip.

    :raises RecordingError: if it was not recorded
    """
    if observable == MEMBRANE_ERROR:
        return _distance(found)
    chip, model = _count(found.chip_spikes), _count(found.model_spikes)
    if chip is None or model is None:
        raise _missing(found, "spikes")
    return float(chip if observable == SPIKE_COUNT else chip - model)


def _count(spikes: Raster | None) -> int | None:
    return None if spikes is None else len(spikes.time)


def _distance(found: PopulationResult) -> float:
    """Return the RMS distance of CADC samples from the model, model units."""
    if found.cadc is None or found.membrane is None:
        raise _missing(found, "CADC samples")
    model, cadc = found.membrane, found.cadc
    total = 0.0
    for neuron in range(cadc.values.shape[1]):
        time = cadc.time if cadc.time.ndim == 1 else cadc.time[:, neuron]
        at = np.interp(time, model.time, model.values[:, neuron])
        total += float(np.sum((cadc.values[:, neuron] - at) ** 2))
    return float(np.sqrt(total / max(cadc.values.size, 1)))


def _missing(found: PopulationResult, what: str) -> RecordingError:
    return RecordingError(
        f"population '{found.name}'",
        f"has no {what} to compare.",
        "Choose another observable or population, or switch the CADC on.",
    )

"""The typical scale numbers of the chip, measured on one emulated chip.

Measured as on silicon: neurons fill the chip, run, and are read by their converters.
The published numbers and their bands are those that tests on real chips assert.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import torch

import core
from core.chip.geometry import CIRCUITS
from core.chip.pipeline import StageMemory
from core.morphology import AtomicNeuron
from core.spec.chip import TYPICAL
from core.units import CYCLES_PER_US, WEIGHT_MAX
from core.utils.dynamic_range.helper import (
    ConstantCurrentNeuron,
    ConstantCurrentReadoutNeuron,
)

STEPS: Final = 110
BATCH: Final = 4
_SPIKE_STEP = 10
#: Default targets: threshold 125 and leak 80, LSB.
_THRESHOLD = 45.0
#: How much higher a membrane rests for the slope of its responses, LSB.
_LIFT = 30


@dataclass(frozen=True)
class Band:
    """A figure of real chips.

    :param wanted: the published value
    :param low: lowest value that a test on real chips accepts
    :param high: highest
    """

    name: str
    unit: str
    wanted: float
    low: float
    high: float


BANDS: Final = (
    Band("baseline", "LSB, raw − 128", -48.5, -54.0, -36.0),
    Band("upper limit of the membrane", "LSB, raw − 128", 100.0, 80.0, 120.0),
    Band("lower limit of the membrane", "LSB, raw − 128", -103.0, -123.6, -82.4),
    Band("PSP per weight", "LSB", 0.35, 0.28, 0.43),
    Band("PSP lost per LSB of the membrane", "LSB", 0.08, 0.0, 0.08),
    Band("weight scale", "", 50.0, 40.0, 60.0),
    Band("trace scale", "1/LSB", 1 / 45, 1 / 45 - 0.007, 1 / 45 + 0.007),
    Band("MADC samples in 110 µs", "", 3235, 3235, 3235),
    Band("CADC period", "µs", 1.7, 1.0, 2.5),
)


def scales(number: int) -> dict[str, float]:
    """Return what the chip with a serial number shows, by the names of `BANDS`."""
    memory = StageMemory()
    build = partial(_measure, number, memory)
    rest = build(core.LI, madc=True)
    baseline = rest.trace.mean((0, 1))  # (neurons,)
    lifted = build(_driven(ConstantCurrentReadoutNeuron, "source")).late()
    drawn = build(_driven(ConstantCurrentReadoutNeuron, "sink")).late()
    fired = build(_driven(ConstantCurrentNeuron, "source")).trace - baseline
    above = fired.amax(0).mean(0)
    psp = _heights(build(core.LI, weight=WEIGHT_MAX)) / WEIGHT_MAX
    higher = build(partial(core.LI, leak=80 + _LIFT), weight=WEIGHT_MAX)
    slope = (WEIGHT_MAX * psp - _heights(higher)) / _LIFT
    steps = np.diff(rest.cadc_cycles, axis=0) / CYCLES_PER_US
    periods = steps[steps > 0]  # entries with fewer samples repeat their last one
    return {
        "baseline": float(baseline.mean()),
        "upper limit of the membrane": float(lifted.mean()),
        "lower limit of the membrane": float(drawn.mean()),
        "PSP per weight": float(psp.mean()),
        "PSP lost per LSB of the membrane": float(slope.median()),
        "weight scale": float((model_psp() / psp).mean()) * _THRESHOLD,
        "trace scale": float(1 / above.mean()),
        "MADC samples in 110 µs": float(rest.madc_samples),
        "CADC period": float(periods.mean()),
    }


def _heights(run: "_Run") -> torch.Tensor:
    """Return the mean height of the response of each neuron, LSB."""
    rest = run.trace[: _SPIKE_STEP - 1].mean(0)
    return (run.trace - rest).amax(0).mean(0)


def model_psp() -> float:
    """Return the height of a response to one spike of weight 1 in the model."""
    experiment = core.Experiment(mock=True)
    inputs = torch.zeros(STEPS, 1, 1)
    inputs[_SPIKE_STEP] = 1
    synapse = core.Synapse(1, 1, experiment)
    synapse.weight.data.fill_(1.0)
    handle = core.LI(1, experiment, leak=core.MixedHXModelParameter(0.0, 80))(
        synapse(core.LIFObservables(spikes=inputs))
    )
    core.run(experiment, STEPS)
    return float(handle.membrane_cadc.detach().max())


@dataclass(frozen=True)
class _Run:
    trace: torch.Tensor
    cadc_cycles: Any
    madc_samples: int

    def late(self) -> torch.Tensor:
        """Return the mean over entries and the last fifth of the time."""
        return self.trace[-len(self.trace) // 5 :].mean((0, 1))


def _driven(kind: type[core.LI | core.LIF], current: str) -> Callable[..., Any]:
    def build(*arguments: Any, **parameters: Any) -> Any:
        neurons: Any = kind(*arguments, **parameters)
        neurons.current_type = AtomicNeuron.ConstantCurrent.Type[current]
        return neurons

    return build


def _measure(
    number: int,
    memory: StageMemory,
    kind: Callable[..., Any],
    *,
    weight: float = 0.0,
    madc: bool = False,
) -> _Run:
    """Return what neurons that fill the chip do."""
    experiment = core.Experiment(
        mock=False, chip_spec=replace(TYPICAL, number=number), memory=memory
    )
    inputs = torch.zeros(STEPS, BATCH, 1)
    inputs[_SPIKE_STEP] = 1
    synapse = core.Synapse(1, CIRCUITS, experiment)
    synapse.weight.data.fill_(weight)
    recorded = {"enable_madc_recording": True, "record_neuron_id": 0} if madc else {}
    neurons = kind(CIRCUITS, experiment, **recorded)
    handle = neurons(synapse(core.LIFObservables(spikes=inputs)))
    core.run(experiment, STEPS)
    output = experiment.last_execution.output
    return _Run(
        handle.membrane_cadc.detach(),
        output.cadc_cycles,
        0 if output.madc is None else len(output.madc),
    )

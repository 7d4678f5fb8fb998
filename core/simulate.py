"""One call from a document to plain results: for the page, notebooks and sweeps."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core import on_chip
from core.build import SNN, refuse
from core.chip.pipeline import StageMemory
from core.chip.readout import MADC_OFFSET, MADC_PER_LSB
from core.chip.results import Events, Execution
from core.datasets.yinyang import YinYangDataset
from core.errors import Problem
from core.kernels.emulation_readout import ADAPTATION_PER_CURRENT, ADAPTATION_REST
from core.rounding import clipped, fitting_scale, wanted
from core.spec.experiment import ExperimentSpec
from core.spec.fields import each, fingerprint
from core.spec.network import LISpec
from core.spec.stimulus import Stimulus, YinYangSample, spikes
from core.transforms.encode import CoordinatesToSpikes
from core.units import CYCLE, WEIGHT_MAX, us

__all__ = [
    "PopulationResult",
    "Raster",
    "RunResult",
    "Signal",
    "StageMemory",
    "clipped_weights",
    "input_spikes",
    "simulate",
]


@dataclass(frozen=True)
class Raster:
    """Spikes of one population.

    :param time: shape (spikes,), s
    :param neuron: shape (spikes,)
    """

    time: NDArray[np.floating[Any]]
    neuron: NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Signal:
    """Samples of the membranes of one population, model units.

    :param time: shape (samples,), or (samples, neurons) where each has its own, s
    :param values: shape (samples, neurons)
    """

    time: NDArray[np.floating[Any]]
    values: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class PopulationResult:
    """What one population did; None is what was not recorded or does not exist.

    :param model_spikes: spikes of the ideal model
    :param membrane: membrane of the ideal model
    :param chip_spikes: spikes from the emulated chip, on its 8 ns grid
    :param cadc: CADC samples
    :param madc: MADC samples of the one neuron ``madc_neuron``, values (samples, 1)
    :param true: membrane of the circuits themselves, once per µs, if it was kept
    :param current: synaptic current of the ideal model
    :param adaptation: adaptation current of the ideal model
    :param adaptation_madc: as ``madc``, where the MADC reads the adaptation
    """

    name: str
    size: int
    model_spikes: Raster | None = None
    membrane: Signal | None = None
    chip_spikes: Raster | None = None
    cadc: Signal | None = None
    madc: Signal | None = None
    madc_neuron: int | None = None
    true: Signal | None = None
    current: Signal | None = None
    adaptation: Signal | None = None
    adaptation_madc: Signal | None = None

    @property
    def spikes(self) -> Raster | None:
        """The spikes to show: those of the chip, if it ran."""
        return self.model_spikes if self.chip_spikes is None else self.chip_spikes


@dataclass(frozen=True)
class RunResult:
    """Everything one run of a document produced.

    :param fingerprint: of the document it was computed from
    :param duration: hardware time, s
    :param populations: by name
    :param execution: the stages of the chip, None in mock
    :param seconds: wall time of the run
    :param problems: notes of the run: what was clipped, rounded or missed
    """

    fingerprint: str
    mode: str
    duration: float
    populations: dict[str, PopulationResult]
    execution: Execution | None = None
    seconds: float = 0.0
    problems: tuple[Problem, ...] = field(default=())


def simulate(
    spec: ExperimentSpec, memory: StageMemory | None = None, *, truth: bool = False
) -> RunResult:
    """Run a document on what its ``run.mode`` says.

    :param memory: keeps the stages of the chip from run to run, so that a changed
        weight does not calibrate again
    :param truth: also keep the true membranes of the chip, which silicon cannot show
    :raises NetworkError: if `check` finds an error, or the chip cannot do it; lists
        all of them
    """
    started = time.perf_counter()
    refuse(spec, mock=spec.run.mode == "mock")
    inputs = input_spikes(spec)
    found: dict[str, dict[str, Any]] = {p.name: {} for p in spec.network.populations}
    for name, drawn in inputs.items():
        found[name]["model_spikes"] = _raster(drawn.numpy(), spec.run.dt)
    execution: Execution | None = None
    mode = spec.run.mode if _has_neurons(spec) else ""
    with torch.no_grad():
        if mode in ("mock", "both"):
            snn = SNN(spec, mock=True)
            _read_model(snn(inputs), found, spec)
        if mode in ("chip", "both"):
            snn = SNN(spec, mock=False, memory=memory)
            snn.exp.keep_membrane = truth
            execution = snn.measure(inputs)
            _read_chip(snn, found, spec)
    populations = {
        p.name: PopulationResult(p.name, p.size, **found[p.name])
        for p in spec.network.populations
    }
    notes = [
        Problem("chip", n, severity="note") for n in getattr(execution, "notes", ())
    ]
    if execution is not None:
        notes = [*clipped_weights(spec), *on_chip.notes(spec), *notes]
    return RunResult(
        fingerprint(spec),
        spec.run.mode,
        spec.run.steps * spec.run.dt,
        populations,
        execution,
        time.perf_counter() - started,
        tuple(notes),
    )


def _has_neurons(spec: ExperimentSpec) -> bool:
    return any(isinstance(p, LISpec) for p in spec.network.populations)


def clipped_weights(spec: ExperimentSpec) -> list[Problem]:
    """Return a note for each projection with weights that the chip cannot hold."""
    notes = []
    for projection in spec.network.projections:
        lsb = wanted(projection, spec)
        count = clipped(lsb)
        if count:
            fit = fitting_scale(projection, lsb)
            notes.append(
                Problem(
                    f"projection '{projection.name}'",
                    f"{count} of {lsb.size} weights are clipped to {WEIGHT_MAX} LSB.",
                    f"A weight scale of {fit:.3g} LSB or less would hold them all.",
                    "note",
                    projection.name,
                    "weight_scale",
                )
            )
    return notes


def input_spikes(spec: ExperimentSpec) -> dict[str, torch.Tensor]:
    """Return the spikes of each input, shape (time, 1, channels); no stimulus, none."""
    steps, dt = spec.run.steps, spec.run.dt
    drawn = {}
    for population in spec.network.populations:
        if population.accepts_input:
            continue
        stimulus = spec.stimulus(population.name)
        if isinstance(stimulus, YinYangSample):
            grid = _yin_yang(stimulus, steps, dt)
        elif isinstance(stimulus, Stimulus):
            grid = spikes(stimulus, population.size, steps, dt)
        else:
            grid = np.zeros((steps, population.size), dtype=np.float32)
        drawn[population.name] = torch.from_numpy(grid).unsqueeze(1)
    return drawn


def _yin_yang(sample: YinYangSample, steps: int, dt: float) -> NDArray[np.float32]:
    """Return the spikes of one sample; what lies after the end of the run is lost."""
    point, _ = YinYangDataset(size=sample.index + 1, seed=sample.seed)[sample.index]
    latest = max(sample.t_early, sample.t_late, sample.t_bias)
    length = max(steps, round(latest / dt) + 1)
    # The encoder cuts the bias off to whole steps, the coordinates it rounds.
    t_bias = (round(sample.t_bias / dt) + 0.25) * dt
    encode = CoordinatesToSpikes(length, sample.t_early, sample.t_late, dt, t_bias)
    coordinates = torch.as_tensor(point, dtype=torch.float32).unsqueeze(0)
    grid: NDArray[np.float32] = encode(coordinates)[:steps, 0].numpy()
    return grid


def _raster(grid: NDArray[Any], dt: float) -> Raster:
    """Return the spikes of a dense grid (time, batch, neurons), batch entry 0."""
    rows, neurons = np.nonzero(grid[:, 0])
    return Raster(rows * dt, neurons)


def _read_model(
    handles: dict[str, Any], found: dict[str, dict[str, Any]], spec: ExperimentSpec
) -> None:
    time = np.arange(spec.run.steps) * spec.run.dt
    for name, handle in handles.items():
        membrane = handle.membrane_cadc[:, 0].numpy()
        found[name]["membrane"] = Signal(time, membrane)
        for trace, kept in (("current", "current"), ("adaptation_cadc", "adaptation")):
            if handle.holds(trace):
                values = getattr(handle, trace)[:, 0].numpy()
                found[name][kept] = Signal(time, values)
        if handle.holds("spikes"):
            found[name]["model_spikes"] = _raster(handle.spikes.numpy(), spec.run.dt)


def _read_chip(
    snn: SNN, found: dict[str, dict[str, Any]], spec: ExperimentSpec
) -> None:
    execution = snn.exp.last_execution
    if execution is None:
        return
    for population in spec.network.populations:
        if not isinstance(population, LISpec):
            continue
        name, scale = population.name, population.scale
        observed = execution.observables[snn.modules_by_name[name].descriptor]
        if population.spiking:
            found[name]["chip_spikes"] = _events(observed.events)
        if len(observed.cadc):
            found[name]["cadc"] = Signal(
                observed.cadc_cycles[:, 0, observed.hemisphere] * CYCLE,
                scale.model(observed.cadc[:, 0].astype(np.float32)),
            )
        if observed.membrane is not None:
            every_us = np.arange(len(observed.membrane)) * us
            true = scale.model(observed.membrane[:, 0])
            found[name]["true"] = Signal(every_us, true)
        if observed.madc is not None and observed.madc.size:
            lsb = (observed.madc[1, :, :1] - MADC_OFFSET) / MADC_PER_LSB
            kind, values = "madc", scale.model(lsb)
            if spec.recording.madc_source == "adaptation":
                kind, values = "adaptation_madc", _adaptation(population, spec, lsb)
            read = Signal(observed.madc[0, :, 0] * CYCLE, values.astype(np.float32))
            found[name][kind] = read
            found[name]["madc_neuron"] = spec.recording.madc_neuron


def _adaptation(
    population: LISpec, spec: ExperimentSpec, lsb: NDArray[Any]
) -> NDArray[Any]:
    """Return samples of the line of the adaptation in model units."""
    neuron = spec.recording.madc_neuron
    c = each(population.membrane_capacitance, population.size)[neuron] / us
    drive = (lsb - ADAPTATION_REST) / ADAPTATION_PER_CURRENT  # LSB/µs
    found: NDArray[Any] = drive * c / population.scale.gain
    return found


def _events(events: Events) -> Raster:
    first = events.batch == 0
    return Raster(events.cycle[first] * CYCLE, events.neuron[first])

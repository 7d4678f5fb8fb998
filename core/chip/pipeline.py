"""One emulated run: all stages in order, each remembered while its arguments stay.

A new weight repeats `assemble` and later stages, a new target `calibrate` and later.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from core.chip.calibration import calibrate
from core.chip.characterisation import Progress
from core.chip.config import assemble, neuron_settings
from core.chip.events import by_external, pack
from core.chip.knobs import silent_knobs
from core.chip.last_used import LastUsed
from core.chip.link import INPUTS, survivors, transmit
from core.chip.mismatch import sample_mismatch
from core.chip.network import Network
from core.chip.neuron_block import NeuronSettings
from core.chip.observe import limits, observe, recording
from core.chip.placement import place
from core.chip.results import (
    CalibResult,
    Events,
    Execution,
    PlacementResult,
)
from core.chip.routing import Router, route
from core.chip.rules import check_chip, check_values, doubtful_targets
from core.chip.setting_notes import setting_notes
from core.chip.signal_flow import emulate
from core.errors import HXError, NetworkError, did_you_mean
from core.spec.chip import ChipSpec

log = logging.getLogger(__name__)
T = TypeVar("T")
#: Returns what is written to the circuits.
Configure = Callable[[Network, PlacementResult, CalibResult], NeuronSettings]

_REMEMBERED = 8  # results per stage


class StageMemory:
    """Remembers the last results of each stage by the fingerprint of its arguments.

    :ivar progress: told how far a calibration is, by the thread that does it; or None
    """

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self._stages: dict[str, LastUsed[Any]] = {}

    def __deepcopy__(self, memo: Any) -> "StageMemory":
        """Return itself: a copied experiment may remember the same results."""
        return self

    def __reduce__(self) -> tuple[type["StageMemory"], tuple[()]]:
        return StageMemory, ()  # saved without its results

    def recall(self, stage: str, arguments: object, compute: Callable[[], T]) -> T:
        """Return the result of ``stage``, computed only if ``arguments`` are new."""
        known: LastUsed[T] = self._stages.setdefault(stage, LastUsed(_REMEMBERED))
        return known.recall(arguments, compute)


class _Stages:
    """Runs stages, times them, and ties the results so far to any error."""

    def __init__(self, network: Network, memory: StageMemory) -> None:
        self.execution = Execution(network)
        self._memory = memory
        self.progress = memory.progress

    def run(self, stage: str, compute: Callable[[], T], arguments: object = None) -> T:
        start = time.perf_counter()
        try:
            if arguments is None:
                return compute()
            return self._memory.recall(stage, arguments, compute)
        except HXError as error:
            error.execution = self.execution  # type: ignore[attr-defined]
            raise
        finally:
            seconds = time.perf_counter() - start
            self.execution.seconds[stage] = seconds
            log.info("%s in %.1f ms", stage, seconds * 1e3)

    def keep(self, **results: Any) -> None:
        self.execution = replace(self.execution, **results)


def placed(network: Network, memory: StageMemory) -> PlacementResult:
    """Place ``network`` without running it, as `execute` does.

    :raises PlacementError: if the neurons do not fit
    """
    return _place(_Stages(network, memory), network)


def calibrated(
    network: Network, chip: ChipSpec, memory: StageMemory
) -> tuple[PlacementResult, CalibResult]:
    """Place and calibrate ``network`` without running it, as `execute` does.

    Doubtful targets are logged, which a run has in its notes.

    :raises PlacementError: if the neurons do not fit
    """
    check_chip(chip)
    stages = _Stages(network, memory)
    placement = _place(stages, network)
    for doubt in doubtful_targets(network):
        log.warning("%s", doubt)
    return placement, _calibrate(stages, network, placement, chip)


def _place(stages: _Stages, network: Network) -> PlacementResult:
    stages.run("check", lambda: _check(network))
    sizes = [(p.name, p.size, p.circuits, p.shape) for p in network.populations]
    ends = [(p.source, p.target) for p in network.projections]
    placement = stages.run("place", lambda: place(network), (sizes, ends))
    stages.keep(placement=placement)
    return placement


def _calibrate(
    stages: _Stages, network: Network, placement: PlacementResult, chip: ChipSpec
) -> CalibResult:
    mismatch = stages.run("mismatch", lambda: sample_mismatch(chip), chip)
    return stages.run(
        "calibrate",
        lambda: calibrate(network, placement, chip, mismatch, stages.progress),
        (_calibration_key(network), placement, chip),
    )


def execute(
    network: Network,
    inputs: dict[str, Events],
    batch: int,
    runtime_cycles: int,
    chip: ChipSpec,
    *,
    trial: int = 0,
    router: Router | None = None,
    memory: StageMemory | None = None,
    calibration: CalibResult | None = None,
    configure: Configure | None = None,
    keep_membrane: bool = False,
    keep_truth: bool = False,
) -> Execution:
    """Put ``network`` on the emulated ``chip``, run it, and return every stage.

    :param inputs: name of an external population -> its events
    :param batch: number of entries; each starts from rest
    :param runtime_cycles: duration of an entry, FPGA cycles
    :param trial: names the noise of this run; the fixed pattern is that of the chip
    :param router: used in place of the default one
    :param memory: remembers stages from call to call
    :param calibration: taken as it is instead of calibrating
    :param configure: says what is written to the circuits; None writes the calibration
    :param keep_membrane: also return the true potentials, which silicon cannot show
    :param keep_truth: also return them, currents and adaptation at every sub-step
    :raises PlacementError: if the neurons do not fit
    :raises RoutingError: if the synapse rows do not suffice; both errors carry the
        results of the earlier stages as ``error.execution``
    """
    check_chip(chip)
    stages = _Stages(network, memory or StageMemory())
    stages.keep(batch=batch, inputs=inputs)
    placement = _place(stages, network)
    mismatch = stages.run("mismatch", lambda: sample_mismatch(chip), chip)
    if calibration is None:
        calibration = _calibrate(stages, network, placement, chip)
    stages.keep(calibration=calibration)
    settings = (configure or neuron_settings)(network, placement, calibration)
    # A router of the user may look at the weights, so it is asked each time.
    routing = (
        stages.run("route", lambda: route(network, placement, router))
        if router is not None
        else stages.run(
            "route", lambda: route(network, placement), _routing_key(network, placement)
        )
    )
    stages.keep(routing=routing)
    config = stages.run(
        "assemble", lambda: assemble(network, placement, settings, routing)
    )
    stages.keep(config=config)
    packed, late = stages.run(
        "pack", lambda: pack(network, routing, inputs, batch, runtime_cycles)
    )
    entered = survivors(packed, chip, trial, INPUTS)
    names = [external.name for external in network.externals]
    stages.keep(sent=by_external(entered, routing, names))
    output = stages.run(
        "emulate",
        lambda: emulate(
            config,
            mismatch,
            entered,
            batch,
            runtime_cycles,
            chip,
            trial=trial,
            recording=recording(network, placement),
            keep_membrane=keep_membrane,
            keep_truth=keep_truth,
        ),
    )
    recorded, lost = stages.run(
        "transmit", lambda: transmit(output.events, runtime_cycles, chip, trial)
    )
    output = replace(
        output,
        events=recorded,
        sent=entered,
        lost_in=late + len(packed.cycle) - len(entered.cycle),
        lost_out=lost,
    )
    stages.keep(output=output)
    observables = stages.run("observe", lambda: observe(stages.execution))
    stages.keep(observables=observables)
    notes = (*_notes(stages.execution), *silent_knobs(chip, network, config))
    stages.keep(notes=notes)
    return stages.execution


def _calibration_key(network: Network) -> object:
    targets = [(p.name, p.size, p.fires, p.target) for p in network.populations]
    common = (network.i_synin_gm, network.synapse_dac_bias, network.calibrated)
    return (targets, common)


def _routing_key(network: Network, placement: object) -> object:
    shapes = [
        (p.name, p.source, p.target, p.weights.shape, p.connected)
        for p in network.projections
    ]
    return (shapes, [(p.name, p.fires) for p in network.populations], placement)


def _check(network: Network) -> None:
    check_values(network)
    _check_names(network)


def _check_names(network: Network) -> None:
    """Raise if a projection or the MADC refers to something that is not there."""
    targets = {p.name: p.size for p in network.populations}
    sizes = {p.name: p.size for p in network.externals} | targets
    for projection in network.projections:
        where = f"projection '{projection.name}'"
        for name, known in ((projection.source, sizes), (projection.target, targets)):
            if name not in known:
                raise NetworkError(
                    where,
                    f"refers to '{name}', which is not in the network."
                    + did_you_mean(name, known),
                    "Add the population, or correct the name.",
                )
        shape = (targets[projection.target], sizes[projection.source])
        if projection.weights.shape != shape:
            raise NetworkError(
                where,
                f"has weights of shape {projection.weights.shape}, its populations"
                f" need (target, source) = {shape}.",
                "Give one row per target neuron and one column per source.",
            )
    if network.madc:
        _check_madc(*network.madc, targets)


def _check_madc(name: str, neuron: int, targets: dict[str, int]) -> None:
    if name not in targets:
        raise NetworkError(
            "MADC",
            f"shall read '{name}', which is not in the network."
            + did_you_mean(name, targets),
            "Choose a population of the chip.",
        )
    if not 0 <= neuron < targets[name]:
        raise NetworkError(
            "MADC",
            f"shall read neuron {neuron} of '{name}', which has {targets[name]}.",
            "Neurons are counted from 0.",
        )


def _notes(execution: Execution) -> tuple[str, ...]:
    notes: list[str] = []
    network = execution.network
    if execution.config is not None:
        notes += execution.config.notes
        notes += setting_notes(execution.config)
        if execution.config.bypass:
            network = replace(network, record_cadc=False, cadc_source={}, madc=None)
    notes += doubtful_targets(execution.network)
    if execution.calibration is not None and execution.network.calibrated:
        missed = int((~execution.calibration.success).sum())
        if missed:
            notes.append(f"{missed} circuits missed a calibration target.")
    if execution.output is not None:
        notes += limits(network, execution.output)
    return tuple(notes)

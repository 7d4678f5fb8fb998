"""One use of one emulated chip: its place in an experiment, its calibration."""

import logging
from abc import ABC, abstractmethod
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.chip import pipeline
from core.chip.adex import SWITCHES
from core.chip.calibration_io import load
from core.chip.compartment import join
from core.chip.config import neuron_settings
from core.chip.coordinates import (
    ChipOnConnection,
    ExecutionInstanceID,
    LogicalNeuronOnDLS,
)
from core.chip.geometry import CIRCUITS
from core.chip.network import Network, NetworkBuilder
from core.chip.neuron_block import Chip, NeuronBlock, NeuronSettings
from core.chip.pipeline import StageMemory
from core.chip.results import CalibResult, Events, Execution, PlacementResult
from core.chip.routing import Router
from core.chip.stored_calibration import StoredCalibration
from core.errors import CalibrationError, HXError, NotEmulatedError
from core.morphology import Morphology, SingleCompartmentNeuron
from core.neuron_placement import NeuronPlacement, placed
from core.spec.chip import TYPICAL, ChipSpec

log = logging.getLogger(__name__)

_HOOKS = (
    "injection_pre_static_config",
    "injection_pre_realtime",
    "injection_inside_realtime_begin",
    "injection_inside_realtime",
    "injection_inside_realtime_end",
    "injection_post_realtime",
)


_OVERWRITTEN = (
    "%s: values of %s that changed since the calibration was loaded are replaced by its"
    " targets. To calibrate for your own, call forget_calibration(); to keep them as"
    " the model's, set read_params_from_calibration to False."
)


class NoRecordingError(HXError, AssertionError):
    """No population of the chip is recorded by the CADC."""


class NoCalibrationError(HXError, AssertionError):
    """No calibration was named."""


class BaseExecutionInstance(ABC):
    """Something that modules can be put on, with a number of its own."""

    _instance_counter: ClassVar = count()

    def __init__(self) -> None:
        self._id = ExecutionInstanceID(next(self._instance_counter))

    def __str__(self) -> str:
        return f"{type(self).__name__}(ID={int(self.ID)})"

    @property
    def ID(self) -> ExecutionInstanceID:  # noqa: N802, the name of the interface
        """Unique number, counting up."""
        return self._id

    @abstractmethod
    def calibrate(self) -> None:
        """Find the codes of the neurons."""

    @abstractmethod
    def cadc_recordings(self) -> dict[str, Any]:
        """Return what the CADC records."""

    @abstractmethod
    def generate_playback_hooks(self) -> dict[str, Any]:
        """Return the commands that the user put into the run."""


class ExecutionInstance(BaseExecutionInstance):
    """One chip: its limits and noise, and what its earlier runs left behind.

    :param calib_path: file of a calibration to use instead of calibrating
    :param calib_cache_dir: kept; the emulator remembers calibrations in memory
    :param input_loopback: record the input spikes and use them for the gradients
    :param chip_spec: the emulated chip
    :param memory: keeps the stages of the chip from run to run
    :param calibrated: False gives all circuits the same codes
    :ivar modules: populations on this chip, in the order they were registered
    :ivar calib: the calibration with its targets, None before one
    :ivar id_counter: number of neurons that have a place
    :ivar neuron_placement: where neurons are, by their number

    >>> first, second = ExecutionInstance(), ExecutionInstance()
    >>> int(second.ID) - int(first.ID)
    1
    """

    def __init__(
        self,
        calib_path: str | Path | None = None,
        calib_cache_dir: str | Path | None = None,
        input_loopback: bool = False,
        *,
        chip_spec: ChipSpec = TYPICAL,
        memory: StageMemory | None = None,
        calibrated: bool = True,
    ) -> None:
        super().__init__()
        self.calib_path = calib_path
        self.calib_cache_dir = calib_cache_dir
        self.input_loopback = input_loopback
        self.chip_spec = chip_spec
        self.memory = StageMemory() if memory is None else memory
        self.calibrated = calibrated
        self.write_ppu_symbols: dict[str, Any] = {}
        self.read_ppu_symbols: set[str] = set()
        for hook in _HOOKS:
            setattr(self, hook, None)
        self._chip: Chip | None = None
        self._chip_is_given = False
        self.calib: StoredCalibration | None = None
        self.stored: StoredCalibration | None = None
        self._result: CalibResult | None = None
        self._written: tuple[Any, Any] | None = None  # fires, event_output
        self._terms: dict[str, tuple[Any, Any]] = {}  # before, written by modules
        self.clear()

    def clear(self) -> None:
        """Forget the populations; a calibration from a file stays."""
        self.modules: list[Any] = []
        self.id_counter = 0
        self.neuron_placement = NeuronPlacement()
        self._placed: PlacementResult | None = None
        self._read: list[Any] = []  # populations that follow a loaded calibration

    def register(self, population: Any) -> None:
        """Add a population; its neurons get the next numbers.

        Those of another experiment are forgotten.
        """
        if self.modules and self.modules[0].experiment is not population.experiment:
            self.clear()
        self.modules.append(population)
        if hasattr(population, "unit_ids"):
            population.unit_ids = np.arange(population.size) + self.id_counter
            self.id_counter += population.size

    def unregister(self, population: Any) -> None:
        """Remove the population that was added last."""
        if population in self.modules:
            self.modules.remove(population)
            if getattr(population, "unit_ids", None) is not None:
                self.id_counter -= population.size
                population.unit_ids = None

    @property
    def _neurons(self) -> list[Any]:
        return [module for module in self.modules if hasattr(module, "unit_ids")]

    @property
    def has_madc_recording(self) -> bool:
        """Whether a population is read by the MADC."""
        return any(p.enable_madc_recording for p in self._neurons)

    @property
    def cadc_neurons(self) -> dict[str, list[int]]:
        """Numbers of the neurons that the CADC records, by population."""
        return {
            str(p.descriptor): p.unit_ids.tolist()
            for p in self._neurons
            if p.enable_cadc_recording
        }

    def network_builder(self) -> NetworkBuilder:
        """Return a builder with all populations of this chip.

        :raises RecordingError: if more than one is read by the MADC
        :raises SharedValueError: if they differ in a value the chip has only once
        """
        builder = NetworkBuilder(calibrated=self.calibrated)
        for population in self.modules:
            population.add_to_network_graph(builder)
        return builder

    def load_calib(self, calib_path: str | Path | None) -> Chip:
        """Read a calibration; a file ``*.pkl`` also gives its targets.

        :returns: the settings of the chip, which may be changed before a run
        :raises NoCalibrationError: without a path
        :raises FileNotFoundError: if there is no such file
        :raises CalibrationError: if it is no calibration of the emulated chip
        """
        if calib_path is None:
            raise NoCalibrationError(
                str(self), "has no calibration to load.", "Give the path of a file."
            )
        self.calib_path = calib_path
        return self.use_calibration(
            load(calib_path), native=Path(calib_path).suffix == ".pkl"
        )

    def use_calibration(self, stored: StoredCalibration, native: bool = True) -> Chip:
        """Use a calibration instead of calibrating.

        :param native: whether its targets are read into the populations
        :returns: the settings of the chip
        """
        if stored.chip != self.chip_spec:
            log.warning(
                "%s: the calibration is of chip %s, this is chip %s.",
                self,
                stored.chip.number,
                self.chip_spec.number,
            )
        self.stored, self._result = stored, stored.result
        self.calib = stored if native else None
        self._placed, self._read = None, []
        return self._new_chip(stored.chip_settings())

    def forget_calibration(self) -> None:
        """Calibrate before the next run instead of using what was loaded."""
        self.calib_path = self.stored = self._result = self.calib = self.chip = None

    @property
    def chip(self) -> Chip | None:
        """Settings of the chip as containers, None before a calibration.

        What is written to them stays until the next calibration; settings that are
        assigned stay until another calibration is loaded.
        """
        return self._chip

    @chip.setter
    def chip(self, chip: Chip | None) -> None:
        if chip is not None:
            self._new_chip(chip)
        self._chip, self._chip_is_given = chip, chip is not None

    def _new_chip(self, chip: Chip) -> Chip:
        settings = chip.neuron_block.settings
        self._written = settings.fires.copy(), settings.event_output.copy()
        self._terms = {}
        self._chip, self._chip_is_given = chip, False
        return chip

    def calibrate(self, network: Network | None = None) -> None:
        """Find the codes of all populations, or read the targets of a loaded file.

        Nothing is done if no parameter and no calibration changed since the last time.

        :param network: what is to run, as far as it is known: projections may move
            neurons to other columns (`core.chip.placement`); None has none
        :raises PlacementError: if the neurons do not fit
        :raises CalibrationError: if a loaded calibration leaves out their circuits
        """
        if self.calib_path is not None and self.stored is None:
            self.load_calib(self.calib_path)
        changed = [p.calib_changed_since_last_run() for p in self._neurons]
        if not any(changed) and self._placed is not None:
            return
        if network is None:
            network = self.network_builder().done()
        if self.stored is None:
            placement, result = pipeline.calibrated(
                network, self.chip_spec, self.memory
            )
            self.take(network, placement, result)
        elif self.calib is None:
            source = self.calib_path or "a calibration without targets"
            log.warning("%s: parameters are not read from %s.", self, source)
        else:
            self.locate(pipeline.placed(network, self.memory))
            for p in self._neurons:
                if p.read_params_from_calibration:
                    p.params_from_calibration(self.calib.target, p.coordinates)
                # What was read is no change.
                overwritten = p.calib_changed_since_last_run()
                if overwritten and p in self._read:
                    log.warning(_OVERWRITTEN, self, p.descriptor)
            self._read = list(self._neurons)

    def execute(
        self,
        network: Network,
        inputs: dict[str, Events],
        batch: int,
        cycles: int,
        *,
        trial: int,
        router: Router | None,
        configure: pipeline.Configure,
        keep_membrane: bool = False,
    ) -> Execution:
        """Run ``network`` on this chip, as `core.chip.pipeline.execute` does.

        :param cycles: duration of a batch entry, FPGA cycles
        :param keep_membrane: also return the true potentials of the circuits
        """
        return pipeline.execute(
            network,
            inputs,
            batch,
            cycles,
            self.chip_spec,
            trial=trial,
            router=router,
            memory=self.memory,
            calibration=None if self.stored is None else self.stored.result,
            configure=configure,
            keep_membrane=keep_membrane,
        )

    def take(
        self, network: Network, placement: PlacementResult, result: CalibResult
    ) -> Chip:
        """Keep what was written by hand, unless the codes were found anew.

        :param network: what is to run, placed and calibrated as it says
        :returns: `chip`
        """
        new = neuron_settings(network, placement, result)
        # A target that changed is written even where its codes are as before: somebody
        # may have written others.
        changed = [p.calib_changed_since_last_run() for p in self._neurons]
        found_anew = result is not self._result or any(changed)
        found_anew &= not self._chip_is_given
        if self._chip is None or found_anew:
            self._new_chip(Chip(NeuronBlock(new)))
            self._result = result
            self.calib = StoredCalibration.of(
                self.chip_spec, network, placement, result
            )
        assert self._chip is not None, "set above"
        assert self._written is not None, "set with the chip"
        kept = self._chip.neuron_block.settings
        for mine, wanted, written in (
            (kept.fires, new.fires, self._written[0]),
            (kept.event_output, new.event_output, self._written[1]),
        ):
            untouched = mine == written
            mine[untouched] = wanted[untouched]
            written[untouched] = wanted[untouched]
        self._check_chip(kept, placement)
        return self._chip

    def _check_chip(self, settings: NeuronSettings, placement: PlacementResult) -> None:
        """Raise if the chip cannot run as it is set.

        :raises CalibrationError: if circuits in use have no codes, unless events
            bypass the neurons
        """
        if settings.bypass:
            return
        for name in placement.circuits:
            if (settings.codes["leak"][placement.groups(name)] < 0).any():
                raise CalibrationError(
                    str(self),
                    f"its chip has no codes for '{name}'.",
                    "Use settings of a whole chip, or let it be calibrated.",
                )

    def locate(self, placement: PlacementResult) -> None:
        """Note where the neurons are.

        :raises CalibrationError: if a loaded calibration leaves out their circuits, or
            the threshold of neurons that shall spike
        """
        if placement is self._placed:
            return
        self.neuron_placement = NeuronPlacement()
        for p in self._neurons:
            groups = placement.groups(str(p.descriptor))
            fires = getattr(p, "fire", True) and "threshold" not in p.codes
            missing = self._missing(groups, fires)
            if missing:
                raise CalibrationError(
                    str(self),
                    f"the loaded calibration has no {missing} for '{p.descriptor}'.",
                    "Load a calibration of the whole chip, or none.",
                )
            shape = _structure(p).compartments
            constraint = getattr(p, "placement_constraint", None)
            places = [
                given if isinstance(given, LogicalNeuronOnDLS) else placed(shape, first)
                for given, first in zip(
                    constraint or [None] * len(groups), groups[:, 0], strict=True
                )
            ]
            self.neuron_placement.register_id(p.unit_ids, shape, places)
        self._placed = placement

    def _missing(self, groups: Any, fires: bool) -> str:
        """Return what a loaded calibration lacks for neurons, "" for nothing."""
        if self.stored is None or (self._chip is not None and self._chip.bypass):
            return ""
        return self.stored.missing(groups.ravel(), False) or self.stored.missing(
            groups[:, 0], fires
        )

    def set_neuron_parameters_on_chip(self) -> None:
        """Write what users set by hand and trained values to `chip`.

        :raises ParameterError: if a trained parameter has no function to do so
        """
        assert self.chip is not None, "calibrated before"
        stored = self.chip.neuron_block.settings.stored
        # Terms of the last run are off again, where nobody changed them since.
        for name, (before, written) in self._terms.items():
            stored[name] = np.where(stored[name] == written, before, stored[name])
        off = np.zeros(CIRCUITS, np.int64)
        earlier = {name: stored.get(name, off).copy() for name in SWITCHES}
        for p in self._neurons:
            self._join(p, self.chip.neuron_block)
            p.configure_on_chip(self.chip)
        self._terms = {
            name: (earlier[name], stored[name].copy())
            for name in SWITCHES
            if name in stored
        }

    def _join(self, population: Any, block: NeuronBlock) -> None:
        """Let neurons of several circuits, or of a shape of the user, be so."""
        structure = _structure(population)
        if type(structure) is not SingleCompartmentNeuron:
            for coord in population.coordinates:
                structure.implement_morphology(coord, block)
        elif self._placed is not None:  # all at once
            groups = self._placed.joined.get(str(population.descriptor))
            if groups is not None:
                join(block.settings, groups)

    def cadc_recordings(self) -> dict[str, list[int]]:
        """Return the numbers of the neurons that the CADC records, by population.

        :raises NoRecordingError: if there are none
        """
        if not self.cadc_neurons:
            raise NoRecordingError(
                str(self),
                "no population is recorded by the CADC.",
                "Set enable_cadc_recording=True on one.",
            )
        return self.cadc_neurons

    def plasticity_rules(self) -> list[Any]:
        """Return the plasticity rules on this chip: none, it has no PPU."""
        return []

    def generate_playback_hooks(self) -> dict[str, Any]:
        """Return the commands that the user put into the run: none.

        :raises NotEmulatedError: if there are some
        """
        given = [hook for hook in _HOOKS if _has_commands(getattr(self, hook))]
        given += ["write_ppu_symbols"] if self.write_ppu_symbols else []
        given += ["read_ppu_symbols"] if self.read_ppu_symbols else []
        if given:
            raise NotEmulatedError(
                str(self),
                f"has commands in {', '.join(given)}, the emulated chip runs none.",
                "Leave them empty.",
            )
        return {}


def _structure(population: Any) -> Morphology:
    """Return the circuits of a neuron; those at a given place may be more."""
    structure = getattr(population, "neuron_structure", None)
    return SingleCompartmentNeuron(1) if structure is None else structure


def _has_commands(hook: Any) -> bool:
    """Return whether a playback program, or a list of such, holds commands."""
    empty = getattr(hook, "empty", None)
    return not empty() if callable(empty) else bool(hook)


class ExecutionInstances(set[ExecutionInstance]):
    """Several chips.

    >>> ExecutionInstances([ExecutionInstance()]).plasticity_rules
    []
    """

    @property
    def chips(self) -> dict[ExecutionInstanceID, dict[ChipOnConnection, Chip | None]]:
        """Settings of each chip."""
        return {i.ID: {ChipOnConnection(): i.chip} for i in self}

    @property
    def cadc_recordings(self) -> dict[ExecutionInstanceID, dict[str, list[int]]]:
        """What the CADC of each chip records, where it does."""
        return {i.ID: i.cadc_recordings() for i in self if i.cadc_neurons}

    @property
    def plasticity_rules(self) -> list[Any]:
        """Plasticity rules of all chips."""
        return [rule for i in self for rule in i.plasticity_rules()]

    @property
    def playback_hooks(self) -> dict[ExecutionInstanceID, dict[str, Any]]:
        """Commands of the user on each chip."""
        return {i.ID: i.generate_playback_hooks() for i in self}

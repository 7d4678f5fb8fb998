"""A calibration as a value: which chip, for which targets, with which codes."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from core.chip.calibrated_circuits import TOLERANCE
from core.chip.calibration import calibrate_by_search
from core.chip.calibration_target import NeuronCalibTarget, SpikingCalibTarget
from core.chip.characterisation import Progress
from core.chip.geometry import CIRCUITS
from core.chip.mismatch import sample_mismatch
from core.chip.network import Floats, Integers, Network, NeuronTarget, Population
from core.chip.neuron_block import Chip, NeuronBlock
from core.chip.neuron_settings import NeuronSettings
from core.chip.results import CalibResult, PlacementResult
from core.errors import CalibrationError
from core.spec.chip import TYPICAL, ChipSpec


@dataclass(frozen=True, eq=False)
class StoredCalibration:
    """A calibration of circuits of one chip; arrays are NaN or −1 where unused.

    :param chip: the chip that was calibrated
    :param result: targets, codes and what was achieved
    :param i_synin_gm: strength of the synaptic inputs, code
    :param synapse_dac_bias: current of one weight LSB, code
    :param capacitance: shape (512,), LSB 0…63
    :param refractory_time: shape (512,), s
    :param holdoff_time: shape (512,), s
    :param settings: settings that are more than the result; not kept in files
    """

    chip: ChipSpec
    result: CalibResult
    i_synin_gm: int
    synapse_dac_bias: int
    capacitance: Floats
    refractory_time: Floats
    holdoff_time: Floats
    settings: Chip | None = None

    @classmethod
    def of(
        cls,
        chip: ChipSpec,
        network: Network,
        placement: PlacementResult,
        result: CalibResult,
    ) -> Self:
        """Return the calibration of the populations of ``network``."""
        capacitance, refractory = np.full(CIRCUITS, 63.0), np.zeros(CIRCUITS)
        holdoff = np.zeros(CIRCUITS)
        for population in network.populations:
            circuits = placement.groups(population.name)
            target = population.target
            capacitance[circuits] = target.membrane_capacitance[:, None]
            refractory[circuits] = target.refractory_time[:, None]
            holdoff[circuits] = np.reshape(target.holdoff_time, (-1, 1))
        return cls(
            chip=chip,
            result=result,
            i_synin_gm=network.i_synin_gm,
            synapse_dac_bias=network.synapse_dac_bias,
            capacitance=capacitance,
            refractory_time=refractory,
            holdoff_time=holdoff,
        )

    @classmethod
    def from_chip(cls, chip: Chip, spec: ChipSpec = TYPICAL) -> Self:
        """Return the settings of ``chip`` as a calibration without targets.

        :param spec: the chip that the settings are for
        :raises CalibrationError: if ``chip`` is something else
        """
        if not isinstance(chip, Chip):
            raise CalibrationError(
                "calibration",
                f"the settings are a {type(chip).__name__}.",
                "Give a chip: what calib_helper.chip_from_file(path) returns.",
            )
        chip = chip.copy()
        settings = chip.neuron_block.settings
        unknown = {
            name: np.full(settings.codes[name].shape, np.nan) for name in TOLERANCE
        }
        used = settings.codes["leak"] >= 0

        def median(name: str) -> int:
            code = settings.codes[name][..., used]
            return int(np.median(code)) if code.size else 0

        return cls(
            chip=spec,
            result=CalibResult(
                unknown, settings.codes, unknown, np.ones(CIRCUITS, bool)
            ),
            i_synin_gm=median("strength"),
            synapse_dac_bias=median("synapse_dac"),
            capacitance=settings.capacitance,
            refractory_time=np.zeros(CIRCUITS),
            holdoff_time=np.zeros(CIRCUITS),
            settings=chip,
        )

    @property
    def has_target(self) -> bool:
        """Whether it is known what the circuits were calibrated for."""
        return bool(np.isfinite(self.result.target["tau_mem"]).any())

    @property
    def target(self) -> SpikingCalibTarget:
        """What the circuits were calibrated for; a new object at each access."""
        names = ("leak", "reset", "threshold", "tau_mem", "tau_syn")
        neurons = NeuronCalibTarget(
            **{name: self.result.target[name] for name in names},
            i_synin_gm=self.i_synin_gm,
            synapse_dac_bias=self.synapse_dac_bias,
            membrane_capacitance=self.capacitance,
            refractory_time=self.refractory_time,
            holdoff_time=self.holdoff_time,
        )
        return SpikingCalibTarget(neuron_target=neurons.dense())

    def missing(self, circuits: Integers, fires: bool) -> str:
        """Return what neurons need that was not calibrated, "" for nothing.

        :param circuits: of the neurons
        :param fires: whether they need a threshold
        """
        if (self.result.codes["leak"][circuits] < 0).any():
            return "codes"
        unknown = np.isnan(self.result.target["threshold"][circuits])
        # Circuits of an LI layer have none.
        return "threshold" if fires and self.has_target and unknown.any() else ""

    def chip_settings(self) -> Chip:
        """Return new settings of the chip; they may be changed before a run."""
        if self.settings is not None:
            return self.settings.copy()
        used = self.result.codes["leak"] >= 0
        settings = NeuronSettings(
            codes={name: code.copy() for name, code in self.result.codes.items()},
            capacitance=self.capacitance.copy(),
            constant_current=np.zeros(CIRCUITS, np.int64),
            fires=used,
            event_output=used.copy(),
        )
        return Chip(NeuronBlock(settings))


def calibrate_whole_chip(
    target: NeuronCalibTarget | None = None,
    chip: ChipSpec = TYPICAL,
    progress: Progress | None = None,
) -> StoredCalibration:
    """Calibrate all circuits of ``chip`` for ``target`` by measurement alone.

    :param target: what is wanted; None takes the defaults
    :param progress: told how far it is
    :raises ParameterError: if a target is out of range
    :raises CalibrationError: if the two synaptic inputs shall differ in strength

    >>> stored = calibrate_whole_chip()
    >>> bool(stored.result.success.mean() > 0.9)
    True
    """
    network, placement, dense = whole_chip(
        NeuronCalibTarget() if target is None else target
    )
    mismatch = sample_mismatch(chip)
    return StoredCalibration(
        chip=chip,
        result=calibrate_by_search(network, placement, chip, mismatch, progress),
        i_synin_gm=network.i_synin_gm,
        synapse_dac_bias=network.synapse_dac_bias,
        capacitance=dense.membrane_capacitance,
        refractory_time=dense.refractory_time,
        holdoff_time=dense.holdoff_time,
    )


def whole_chip(
    target: NeuronCalibTarget, calibrated: bool = True
) -> tuple[Network, PlacementResult, NeuronCalibTarget]:
    """Return a population of all circuits with ``target``, and the target as arrays.

    :param calibrated: False: every circuit has the codes of a typical one
    :raises ParameterError: if a target is out of range
    :raises CalibrationError: if the two synaptic inputs shall differ in strength
    """
    target.check()
    dense = target.dense()
    network = Network(
        (_all_circuits(dense),),
        i_synin_gm=_one_strength(dense.i_synin_gm),
        synapse_dac_bias=dense.synapse_dac_bias,
        calibrated=calibrated,
    )
    placement = PlacementResult({network.populations[0].name: np.arange(CIRCUITS)})
    return network, placement, dense


def _all_circuits(dense: NeuronCalibTarget) -> Population:
    given = np.full(CIRCUITS, -1, np.int64)
    target = NeuronTarget(
        leak=dense.leak,
        reset=dense.reset,
        threshold=dense.threshold,
        tau_mem=dense.tau_mem,
        tau_syn=dense.tau_syn,
        refractory_time=dense.refractory_time,
        membrane_capacitance=dense.membrane_capacitance,
        leak_code=given,
        reset_code=given,
        threshold_code=given,
        holdoff_time=dense.holdoff_time,
    )
    return Population("circuits", CIRCUITS, target)


def _one_strength(i_synin_gm: Any) -> int:
    found = np.unique(i_synin_gm)
    if len(found) > 1:
        raise CalibrationError(
            "calibration target",
            f"i_synin_gm is {found.tolist()} for the two synaptic inputs.",
            "Give one value: the emulated chip has one strength for both.",
        )
    return int(found[0])

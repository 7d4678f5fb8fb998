"""Adaptive exponential leaky integrate-and-fire neurons."""

from typing import TYPE_CHECKING, Any

from torch import Tensor

from core.chip import network as chip
from core.chip.coordinates import LogicalNeuronOnDLS
from core.chip.neuron_block import AtomicNeuron, Chip, NeuronBlock
from core.errors import ShapeError
from core.functional import parameters
from core.functional.aelif import cuba_aelif_integration
from core.functional.threshold import check_alpha
from core.handle import DataHandle, LIFObservables, LIObservables, handle_type
from core.modules.defaults import CAPACITANCE, CAPACITANCE_LSB, NEURON
from core.modules.hx_module import InputError
from core.modules.neuron import in_model, on_chip
from core.modules.neuron.recording import TraceScale, observe
from core.modules.types import Population
from core.observables import HardwareObservables, ReadoutSource
from core.parameter import (
    HXBaseParameter,
    HXParameter,
    HXTransformedModelParameter,
)

if TYPE_CHECKING:
    from core.experiment import Experiment

_ADAPTATION = ("adaptation_cadc", "adaptation_madc")


def default_capacitance() -> HXTransformedModelParameter:
    """Return the capacitance of a neuron that was given none."""
    return HXTransformedModelParameter(CAPACITANCE, capacitance_lsb)


def capacitance_lsb(model_value: Any) -> Any:
    """Return the LSB of the membrane capacitor for a model capacitance in s."""
    return model_value / CAPACITANCE * CAPACITANCE_LSB


class AELIF(Population):
    """Neurons with current-based synapses, up to adaptive exponential ones.

    The equations are those of `core.functional.aelif`; the flags switch terms on.
    Parameters are numbers, tensors of shape (neurons,), or kinds of
    `core.parameter`; `core.modules.defaults.NeuronDefaults` explains each. Its defaults
    are LSB of the chip: a model with the exponential term needs values of its own.

    :param size: number of neurons
    :param experiment: the experiment they belong to
    :param method: surrogate gradient of the spikes
    :param alpha: its steepness, 0 or more, 1 / model units
    :param clock_scale_adaptation_pulse: scale of the clock that times the jump of the
        adaptation on the chip, in the upper and in the lower row
    :param execution_instance: the chip, None takes the default of the experiment
    :param enable_spike_recording: use the spikes of the chip
    :param enable_cadc_recording: use the membranes of the chip
    :param enable_madc_recording: read ``record_neuron_id`` with the fast MADC
    :param placement_constraint: circuits, one for each neuron
    :param trace_offset: subtracted from CADC traces, LSB, raw − 128
    :param trace_scale: model units per LSB
    :param cadc_time_shift: steps by which CADC traces are moved to earlier times
    :param shift_cadc_to_first: subtract the first sample instead of the offset
    :param interpolation_mode: of CADC traces, ``"linear"`` or ``"nn"``
    :param neuron_structure: circuits of a neuron, None is one; see `core.morphology`
    :param leak_conductance: of the model; None takes capacitance / ``tau_mem``
    :ivar said: warnings that were logged about these neurons
    :raises ShapeError: if the number of constraints differs from the size
    :raises ParameterError: if the neuron has more than one compartment, or ``alpha`` is
        no number of 0 or more

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> onset = {"exponential_slope": 0.2, "exponential_threshold": 0.7}
    >>> jump = {"spike_triggered_adaptation_increment": 0.2}
    >>> neuron = core.AELIF(
    ...     3, experiment, leak=0, reset=0, threshold=1, **onset, **jump
    ... )
    >>> out = neuron(core.SynapseHandle(graded_spikes=torch.ones(20, 1, 3)))
    >>> core.run(experiment, None)
    >>> out.adaptation_cadc.shape  # (time, batch, neurons)
    torch.Size([20, 1, 3])
    >>> out.spikes[:, 0, 0].nonzero().flatten().tolist()
    [5, 8, 11, 14, 17]
    """

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        leak: Any = NEURON.leak,
        reset: Any = NEURON.reset,
        threshold: Any = NEURON.threshold,
        tau_mem: Any = NEURON.tau_mem,
        tau_syn: Any = NEURON.tau_syn,
        i_synin_gm: Any = NEURON.i_synin_gm,
        membrane_capacitance: Any = NEURON.membrane_capacitance,
        refractory_time: Any = NEURON.refractory_time,
        synapse_dac_bias: Any = NEURON.synapse_dac_bias,
        holdoff_time: Any = NEURON.holdoff_time,
        method: str = "superspike",
        alpha: float = 50.0,
        exponential_slope: Any = NEURON.exponential_slope,
        exponential_threshold: Any = NEURON.exponential_threshold,
        subthreshold_adaptation_strength: Any = (
            NEURON.subthreshold_adaptation_strength
        ),
        spike_triggered_adaptation_increment: Any = (
            NEURON.spike_triggered_adaptation_increment
        ),
        clock_scale_adaptation_pulse: tuple[int, int] = (5, 5),
        tau_adap: Any = NEURON.tau_adap,
        leak_adaptation: Any = NEURON.leak_adaptation,
        execution_instance: Any = None,
        chip_coordinate: Any = None,
        enable_spike_recording: bool = True,
        enable_cadc_recording: bool = True,
        enable_cadc_recording_placement_in_dram: bool = False,
        cadc_readout_source: ReadoutSource = ReadoutSource.VOLTAGE,
        enable_madc_recording: bool = False,
        record_neuron_id: int | None = None,
        madc_readout_source: ReadoutSource = ReadoutSource.VOLTAGE,
        placement_constraint: Any = None,
        trace_offset: Any = 0.0,
        trace_scale: Any = 1.0,
        cadc_time_shift: int = 0,
        shift_cadc_to_first: bool = False,
        interpolation_mode: str = "linear",
        neuron_structure: Any = None,
        leaky: bool = True,
        fire: bool = True,
        exponential: bool = True,
        subthreshold_adaptation: bool = True,
        spike_triggered_adaptation: bool = True,
        leak_conductance: Any = None,
        **extra_params: Any,
    ) -> None:
        super().__init__(
            size,
            experiment,
            execution_instance,
            chip_coordinate,
            leak=leak,
            reset=reset,
            threshold=threshold,
            tau_mem=tau_mem,
            tau_syn=tau_syn,
            i_synin_gm=i_synin_gm,
            membrane_capacitance=(
                default_capacitance()
                if membrane_capacitance is None
                else membrane_capacitance
            ),
            refractory_time=refractory_time,
            synapse_dac_bias=synapse_dac_bias,
            holdoff_time=holdoff_time,
            exponential_slope=exponential_slope,
            exponential_threshold=exponential_threshold,
            subthreshold_adaptation_strength=subthreshold_adaptation_strength,
            spike_triggered_adaptation_increment=spike_triggered_adaptation_increment,
            tau_adap=tau_adap,
            leak_adaptation=leak_adaptation,
            **extra_params,
        )
        if placement_constraint is not None and len(placement_constraint) != size:
            raise ShapeError(
                type(self).__name__,
                "The number of neurons in logical neurons in `placement_constraint` "
                "does not equal the `size` of the module.",
                f"Give {size} of them, not {len(placement_constraint)}.",
            )
        if not (
            leak_conductance is None or isinstance(leak_conductance, HXBaseParameter)
        ):
            leak_conductance = HXParameter(leak_conductance)
        self.leak_conductance = leak_conductance
        on_chip.check_structure(type(self).__name__, neuron_structure)
        self.method = method
        self.alpha = alpha
        self.clock_scale_adaptation_pulse = clock_scale_adaptation_pulse
        self.enable_spike_recording = enable_spike_recording
        self.enable_cadc_recording = enable_cadc_recording
        self.enable_cadc_recording_placement_in_dram = (
            enable_cadc_recording_placement_in_dram
        )
        self.cadc_readout_source = cadc_readout_source
        self.enable_madc_recording = enable_madc_recording
        self.record_neuron_id = record_neuron_id
        self.madc_readout_source = madc_readout_source
        self.placement_constraint = placement_constraint
        self.offset = trace_offset
        self.scale = trace_scale
        self.cadc_time_shift = cadc_time_shift
        self.shift_cadc_to_first = shift_cadc_to_first
        self.interpolation_mode = interpolation_mode
        self.neuron_structure = neuron_structure
        self.leaky = leaky
        self.fire = fire
        self.exponential = exponential
        self.subthreshold_adaptation = subthreshold_adaptation
        self.spike_triggered_adaptation = spike_triggered_adaptation
        self.output_type = handle_type(
            *(LIFObservables if fire else LIObservables).names(),
            *(_ADAPTATION if self.adaptation else ()),
        )
        self._mask: Tensor | None = None
        self.said: set[str] = set()

    @property
    def alpha(self) -> Any:
        """Steepness of the surrogate gradient, 1 / model units."""
        return self._alpha

    @alpha.setter
    def alpha(self, alpha: Any) -> None:
        self._alpha = check_alpha(type(self).__name__, alpha)

    @property
    def adaptation(self) -> bool:
        """Whether there is an adaptation current."""
        return self.subthreshold_adaptation or self.spike_triggered_adaptation

    @property
    def cadc_readout_source(self) -> ReadoutSource:
        """What the CADC reads."""
        return self._cadc_readout_source

    @cadc_readout_source.setter
    def cadc_readout_source(self, source: ReadoutSource) -> None:
        self._cadc_readout_source = source
        self._changed = True

    @property
    def madc_readout_source(self) -> ReadoutSource:
        """What the MADC reads."""
        return self._madc_readout_source

    @madc_readout_source.setter
    def madc_readout_source(self, source: ReadoutSource) -> None:
        self._madc_readout_source = source
        self._changed = True

    @property
    def mask(self) -> Tensor | None:
        """False where a neuron sends no events; shape (neurons,), None is all True."""
        return self._mask

    @mask.setter
    def mask(self, mask: Tensor | None) -> None:
        self._mask = mask
        self._changed = True

    def forward_func(self, *input: DataHandle, hw_data: Any = None) -> DataHandle:
        """Integrate the neurons.

        :param input: with ``graded_spikes`` of shape (time, batch, neurons), model
            units; several are added
        :param hw_data: measured data of `post_process`, or None
        :raises ShapeError: if the shapes or the number of neurons differ
        """
        values, drive = in_model.model_values(self), self._drive(input)
        refractory = in_model.is_refractory(self, values["refractory_time"])
        dt = 1e-6 if self.experiment is None else self.experiment.dt
        membrane, madc, current, adaptation, adaptation_madc, spikes = (
            cuba_aelif_integration(
                drive,
                leak=values["leak"],
                reset=values["reset"],
                threshold=values["threshold"],
                tau_syn=values["tau_syn"],
                c_mem=values["membrane_capacitance"],
                g_l=self._conductance(values),
                refractory_time=values["refractory_time"],
                method=self.method,
                alpha=self.alpha,
                exp_slope=values["exponential_slope"],
                exp_threshold=values["exponential_threshold"],
                subthreshold_adaptation_strength=values[
                    "subthreshold_adaptation_strength"
                ],
                spike_triggered_adaptation_increment=values[
                    "spike_triggered_adaptation_increment"
                ],
                tau_adap=values["tau_adap"],
                hw_data=hw_data,
                dt=dt,
                leaky=self.leaky,
                fire=self.fire,
                refractory=refractory,
                exponential=self.exponential,
                subthreshold_adaptation=self.subthreshold_adaptation,
                spike_triggered_adaptation=self.spike_triggered_adaptation,
            )
        )
        if in_model.may_run_away(self, values, dt):
            in_model.check_finite(self, drive, membrane)
        traces = {
            "membrane_cadc": membrane,
            "membrane_madc": madc,
            "current": current,
            "adaptation_cadc": adaptation,
            "adaptation_madc": adaptation_madc,
            "spikes": spikes,
        }
        return self.output_type(**{n: traces[n] for n in self.output_type.names()})

    def _conductance(self, values: dict[str, Any]) -> Any:
        """Return the leak conductance: as given, or from the time constant."""
        if self.leak_conductance is not None:
            return self.leak_conductance.model_value
        return parameters.leak_conductance(
            values["membrane_capacitance"], values["tau_mem"]
        )

    def _drive(self, input: tuple[DataHandle, ...]) -> Tensor:
        """Return the sum of all inputs."""
        drives: list[Any] = [getattr(h, "graded_spikes", None) for h in input]
        if not drives or any(drive is None for drive in drives):
            read = ", ".join(n for h in input for n in h.names()) or "no handle"
            raise InputError(
                type(self).__name__,
                f"reads graded spikes, it was called with {read}.",
                "Call it with the handle of a synapse.",
            )
        for drive in drives:
            if drive.ndim != 3 or drive.shape[-1] != self.size:
                raise ShapeError(
                    type(self).__name__,
                    f"has {self.size} neurons, its input has shape "
                    f"{tuple(drive.shape)}.",
                    f"Give it the shape (time, batch, {self.size}).",
                )
            if drive.shape != drives[0].shape:
                raise ShapeError(
                    type(self).__name__,
                    f"its inputs have shapes {[tuple(d.shape) for d in drives]}.",
                    "Give all inputs the same time steps and batch size.",
                )
        total: Tensor = sum(drives[1:], drives[0])
        return total

    def add_to_network_graph(self, builder: chip.NetworkBuilder) -> str:
        """Add the neurons to the network of the chip and return their name.

        :raises RecordingError: if the MADC reads another population
        """
        assert self.descriptor is not None, "registered before"
        on_chip.add_recordings(self, builder)
        self.share_values(builder)
        return builder.add(
            chip.Population(
                self.descriptor,
                self.size,
                self.neuron_target(),
                self.fire,
                None if self.mask is None else self.mask.cpu().numpy().astype(bool),
                *on_chip.wanted_circuits(self),
            )
        )

    @staticmethod
    def create_default_hw_entity() -> AtomicNeuron:
        """Return the settings of a circuit as they are before any configuration."""
        return AtomicNeuron()

    def configure_hw_entity(
        self, neuron_id: int, neuron_block: NeuronBlock, coord: LogicalNeuronOnDLS
    ) -> None:
        """Change the settings of one neuron before a run; override this. Here: none.

        :param neuron_id: its number on the chip
        :param neuron_block: the settings of all circuits
        :param coord: where it is
        """

    def configure_on_chip(self, chip: Chip) -> None:
        """Write terms, trained values, and what `configure_hw_entity` does.

        Trace offsets and scales by coordinate become tensors: places are known now.
        """
        self.offset = on_chip.by_neuron(self, "trace_offset", self.offset)
        self.scale = on_chip.by_neuron(self, "trace_scale", self.scale)
        on_chip.write_terms(self, chip)
        if type(self).configure_hw_entity is not AELIF.configure_hw_entity:
            places = zip(self.unit_ids, self.coordinates, strict=True)
            for neuron_id, coord in places:
                self.configure_hw_entity(int(neuron_id), chip.neuron_block, coord)
        self.set_trainable_params(chip)

    def post_process(self, hw_data: HardwareObservables, runtime: float) -> DataHandle:
        """Return recorded spikes and traces, in model units.

        :param runtime: s
        :returns: handle with ``voltage``, ``adaptation`` and ``spikes``
        """
        assert self.experiment is not None, "only modules of an experiment run"
        return observe(
            hw_data,
            runtime,
            self.experiment.dt,
            spikes=self.fire and self.enable_spike_recording,
            cadc=self.enable_cadc_recording,
            scale=TraceScale(
                self.offset,
                self.scale,
                self.cadc_time_shift,
                self.shift_cadc_to_first,
            ),
            interpolation_mode=self.interpolation_mode,
            cadc_source=self.cadc_readout_source,
            madc_source=self.madc_readout_source,
        )

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        terms = [
            name
            for name in (
                "leaky",
                "fire",
                "exponential",
                "subthreshold_adaptation",
                "spike_triggered_adaptation",
            )
            if getattr(self, name)
        ]
        return f"terms=[{', '.join(terms)}], {super().extra_repr()}"

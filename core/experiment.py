"""An experiment: modules that registered themselves, run in mock or on the chip."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from core import connection
from core.backend.base_experiment import BaseExperiment
from core.backend.chip_network import (
    Partition,
    batch_size,
    refuse_plasticity,
    runtime_cycles,
)
from core.backend.hardware_results import HardwareResults
from core.backend.module_manager import ModuleManager
from core.backend.registration import forget, give_name, note_uncalled
from core.chip import pipeline
from core.chip.calibration_io import StoredCalibration
from core.chip.network import Network
from core.chip.neuron_block import NeuronSettings
from core.chip.results import (
    CalibResult,
    ChipConfig,
    Events,
    Execution,
    PlacementResult,
)
from core.errors import NetworkError, ParameterError
from core.execution_info import ExecutionInfo
from core.execution_instance import ExecutionInstance
from core.handle import DataHandle
from core.modules.hx_module import HXModule, HXTorchBaseModule
from core.modules.hx_module_wrapper import HXModuleWrapper
from core.modules.input_neuron import InputNeuron
from core.modules.types import BasePopulation, InputPopulation, Projection
from core.observables import HardwareObservablesExtractor
from core.spec.chip import TYPICAL, ChipSpec
from core.units import CYCLE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChipDefaults:
    """The chip of experiments that name none.

    :param trial: seed of the temporal noise of the first run
    :param calibrated: False gives all circuits the same codes
    """

    chip_spec: ChipSpec = TYPICAL
    trial: int = 0
    calibrated: bool = True


class Experiment(BaseExperiment):
    """Modules and how to run them.

    :param mock: True runs the ideal model, False the emulated chip
    :param dt: step width, s
    :param hw_routing_func: from the network of a chip, placed, to a routing result;
        None takes the router of the emulator
    :param inter_batch_entry_wait: pause between batch entries, FPGA cycles; it counts
        in the duration of the run, but each entry starts from rest whatever it is
    :param input_loopback: record the input spikes and use them for the gradients
    :param chip_spec: the emulated chip; None takes that of `defaults`
    :param trial: seed of the temporal noise of the next run, then counted up; None
        takes that of `defaults`
    :param calibrated: False gives all circuits the same codes; None: as in `defaults`
    :param memory: keeps the stages of the chip from run to run
    :raises ParameterError: if ``dt`` is no positive number
    :ivar modules: how the modules are connected
    :ivar runtime_in_s: duration of the last run on the chip, s
    :ivar last_execution: all stages of the last run on a chip
    :ivar keep_membrane: also keep the true potentials, which silicon cannot show
    :ivar inter_batch_entry_routing_disabled: kept, always True

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True, dt=0.5e-6)
    >>> synapse, neuron = core.Synapse(2, 3, experiment), core.LI(3, experiment)
    >>> out = neuron(synapse(core.LIFObservables(spikes=torch.ones(30, 1, 2))))
    >>> core.run(experiment, 30)
    >>> out.membrane_cadc.shape  # (time, batch, neurons)
    torch.Size([30, 1, 3])
    """

    modules: ModuleManager
    #: Chip of experiments that say nothing; the launcher of scripts sets it.
    defaults: ClassVar[ChipDefaults] = ChipDefaults()

    def __init__(
        self,
        mock: bool = False,
        dt: float = 1e-6,
        hw_routing_func: Callable[..., Any] | None = None,
        *,
        inter_batch_entry_wait: int | None = None,
        input_loopback: bool = False,
        chip_spec: ChipSpec | None = None,
        trial: int | None = None,
        calibrated: bool | None = None,
        memory: pipeline.StageMemory | None = None,
    ) -> None:
        if inter_batch_entry_wait is not None and inter_batch_entry_wait < 0:
            raise ParameterError(
                "experiment",
                f"inter_batch_entry_wait is {inter_batch_entry_wait}.",
                "Give FPGA cycles, 0 or more.",
            )
        if not (isinstance(dt, (int, float)) and 0 < dt < float("inf")):
            raise ParameterError(
                "experiment",
                f"the step width dt is {dt!r}.",
                "Give a positive number of seconds, 1e-6 for example.",
            )
        chip_spec = self.defaults.chip_spec if chip_spec is None else chip_spec
        trial = self.defaults.trial if trial is None else trial
        calibrated = self.defaults.calibrated if calibrated is None else calibrated
        if type(trial) is not int or not 0 <= trial < 1 << 62:
            raise ParameterError(
                "experiment", f"trial is {trial!r}.", "Give a whole number, 0 or more."
            )
        super().__init__(ModuleManager(), mock, dt)
        self.hw_routing_func = hw_routing_func
        self.inter_batch_entry_wait = inter_batch_entry_wait
        self.inter_batch_entry_routing_disabled = True
        self.input_loopback = input_loopback
        self._chip_spec = chip_spec
        self.trial = self._first_trial = trial
        self._calibrated = calibrated
        self._memory = memory
        self._default_execution_instance: ExecutionInstance | None = None
        self._populations: list[BasePopulation] = []
        self._projections: list[Projection] = []
        self.clear()

    def clear(self) -> None:
        """Forget all modules and results, like a new experiment."""
        for module in (*self._populations, *self._projections):
            module.descriptor = None
            if module.execution_instance is not None:
                module.execution_instance.clear()
        self.modules = ModuleManager()
        self.trial = self._first_trial
        self._said: set[str] = set()
        self.last_execution: Execution | None = None
        self.keep_membrane = False
        self.runtime_in_s: float | None = None
        self.ppu_symbols_read: dict[str, Any] = {}
        self._last_configs: list[ChipConfig] | None = None
        self._populations = []
        self._projections = []
        self._batch_size = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mock={self.mock}, dt={self.dt})"

    @property
    def chip_spec(self) -> ChipSpec:
        """The emulated chip of the default execution instance."""
        return self._chip_spec

    @chip_spec.setter
    def chip_spec(self, chip: ChipSpec) -> None:
        self._chip_spec = chip
        if self._default_execution_instance is not None:
            self._default_execution_instance.chip_spec = chip

    @property
    def calibrated(self) -> bool:
        """Whether circuits are calibrated, on the default execution instance."""
        return self._calibrated

    @calibrated.setter
    def calibrated(self, calibrated: bool) -> None:
        self._calibrated = calibrated
        if self._default_execution_instance is not None:
            self._default_execution_instance.calibrated = calibrated

    @property
    def default_execution_instance(self) -> ExecutionInstance:
        """The chip of all modules that were given none; another may be assigned."""
        if self._default_execution_instance is None:
            self._default_execution_instance = ExecutionInstance(
                input_loopback=self.input_loopback,
                chip_spec=self.chip_spec,
                memory=self._memory,
                calibrated=self.calibrated,
            )
        return self._default_execution_instance

    @default_execution_instance.setter
    def default_execution_instance(self, instance: ExecutionInstance) -> None:
        if not isinstance(instance, ExecutionInstance):
            raise ParameterError(
                "Experiment.default_execution_instance",
                f"is set to {instance!r}.",
                "Give an ExecutionInstance.",
            )
        before, self._default_execution_instance = (
            self._default_execution_instance,
            instance,
        )
        if before is None or before is instance or self.mock:
            return
        moved = [p for p in before.modules if p in self._populations]
        for population in moved:
            before.unregister(population)
        for population in moved:
            self._instance_of(population).register(population)

    @property
    def calibration(self) -> StoredCalibration | None:
        """The calibration that the default chip uses; None calibrates before a run."""
        return self.default_execution_instance.stored

    @calibration.setter
    def calibration(self, stored: StoredCalibration | None) -> None:
        instance = self.default_execution_instance
        if stored is None:
            instance.forget_calibration()
        elif isinstance(stored, StoredCalibration):
            instance.use_calibration(stored, stored.has_target)
        else:
            raise ParameterError(
                "Experiment.calibration",
                f"is set to {stored!r}.",
                "Give what core.chip.calibration_io.load(path) returns, or None.",
            )

    @property
    def last_run_chip_configs(self) -> list[ChipConfig] | None:
        """What was written to each chip in the last run, None before one."""
        return self._last_configs

    @property
    def batch_size(self) -> int:
        """Number of batch entries of the current inputs, else of the last run."""
        if self.modules.input_data():
            self._batch_size = batch_size(self.modules)
        return self._batch_size

    def connect(
        self,
        module: HXTorchBaseModule,
        input_handles: tuple[DataHandle, ...] | DataHandle,
        output_handle: DataHandle,
    ) -> None:
        """Add ``module`` between the handles it reads and the one it fills."""
        self.modules.add_node(module, input_handles, output_handle)

    def connect_wrapper(self, wrapper: HXModuleWrapper) -> None:
        """Let ``wrapper`` compute in place of its members.

        :raises NetworkError: if a member is in another wrapper
        """
        self.modules.add_wrapper(wrapper)

    def get_source_handle(self, module: HXTorchBaseModule) -> DataHandle:
        """Return the first handle that ``module`` reads.

        :raises NetworkError: if the module was not called since the last run
        """
        inputs = (
            self.modules.inputs_of(module) if module in self.modules.connected() else ()
        )
        if not inputs:
            raise NetworkError(
                type(module).__name__,
                "reads no handle.",
                "Call it with a handle before asking.",
            )
        return inputs[0]

    def register_population(self, module: BasePopulation) -> None:
        """Name a population and give its neurons numbers on their chip."""
        give_name(module, len(self._populations), self._named())
        self._populations.append(module)
        if not self.mock:
            self._instance_of(module).register(module)

    def register_projection(self, module: Projection) -> None:
        """Name a projection."""
        give_name(module, len(self._projections), self._named())
        self._projections.append(module)

    def _instance_of(self, module: HXModule) -> ExecutionInstance:
        """Return the chip of ``module``, by default the default one."""
        return module.execution_instance or self.default_execution_instance

    def run(self, runtime: int | None) -> ExecutionInfo | None:
        """Run and fill the handles of all modules; `core.run` is the same.

        :param runtime: number of steps of ``dt``; ignored in mock
        :returns: what the run on the chip took, None in mock
        :raises ParameterError: if ``runtime`` is not an int and the chip is to be used
        """
        try:
            whole = isinstance(runtime, int) and not isinstance(runtime, bool)
            if not self.mock and not whole:
                raise ParameterError(
                    "run",
                    "Requested runtime invalid.",
                    f"Give the number of time steps as an int, not {runtime!r}.",
                )
            results = self.get_hw_results(runtime)
            steps = self.modules.done()
        except BaseException:
            self.modules.clear()  # or the next calls would add to this graph
            raise
        if not steps:
            log.warning("Nothing to run: call the modules again before each run.")
        for module, inputs, output in steps:
            module.exec_forward(inputs, output, results)  # type: ignore[arg-type]
        results.warn(self._said)
        return results.execution_info

    def get_hw_results(self, runtime: int | None) -> HardwareResults:
        """Run the chips; in mock, only prepare the modules.

        Chips that get spikes from each other run one after the other.

        :param runtime: number of steps of ``dt``
        :raises ShapeError: if inputs differ in their batch size
        :returns: measured data in model units by descriptor, empty in mock
        :raises ParameterError: if the runtime does not fit the timer of the chip
        :raises NetworkError: if no module was called since the last run, or modules and
            chips do not go together
        :raises RuntimeError: if a connection is required and none is open
        :raises NotEmulatedError: if something is asked of the chip that it cannot do
        """
        self.modules.pre_process(self)
        self._batch_size = batch_size(self.modules)
        results = HardwareResults()
        if self.mock:
            return results
        connection.check()
        lists: tuple[list[Any], ...] = (self._populations, self._projections)
        known = [len(named) for named in lists]
        try:
            self._run_chips(results, runtime)
        except BaseException as error:
            for named, count in zip(lists, known, strict=True):
                forget(named, count)  # a corrected module may take the place
            note_uncalled(error, self._populations, self.modules.connected())
            raise
        self.modules.reset_changed_since_last_run()
        return results

    def _run_chips(self, results: HardwareResults, runtime: int | None) -> None:
        """Run all chips and fill ``results``."""
        self._prepare_static_config()
        self._calibrate()
        networks = self._generate_network_graphs()
        cycles = runtime_cycles(runtime, self.dt)
        for index, (instance, network) in enumerate(networks.items()):
            execution = instance.execute(
                network,
                self._generate_inputs(network, results.executions),
                self._batch_size,
                cycles,
                trial=self.trial + (index << 32),  # each chip has noise of its own
                router=self.hw_routing_func,
                configure=partial(self._configure_populations, instance),
                keep_membrane=self.keep_membrane,
            )
            results.executions[instance] = execution
            results |= self._get_observables(network, execution, cycles * CYCLE)
        self.trial += 1
        self.runtime_in_s = cycles * CYCLE
        wait = self.inter_batch_entry_wait
        pause = None if wait is None else wait * CYCLE
        seconds = self._batch_size * (cycles * CYCLE + (pause or 0))
        results.execution_info = results.info(seconds, pause)
        runs = list(results.executions.values())
        self.last_execution = runs[-1] if runs else None
        self._last_configs = [run.config for run in runs if run.config is not None]

    def _named(self) -> list[HXModule]:
        """Return all modules that have a name."""
        return [*self._populations, *self._projections]

    def _entities(self) -> list[HXModule]:
        return [m for m in self.modules.connected() if isinstance(m, HXModule)]

    def _instances(self) -> list[ExecutionInstance]:
        """Return all chips in use."""
        return list(dict.fromkeys(self._instance_of(m) for m in self._entities()))

    def _prepare_static_config(self) -> None:
        """Name new modules and refuse what the emulated chips cannot run.

        :raises NetworkError: if there is nothing to run
        :raises NotEmulatedError: if a chip is to run commands of the user
        """
        if not self.modules.connected():
            raise NetworkError(
                "experiment",
                "there is nothing to run.",
                "Call the modules again before each run.",
            )
        for module in self._entities():
            if module.descriptor is None:
                module.register_hw_entity()
        refuse_plasticity(self._entities())
        for instance in self._instances():
            instance.generate_playback_hooks()

    def _calibrate(self) -> None:
        """Read calibrations from files; others are found during the run."""
        loaded = [
            instance
            for instance in self._instances()
            if instance.calib_path is not None or instance.stored is not None
        ]
        networks = self._generate_network_graphs() if loaded else {}
        for instance in loaded:
            instance.calibrate(networks[instance])

    def _generate_network_graphs(self) -> dict[ExecutionInstance, Network]:
        """Return the network of each chip, in the order in which they run."""
        parts = Partition(self.modules, self._instance_of)
        order = parts.order(self._instances())
        return {instance: parts.network(instance) for instance in order}

    def _configure_populations(
        self,
        instance: ExecutionInstance,
        network: Network,
        placement: PlacementResult,
        calibration: CalibResult,
    ) -> NeuronSettings:
        """Return what is written to a chip: calibrated, then changed by the user."""
        instance.locate(placement)
        chip = instance.take(network, placement, calibration)
        instance.set_neuron_parameters_on_chip()
        return chip.neuron_block.settings.copy()

    def _generate_inputs(
        self, network_graph: Network, done: dict[ExecutionInstance, Execution]
    ) -> dict[str, Events]:
        """Return the events that enter a chip, by the name of their source.

        :param done: the runs of the chips before it, whose spikes are passed on
        :raises ShapeError: if an input has another number of channels
        """
        recorded = {n: o for run in done.values() for n, o in run.observables.items()}
        modules = {m.descriptor: m for m in self._entities()}
        found: dict[str, Events] = {}
        for external in network_graph.externals:
            module = modules.get(external.name)
            if isinstance(module, InputNeuron):
                (handle, *_) = self.modules.inputs_of(module)
                module.add_to_input_generator(handle, found)
            elif external.name in recorded:
                found[external.name] = recorded[external.name].events
        return found

    def _get_observables(
        self, network_graph: Network, result_map: Execution, runtime: float
    ) -> dict[str, Any]:
        """Return what the populations of one chip were measured to do, by name.

        :param runtime: s
        """
        extractor = HardwareObservablesExtractor()
        extractor.set_data(network_graph, result_map)
        here = {p.name for p in network_graph.populations}
        outside = {p.name for p in network_graph.externals}
        found = {}
        for module in self._populations:
            names = outside if isinstance(module, InputPopulation) else here
            if module.descriptor in names:
                module.hw_observables = extractor.get(module.descriptor)
                found[module.descriptor] = module.post_process(
                    module.hw_observables, runtime
                )
        return found

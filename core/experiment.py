"""An experiment: modules that registered themselves, run in mock or on the chip."""

from collections.abc import Callable
from typing import Any

from core.backend.chip_network import batch_size, chip_network, input_events
from core.backend.module_manager import ModuleManager
from core.chip import pipeline
from core.chip.results import ChipConfig, Events, Execution
from core.errors import NetworkError, NotEmulatedError, ParameterError
from core.execution_instance import ExecutionInstance
from core.handle import DataHandle
from core.modules.hx_module import HXModule, HXTorchBaseModule
from core.modules.types import BasePopulation, Projection
from core.observables import HardwareObservables, SpikeHandle
from core.spec.chip import TYPICAL, ChipSpec
from core.units import CYCLE, format_quantity

#: The timer of the chip counts cycles in 32 bits.
MAX_CYCLES = 2**32 - 1


class HardwareResults(dict[str, Any]):
    """What the chip gave to each population, by descriptor; None is nothing.

    :ivar execution: all stages of the run, None in mock
    """

    execution: Execution | None = None


class Experiment:
    """Modules and how to run them.

    :param mock: True runs the ideal model, False the emulated chip
    :param dt: step width, s
    :param hw_routing_func: from the network of the chip to a routing result; None
        takes the router of the emulator
    :param inter_batch_entry_wait: kept; batch entries do not influence each other here
    :param input_loopback: record the input spikes and use them for the gradients
    :param chip_spec: the emulated chip
    :param trial: seed of the temporal noise of the next run, then counted up
    :param calibrated: False gives all circuits the same codes
    :param memory: keeps the stages of the chip from run to run

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True, dt=0.5e-6)
    >>> synapse, neuron = core.Synapse(2, 3, experiment), core.LI(3, experiment)
    >>> out = neuron(synapse(core.LIFObservables(spikes=torch.ones(30, 1, 2))))
    >>> core.run(experiment, 30)
    >>> out.membrane_cadc.shape  # (time, batch, neurons)
    torch.Size([30, 1, 3])
    """

    def __init__(
        self,
        mock: bool = False,
        dt: float = 1e-6,
        hw_routing_func: Callable[..., Any] | None = None,
        *,
        inter_batch_entry_wait: int | None = None,
        input_loopback: bool = False,
        chip_spec: ChipSpec = TYPICAL,
        trial: int = 0,
        calibrated: bool = True,
        memory: pipeline.StageMemory | None = None,
    ) -> None:
        self.mock = mock
        self.dt = dt
        self.hw_routing_func = hw_routing_func
        self.inter_batch_entry_wait = inter_batch_entry_wait
        self.input_loopback = input_loopback
        self.chip_spec = chip_spec
        self.trial = trial
        self.calibrated = calibrated
        self._memory = memory
        self._default_execution_instance: ExecutionInstance | None = None
        self._populations: list[BasePopulation] = []
        self._projections: list[Projection] = []
        self.clear()

    def clear(self) -> None:
        """Forget all modules and results, like a new experiment."""
        for module in (*self._populations, *self._projections):
            module.descriptor = None
        self.modules = ModuleManager()
        self.last_execution: Execution | None = None
        self.runtime_in_s: float | None = None
        self._populations = []
        self._projections = []
        self._batch_size = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mock={self.mock}, dt={self.dt})"

    @property
    def default_execution_instance(self) -> ExecutionInstance:
        """The chip of all modules that were given none."""
        if self._default_execution_instance is None:
            self._default_execution_instance = ExecutionInstance(
                input_loopback=self.input_loopback,
                chip_spec=self.chip_spec,
                memory=self._memory,
            )
        return self._default_execution_instance

    @default_execution_instance.setter
    def default_execution_instance(self, instance: ExecutionInstance) -> None:
        self._default_execution_instance = instance

    @property
    def last_run_chip_configs(self) -> list[ChipConfig] | None:
        """What was written to the chip in the last run, None before one."""
        if self.last_execution is None or self.last_execution.config is None:
            return None
        return [self.last_execution.config]

    @property
    def batch_size(self) -> int:
        """Number of batch entries of the last run on the chip."""
        return self._batch_size

    def connect(
        self,
        module: HXTorchBaseModule,
        input_handles: tuple[DataHandle, ...] | DataHandle,
        output_handle: DataHandle,
    ) -> None:
        """Add ``module`` between the handles it reads and the one it fills."""
        self.modules.add_node(module, input_handles, output_handle)

    def register_population(self, module: BasePopulation) -> None:
        """Name a population on the chip."""
        self._name(module, len(self._populations))
        self._populations.append(module)

    def register_projection(self, module: Projection) -> None:
        """Name a projection on the chip."""
        self._name(module, len(self._projections))
        self._projections.append(module)

    def _name(self, module: HXModule, number: int) -> None:
        taken = {m.descriptor for m in (*self._populations, *self._projections)}
        name = module.name or f"{type(module).__name__} {number}"
        if name in taken:
            raise NetworkError(
                f"module '{name}'",
                "another module has this name.",
                "Give each module of an experiment its own name.",
            )
        module.descriptor = name

    def get_hw_results(self, runtime: int | None) -> HardwareResults:
        """Run the chip; in mock, only prepare the modules.

        :param runtime: number of steps of ``dt``
        :returns: measured data in model units by descriptor, empty in mock
        :raises ParameterError: if the runtime does not fit the timer of the chip
        :raises NetworkError: if no module was called since the last run
        :raises NotEmulatedError: if modules are on different chips
        """
        self.modules.pre_process(self)
        if self.mock:
            return HardwareResults()
        cycles = self._cycles(runtime)
        self._register()
        instance = self._instance()
        network = chip_network(self.modules, self._populations, self.calibrated)
        inputs = input_events(self.modules, self.dt)
        self._batch_size = batch_size(self.modules)
        execution = pipeline.execute(
            network,
            inputs,
            self._batch_size,
            cycles,
            instance.chip_spec,
            trial=self.trial,
            router=self.hw_routing_func,
            memory=instance.memory,
        )
        self.trial += 1
        self.last_execution = execution
        self.runtime_in_s = cycles * CYCLE
        results = self._results(execution, inputs, instance)
        self.modules.reset_changed_since_last_run()
        return results

    def _cycles(self, runtime: int | None) -> int:
        """Return the runtime in FPGA cycles."""
        if runtime is None or runtime < 1:
            raise ParameterError(
                "run",
                "Requested runtime invalid.",
                f"Give a positive number of time steps, not {runtime!r}.",
            )
        cycles = round(runtime * self.dt / CYCLE)
        if cycles > MAX_CYCLES:
            raise ParameterError(
                "run",
                f"Runtime of {format_quantity(runtime * self.dt, 's')} to long. Maximum"
                f" supported runtime {format_quantity(MAX_CYCLES * CYCLE, 's', 4)}.",
                "Run fewer steps or use a smaller dt.",
            )
        return cycles

    def _register(self) -> None:
        """Name the modules that run on the chip for the first time."""
        if not self.modules.connected():
            raise NetworkError(
                "experiment",
                "there is nothing to run.",
                "Call the modules again before each run.",
            )
        for module in self.modules.connected():
            if isinstance(module, HXModule) and module.descriptor is None:
                module.register_hw_entity()

    def _instance(self) -> ExecutionInstance:
        """Return the chip that all modules are on."""
        found = {
            m.execution_instance.ID: m.execution_instance
            for m in self.modules.connected()
            if isinstance(m, HXModule) and m.execution_instance is not None
        }
        if len(found) > 1:
            raise NotEmulatedError(
                "experiment",
                f"modules are on {len(found)} execution instances, one is emulated.",
                "Leave out execution_instance.",
            )
        instance = next(iter(found.values()), self.default_execution_instance)
        if instance.calib_path is not None:
            raise NotEmulatedError(
                str(instance),
                "calibrations from files are not read.",
                "Leave out calib_path: the neurons are calibrated before the run.",
            )
        return instance

    def _results(
        self,
        execution: Execution,
        inputs: dict[str, Events],
        instance: ExecutionInstance,
    ) -> HardwareResults:
        """Return what each population was measured to do."""
        assert self.runtime_in_s is not None, "set before"
        results = HardwareResults()
        results.execution = execution
        for module in self._populations:
            name = str(module.descriptor)
            if name in execution.observables:
                observables = HardwareObservables.of(
                    execution.observables[name], self._batch_size, module.size
                )
            elif name in inputs and instance.input_loopback:
                sent = SpikeHandle(inputs[name], self._batch_size, module.size)
                observables = HardwareObservables(spikes=sent)
            else:
                observables = HardwareObservables()
            module.hw_observables = observables
            results[name] = module.post_process(observables, self.runtime_in_s)
        return results

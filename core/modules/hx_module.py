"""Modules that register themselves when called and compute when the experiment runs.

``module(handle)`` returns an empty handle at once; `core.run` calls `exec_forward`,
which fills it with what `forward_func` computes.
"""

from collections.abc import Mapping
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from torch import nn

from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor
from core.chip.ranged import Coordinate
from core.errors import NetworkError
from core.execution_instance import ExecutionInstance
from core.handle import DataHandle, TensorHandle
from core.observables import HardwareObservables

if TYPE_CHECKING:
    from core.experiment import Experiment

Handles = DataHandle | tuple[DataHandle, ...]


#: Reading a signature takes longer than a small network; methods are forgotten with
#: their class.
_signatures: WeakKeyDictionary[Any, Signature] = WeakKeyDictionary()
#: How many handles a function was found to take.
_taken: WeakKeyDictionary[Any, set[int]] = WeakKeyDictionary()


def as_tuple(handles: Handles) -> tuple[DataHandle, ...]:
    """Return one handle, or several, as a tuple."""
    return handles if isinstance(handles, tuple) else (handles,)


def takes_hw_data(function: Any) -> bool:
    """Return whether ``function`` has a parameter ``hw_data``."""
    try:
        return "hw_data" in _signature(function).parameters
    except ValueError:  # some built-in functions have no signature
        return False


def _signature(function: Any) -> Signature:
    """Return the signature of a function, or of that of a method, with its ``self``."""
    plain = getattr(function, "__func__", function)
    try:
        found = _signatures.get(plain)
    except TypeError:  # it cannot be referred to weakly
        return signature(plain)
    if found is None:
        found = _signatures[plain] = signature(plain)
    return found


def _takes(function: Any, count: int) -> bool:
    """Return whether a function, or a method, takes ``count`` handles by place."""
    plain = getattr(function, "__func__", function)
    try:
        known = _taken.setdefault(plain, set())
    except TypeError:  # it cannot be referred to weakly
        known = set()
    if count in known:
        return True
    own = 1 if hasattr(function, "__func__") else 0
    measured = {"hw_data": None} if takes_hw_data(function) else {}
    try:
        _signature(function).bind(*[None] * (own + count), **measured)
    except TypeError:
        return False
    known.add(count)
    return True


class InputError(NetworkError, TypeError):
    """A module was called with something that it cannot read."""


class HXTorchFunctionMixin:
    """The numerics of a module.

    >>> HXTorchFunctionMixin().func((1, 2))  # returns the first input
    1
    """

    def forward_func(self, *input: Any, hw_data: Any = None) -> Any:
        """Return the output handle; override this. Here: the first input.

        :param input: filled handles
        :param hw_data: what `post_process` made of measured data, None in mock
        """
        return input[0]

    def extra_repr(self) -> str:
        """Return what is printed of the numerics."""
        return f"function={self.forward_func.__name__}"

    @property
    def func(self) -> Any:
        """`forward_func` as a function of a tuple of handles and measured data."""
        return self._call_func

    def _call_func(self, input: Handles, hw_data: Any = None) -> Any:
        handles = as_tuple(input)
        if not _takes(self.forward_func, len(handles)):
            raise InputError(
                type(self).__name__,
                f"was called with {len(handles)} handles since the last run, its"
                " forward_func takes another number.",
                "Call it once before each run, with as many handles as it takes.",
            )
        return self._prepare_func(self.forward_func)(*handles, hw_data=hw_data)

    def _prepare_func(self, function: Any) -> Any:
        """Return ``function`` with a keyword ``hw_data``, dropped if it takes none."""
        if takes_hw_data(function):
            return function
        return lambda *handles, hw_data: function(*handles)


class HXTorchBaseModule(HXTorchFunctionMixin, nn.Module):
    """Base of all modules; belongs to no experiment until one is assigned.

    :ivar output_type: type of the handle that it returns
    :ivar descriptor: name on the chip, None if it has no part there
    :ivar name: wished name on the chip; None takes a generated one

    >>> import torch, core
    >>> class Double(HXTorchBaseModule):
    ...     def forward_func(self, input):
    ...         return core.TensorHandle(tensor=2 * input.tensor)
    >>> module = Double()
    >>> module.experiment = core.Experiment(mock=True)
    >>> out = module(core.TensorHandle(tensor=torch.ones(2)))
    >>> core.run(module.experiment, None)
    >>> out.tensor
    tensor([2., 2.])
    """

    output_type: type[DataHandle] = TensorHandle
    experiment: "Experiment | None" = None
    descriptor: str | None = None
    name: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.hw_observables = HardwareObservables()
        self._output_handle: DataHandle | None = None

    @property
    def output_handle(self) -> DataHandle:
        """The one handle that each call returns."""
        if self._output_handle is None:
            self._output_handle = self.output_type()
        return self._output_handle

    def forward(self, *input: DataHandle) -> Any:
        """Register the module with its experiment.

        :param input: handles that hold data when the experiment runs
        :returns: the handle that `core.run` fills
        :raises NetworkError: if the module belongs to no experiment
        """
        if self.experiment is None:
            raise NetworkError(
                type(self).__name__,
                "belongs to no experiment.",
                "Set its attribute 'experiment' before calling it.",
            )
        for handle in input:
            if not isinstance(handle, DataHandle):
                raise InputError(
                    type(self).__name__,
                    f"was called with a {type(handle).__name__}, it reads handles.",
                    "Wrap tensors, LIFObservables(spikes=tensor) for example.",
                )
        self.experiment.connect(self, input, self.output_handle)
        return self.output_handle

    def exec_forward(
        self,
        input: Handles,
        output: DataHandle,
        hw_map: Mapping[str, Any] | None = None,
    ) -> None:
        """Compute and fill ``output``.

        :param hw_map: measured data by descriptor; None takes `hw_observables`
        """
        if all(output is not read for read in as_tuple(input)):
            output.clear()  # its memory can be used again
        result = self.func(input, hw_data=self._hw_data(hw_map))
        self.post_simulation_processing(result)
        output.clone(result)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out results: a copy or a saved module starts without them."""
        nothing = {"_output_handle": None, "hw_observables": HardwareObservables()}
        return self.__dict__ | nothing

    def _hw_data(self, hw_map: Mapping[str, Any] | None) -> Any:
        if hw_map is not None:
            return None if self.descriptor is None else hw_map.get(self.descriptor)
        if self.experiment is None or self.experiment.mock:
            return None
        runtime = self.experiment.runtime_in_s
        assert runtime is not None, "the chip ran before"
        return self.post_process(self.hw_observables, runtime)

    def post_process(self, hw_data: HardwareObservables, runtime: float) -> Any:
        """Turn the output of the chip into tensors; override this. Here: None.

        :param runtime: s
        """
        return None

    def post_simulation_processing(self, output: Any) -> None:
        """Look at or change the computed handle before it is given out."""

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"{super().extra_repr()}, experiment={self.experiment}"


class HXBaseExperimentModule(HXTorchBaseModule):
    """A module of an experiment.

    >>> import core
    >>> HXBaseExperimentModule(core.Experiment(mock=True)).experiment.mock
    True
    """

    def __init__(self, experiment: "Experiment | None") -> None:
        super().__init__()
        self.experiment = experiment


class HXHardwareEntityMixin:
    """What a module needs to be put on a chip.

    :param execution_instance: the chip. A chip coordinate is accepted in its place,
        anything else is ignored
    :param chip_coordinate: kept, the emulator has one chip per execution instance

    >>> instance = ExecutionInstance()
    >>> HXHardwareEntityMixin(instance).execution_instance is instance
    True
    """

    execution_instance: ExecutionInstance | None = None
    chip_coordinate: Any = None
    _changed: bool = True

    def __init__(
        self, execution_instance: Any = None, chip_coordinate: Any = None
    ) -> None:
        if isinstance(execution_instance, (Coordinate, tuple)):
            chip_coordinate = execution_instance
        if isinstance(execution_instance, ExecutionInstance):
            self.execution_instance = execution_instance
        self.chip_coordinate = chip_coordinate

    @property
    def changed_since_last_run(self) -> bool:
        """Whether something that matters to the chip changed since the last run."""
        return self._changed

    def reset_changed_since_last_run(self) -> None:
        """Note that the chip has seen the current state."""
        self._changed = False

    def register_hw_entity(self) -> None:
        """Announce the module to its experiment before the first run on the chip."""

    def post_process(self, hw_data: HardwareObservables, runtime: float) -> Any:
        """Turn the output of the chip into tensors. Here: None.

        :param runtime: s
        """
        return None

    def add_to_network_graph(self, *args: Any) -> Any:
        """Add the module to the network of the chip. Here: it has no part there."""

    def add_to_input_generator(self, input: Any, builder: Any) -> None:
        """Add what the module sends to the chip. Here: nothing."""

    def configure_hw_entity(
        self, neuron_id: int, neuron_block: Any, coord: Any
    ) -> None:
        """Change the settings of one neuron before a run. Here: none."""

    def extra_repr(self) -> str:
        """Return what is printed of the place of the module."""
        return f"execution_instance={self.execution_instance}"


class HXModule(HXHardwareEntityMixin, HXBaseExperimentModule):
    """A module with a part on the chip.

    :param experiment: the experiment it belongs to
    :param execution_instance: see `HXHardwareEntityMixin`; None takes the default of
        the experiment
    :param chip_coordinate: see there; None is the first connection and chip, in mock
        none

    >>> import core
    >>> module = HXModule(core.Experiment(mock=False))
    >>> module.execution_instance is module.experiment.default_execution_instance
    True
    """

    _execution_instance: ExecutionInstance | None = None

    def __init__(
        self,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
    ) -> None:
        HXBaseExperimentModule.__init__(self, experiment)
        HXHardwareEntityMixin.__init__(self, execution_instance, chip_coordinate)
        on_chip = experiment is not None and not experiment.mock
        if on_chip and self.chip_coordinate is None:
            self.chip_coordinate = (ConnectionOnExecutor(), ChipOnConnection())

    @property
    def execution_instance(self) -> ExecutionInstance | None:
        """The chip; that of the experiment if none was given, None in mock."""
        experiment, given = self.experiment, self._execution_instance
        if given is not None or experiment is None or experiment.mock:
            return given
        return experiment.default_execution_instance

    @execution_instance.setter
    def execution_instance(self, instance: ExecutionInstance | None) -> None:
        self._execution_instance = instance

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        place = HXHardwareEntityMixin.extra_repr(self)
        return f"{HXBaseExperimentModule.extra_repr(self)}, {place}"


class HXFunctionalModule(HXBaseExperimentModule):
    """A module without a part on the chip.

    >>> import torch, core
    >>> class Rates(HXFunctionalModule):
    ...     def forward_func(self, input):
    ...         return core.TensorHandle(tensor=input.spikes.mean(0))
    >>> experiment = core.Experiment(mock=True)
    >>> rates = Rates(experiment)(core.LIFObservables(spikes=torch.ones(10, 1, 2)))
    >>> core.run(experiment, None)
    >>> rates.tensor  # (batch, neurons)
    tensor([[1., 1.]])
    """

"""Several modules whose numerics are one function: the way to recurrent networks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import nn

from core.errors import HXError, NetworkError
from core.handle import DataHandle
from core.modules.hx_module import Handles, HXFunctionalModule, HXTorchBaseModule

if TYPE_CHECKING:
    from core.experiment import Experiment


class WrapperOutputError(HXError, AssertionError):
    """A wrapper did not return one handle for each of its members."""


class Members(dict[str, HXTorchBaseModule]):
    """The members of a wrapper by name; called, all torch modules below it."""

    def __init__(self, wrapper: nn.Module, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self._wrapper = wrapper

    def __call__(self, remove_duplicate: bool = True) -> Iterator[nn.Module]:
        """Return the wrapper and its members, as `torch.nn.Module.modules` does."""
        for _, module in self._wrapper.named_modules(remove_duplicate=remove_duplicate):
            yield module


class HXModuleWrapper(HXFunctionalModule):
    """Runs `forward_func` in place of the numerics of its members.

    On the chip each member is what it is. In the model only the wrapper computes, so
    its members may depend on each other in a circle. Call the members first, the
    recurrent ones with each other's handles, then the wrapper without arguments.

    :param experiment: the experiment it belongs to
    :param modules: the members by name
    :ivar modules: the members by name

    >>> import torch, core
    >>> class Recurrent(core.HXModuleWrapper):
    ...     def forward_func(self, input, hw_data=None):
    ...         inner = self.modules["synapse"], self.modules["neurons"]
    ...         drive = input.graded_spikes
    ...         for _ in range(3):  # until the recurrent spikes no longer change
    ...             both = core.SynapseHandle(graded_spikes=drive)
    ...             spikes = inner[1].forward_func(both)
    ...             graded = inner[0].forward_func(spikes)
    ...             drive = input.graded_spikes + graded.graded_spikes
    ...         return graded, spikes
    >>> experiment = core.Experiment(mock=True)
    >>> neurons = core.LIF(3, experiment, leak=0, reset=0, threshold=1)
    >>> synapse = core.Synapse(3, 3, experiment)
    >>> wrapper = Recurrent(experiment, synapse=synapse, neurons=neurons)
    >>> out = neurons(core.SynapseHandle(graded_spikes=torch.ones(20, 1, 3)))
    >>> _ = neurons(synapse(out))
    >>> wrapper()
    >>> core.run(experiment, None)
    >>> out.spikes.shape  # (time, batch, neurons)
    torch.Size([20, 1, 3])
    """

    def __init__(
        self, experiment: "Experiment | None", **modules: HXTorchBaseModule
    ) -> None:
        super().__init__(experiment)
        self.update(**modules)

    def update(self, **modules: HXTorchBaseModule) -> None:
        """Replace all members."""
        for name in getattr(self, "_names", ()):
            delattr(self, name)
        self._names = tuple(modules)
        for name, module in modules.items():
            self.add_module(name, module)
        self.modules = Members(self, modules)  # type: ignore[method-assign]

    def contains(
        self, modules: HXTorchBaseModule | Iterable[HXTorchBaseModule]
    ) -> bool:
        """Return whether a module is, or all of several are, members."""
        asked = [modules] if isinstance(modules, nn.Module) else list(modules)
        members = list(self.members)
        return all(any(m is member for member in members) for m in asked)

    @property
    def members(self) -> tuple[HXTorchBaseModule, ...]:
        """The members in their order."""
        return tuple(getattr(self, name) for name in self._names)

    def forward(self) -> None:  # type: ignore[override]
        """Register the wrapper with its experiment.

        :raises NetworkError: if it belongs to no experiment, or a member is in another
            wrapper
        """
        if self.experiment is None:
            raise NetworkError(
                type(self).__name__,
                "belongs to no experiment.",
                "Set its attribute 'experiment' before calling it.",
            )
        self.experiment.connect_wrapper(self)

    def forward_func(self, *input: Any, hw_data: Any = None) -> Any:
        """Return one handle for each member, in their order; override this.

        :param input: the handles that enter the group from outside, by member
        :param hw_data: measured data of each member, None for each in mock
        """
        raise NotImplementedError(f"{type(self).__name__} defines no forward_func")

    def exec_forward(
        self,
        input: Handles,
        output: Handles,
        hw_map: Mapping[str, Any] | None = None,
    ) -> None:
        """Compute and fill the handles of all members.

        :param hw_map: measured data by descriptor
        :raises WrapperOutputError: if there are more or fewer handles than members
        """
        hw_data = tuple(member._hw_data(hw_map) for member in self.members)
        results = self.func(input, hw_data=hw_data)
        if isinstance(results, DataHandle):
            results = (results,)
        targets = output if isinstance(output, tuple) else (output,)
        if len(results) != len(targets):
            raise WrapperOutputError(
                type(self).__name__,
                f"forward_func returned {len(results)} handles, there are"
                f" {len(targets)} members.",
                f"Return one handle for each of {', '.join(self._names)}, in this"
                " order.",
            )
        self.post_simulation_processing(results)
        for target, result in zip(targets, results, strict=True):
            target.clone(result)

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"modules=[{', '.join(self._names)}], {super().extra_repr()}"

"""What every experiment is, whatever runs it."""

from abc import ABC, abstractmethod

from core.backend.hardware_results import HardwareResults
from core.backend.module_manager import BaseModuleManager
from core.handle import DataHandle
from core.modules.hx_module import HXTorchBaseModule


class BaseExperiment(ABC):
    """Modules and how to run them.

    :param modules: how they are connected
    :param mock: True runs the ideal model, False the chip
    :param dt: step width, s
    """

    def __init__(self, modules: BaseModuleManager, mock: bool, dt: float) -> None:
        self.modules = modules
        self.mock = mock
        self.dt = dt

    @abstractmethod
    def connect(
        self,
        module: HXTorchBaseModule,
        input_handles: tuple[DataHandle, ...] | DataHandle,
        output_handle: DataHandle,
    ) -> None:
        """Add ``module`` between the handles it reads and the one it fills."""

    @abstractmethod
    def get_hw_results(self, runtime: int | None) -> HardwareResults:
        """Run the chip; in mock, only prepare the modules."""

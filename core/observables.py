"""What the chip recorded, by module, and what becomes of it.

`core.raw_handle` turns recordings into tensors.
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.chip.network import Network
from core.chip.readout_source import ReadoutSource
from core.chip.results import Execution
from core.raw_handle import CADCHandle, MADCHandle, SpikeHandle

__all__ = [
    "AnalogObservable",
    "CADCHandle",
    "HXTorchObservables",
    "HardwareObservables",
    "HardwareObservablesExtractor",
    "MADCHandle",
    "ReadoutSource",
    "SpikeHandle",
]


@dataclass
class AnalogObservable:
    """A membrane or an adaptation as measured; None is what was not recorded.

    >>> import torch
    >>> AnalogObservable(cadc=torch.zeros(5, 1, 3)).madc is None
    True

    :param cadc: shape (time, batch, neurons)
    :param madc: shape (2, samples, batch)
    """

    cadc: Tensor | None = None
    madc: Tensor | None = None


@dataclass
class HardwareObservables:
    """The output of the chip for one module; None is what was not recorded.

    >>> HardwareObservables()
    HardwareObservables(spikes=None, cadc=None, madc=None)
    """

    spikes: SpikeHandle | None = None
    cadc: CADCHandle | None = None
    madc: MADCHandle | None = None

    def set_data(self, spikes: Any = None, cadc: Any = None, madc: Any = None) -> None:
        """Replace all three."""
        self.spikes, self.cadc, self.madc = spikes, cadc, madc


HXTorchObservables = HardwareObservables


class HardwareObservablesExtractor:
    """Looks up the output of one chip by the name of a module.

    >>> HardwareObservablesExtractor().get("hidden")
    HardwareObservables(spikes=None, cadc=None, madc=None)
    """

    def __init__(self) -> None:
        self._spikes: dict[str, SpikeHandle] = {}
        self._cadc_samples: dict[str, CADCHandle] = {}
        self._madc_samples: dict[str, MADCHandle] = {}

    def set_data(self, network_graph: Network, result_map: Execution) -> None:
        """Take the output of a run.

        :param network_graph: what was run
        :param result_map: all stages of the run
        """
        sizes = {p.name: p.size for p in network_graph.populations}
        sizes |= {p.name: p.size for p in network_graph.externals}
        events = result_map.sent | {
            name: found.events for name, found in result_map.observables.items()
        }
        self._spikes = {
            name: SpikeHandle(found, result_map.batch, sizes[name])
            for name, found in events.items()
        }
        measured = result_map.observables.items()
        self._cadc_samples = {
            name: CADCHandle.of_arrays(
                found.cadc, found.cadc_cycles, found.hemisphere, found.cadc_counts
            )
            for name, found in measured
            if len(found.cadc)
        }
        self._madc_samples = {
            name: MADCHandle.of_arrays(found.madc, sizes[name], found.madc_counts)
            for name, found in measured
            if found.madc is not None
        }

    def get(self, descriptor: str | None = None) -> HardwareObservables:
        """Return the output for one module; nothing for a module without any."""
        name = str(descriptor)
        return HardwareObservables(
            self._spikes.get(name),
            self._cadc_samples.get(name),
            self._madc_samples.get(name),
        )

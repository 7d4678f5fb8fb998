"""Routers, and routing written by hand."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

from core.chip.routing import GreedyRouter, PortfolioRouter
from core.errors import NotEmulatedError

__all__ = [
    "ConnectionToHardwareRoutes",
    "GreedyRouter",
    "PortfolioRouter",
    "RoutingResult",
]


@dataclass
class ConnectionToHardwareRoutes:
    """Synapses and neurons of the chip that a connection can use."""

    atomic_neurons_on_target_compartment: list[Any] = field(default_factory=list)


@dataclass
class RoutingResult:
    """Routing written by hand; a run that is given one raises `NotEmulatedError`."""

    execution_instances: dict[Any, Any] = field(default_factory=dict)

    @dataclass
    class ExecutionInstance:
        """Routing of one chip."""

        connections: dict[Any, Any] = field(default_factory=dict)

        @dataclass
        class PlacedConnection:
            """The synapse that a connection uses."""

            synapse_row: Any = None
            synapse_on_row: Any = None

    @property
    def row_source(self) -> NoReturn:
        """What the emulator asks of a routing: not known here."""
        raise NotEmulatedError(
            "RoutingResult",
            "routing that is written by hand is not emulated.",
            "Return the result of grenade.network.routing.PortfolioRouter() instead.",
        )

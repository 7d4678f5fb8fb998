"""Networks that are built by hand, which the emulator does not run."""

from typing import Any, NoReturn

from core.errors import NotEmulatedError


def not_emulated(call: str) -> NoReturn:
    """Raise: only modules drive the emulator."""
    raise NotEmulatedError(
        call,
        "networks that are built by hand are not emulated.",
        "Write the network with hxtorch.spiking.Synapse and its neurons.",
    )


class Network:
    """A network that was built by hand."""


class NetworkBuilder:
    """Puts a network together by hand."""

    def add(self, *parts: Any) -> NoReturn:
        not_emulated("NetworkBuilder.add")

    def done(self) -> NoReturn:
        not_emulated("NetworkBuilder.done")


class InputGenerator:
    """Makes input for a network that was built by hand."""

    def __init__(self, network_graph: Any = None, batch_size: int = 1) -> None:
        self.network_graph = network_graph
        self.batch_size = batch_size

    def add(self, times: Any, population: Any) -> NoReturn:
        not_emulated("InputGenerator.add")

    def done(self) -> NoReturn:
        not_emulated("InputGenerator.done")


def build_network_graph(network: Any, routing_result: Any) -> NoReturn:
    """Raise: only modules drive the emulator."""
    not_emulated("build_network_graph")

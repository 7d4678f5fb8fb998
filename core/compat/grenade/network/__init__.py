"""Stand-in of `grenade.network`: parts of a network and where they are."""

from core.compat.grenade.network import routing
from core.compat.grenade.network.build import (
    InputGenerator,
    Network,
    NetworkBuilder,
    build_network_graph,
)
from core.compat.grenade.network.coordinates import (
    AtomicNeuronOnExecutionInstance,
    PopulationOnExecutionInstance,
    PopulationOnNetwork,
    ProjectionOnExecutionInstance,
    ProjectionOnNetwork,
)
from core.compat.grenade.network.parts import (
    CADCRecording,
    ExternalSourcePopulation,
    PlasticityRule,
    Population,
    Projection,
    Receptor,
)
from core.compat.grenade.network.routing import (
    ConnectionToHardwareRoutes,
    RoutingResult,
)

__all__ = [
    "AtomicNeuronOnExecutionInstance",
    "CADCRecording",
    "ConnectionToHardwareRoutes",
    "ExternalSourcePopulation",
    "InputGenerator",
    "Network",
    "NetworkBuilder",
    "PlasticityRule",
    "Population",
    "PopulationOnExecutionInstance",
    "PopulationOnNetwork",
    "Projection",
    "ProjectionOnExecutionInstance",
    "ProjectionOnNetwork",
    "Receptor",
    "RoutingResult",
    "build_network_graph",
    "routing",
]

"""From the graph of modules to what the chip is given: a network and events.

Here model units end: modules add themselves in the units of the chip.
"""

from core.backend.module_manager import ModuleManager
from core.chip.network import Network, NetworkBuilder
from core.chip.results import Events
from core.errors import NetworkError, ShapeError
from core.modules.input_neuron import InputNeuron
from core.modules.neuron import AELIF
from core.modules.neuron.recording import RecordingError
from core.modules.types import BasePopulation, Population, Projection, shared_value


def chip_network(
    manager: ModuleManager, populations: list[BasePopulation], calibrated: bool
) -> Network:
    """Return the network of the chip.

    :param populations: all that are on the chip, so that each keeps its place
    :param calibrated: False gives all circuits the same codes
    :raises NetworkError: if a projection is not between two populations
    :raises RecordingError: if the recordings do not fit together
    :raises SharedValueError: if populations differ in a value the chip has only once
    """
    builder = NetworkBuilder()
    for population in populations:
        population.add_to_network_graph(builder)
    for module in manager.connected():
        if isinstance(module, Projection):
            source, target = _ends(manager, module)
            module.add_to_network_graph(source, target, builder)
    neurons = [p for p in populations if isinstance(p, Population)]
    return builder.done(
        record_cadc=_record_cadc(populations),
        i_synin_gm=shared_value(neurons, "i_synin_gm", Network.i_synin_gm),
        synapse_dac_bias=shared_value(
            neurons, "synapse_dac_bias", Network.synapse_dac_bias
        ),
        calibrated=calibrated,
    )


def _ends(manager: ModuleManager, module: Projection) -> tuple[str, str]:
    """Return the names of the populations that ``module`` connects."""
    sources = manager.source_populations(module)
    targets = manager.target_populations(module)
    if len(sources) != 1 or len(targets) != 1:
        raise NetworkError(
            f"projection '{module.descriptor}'",
            f"has {len(sources)} source and {len(targets)} target populations.",
            "On the chip, put each synapse between two populations.",
        )
    return str(sources[0].descriptor), str(targets[0].descriptor)


def _record_cadc(populations: list[BasePopulation]) -> bool:
    in_dram = {
        p.enable_cadc_recording_placement_in_dram
        for p in populations
        if isinstance(p, AELIF) and p.enable_cadc_recording
    }
    if len(in_dram) > 1:
        raise RecordingError(
            "CADC",
            "some populations record into DRAM, others into SRAM.",
            "Set enable_cadc_recording_placement_in_dram alike for all.",
        )
    return bool(in_dram)


def input_events(manager: ModuleManager, dt: float) -> dict[str, Events]:
    """Return the events of all inputs by name.

    :param dt: step width, s
    :raises ShapeError: if an input has another number of channels
    """
    return {
        str(module.descriptor): module.input_events(
            manager.inputs_of(module)[0].spikes, dt
        )
        for module in manager.connected()
        if isinstance(module, InputNeuron)
    }


def batch_size(manager: ModuleManager) -> int:
    """Return the number of batch entries of all inputs, 1 without inputs.

    :raises ShapeError: if they differ
    """
    sizes = {
        getattr(handle, name).shape[1]
        for handle in manager.input_data()
        for name in handle.names()
        if handle.holds(name)
    }
    if len(sizes) > 1:
        raise ShapeError(
            "experiment",
            f"inputs have different batch sizes: {sorted(sizes)}.",
            "Give all inputs the same batch size.",
        )
    return sizes.pop() if sizes else 1

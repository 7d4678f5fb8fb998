"""Populations of neurons as lines of a program; see `core.spec.script_io`."""

from collections.abc import Iterator

from core.spec.experiment import ExperimentSpec
from core.spec.network import LIFSpec, LISpec, Value
from core.spec.script_text import call, number

#: What holds the code of a potential in a circuit of the chip.
_CELLS = {
    "leak": "leak.v_leak",
    "reset": "reset.v_reset",
    "threshold": "threshold.v_threshold",
}


def neuron_imports(spec: ExperimentSpec) -> Iterator[str]:
    """Yield the imports that the neurons need beyond `hxtorch.spiking`."""
    return iter(())


def neuron_lines(population: LISpec, spec: ExperimentSpec, name: str) -> Iterator[str]:
    """Yield the lines that make ``name`` the module of ``population``."""
    codes = {
        field: value.code
        for field, value in _potentials(population).items()
        if value.code is not None
    }
    kind = f"hxsnn.{population.kind}"
    if codes:
        kind = f"{name}_type"
        yield from _with_codes(kind, f"hxsnn.{population.kind}", codes)
    yield call(f"{name} = {kind}", _arguments(population, spec))


def _potentials(population: LISpec) -> dict[str, Value]:
    found = {"leak": population.leak}
    if isinstance(population, LIFSpec):
        found |= {"reset": population.reset, "threshold": population.threshold}
    return found


def _arguments(population: LISpec, spec: ExperimentSpec) -> Iterator[str]:
    scale, recording = population.scale, spec.recording
    yield str(population.size)
    yield "exp"
    for field, value in _potentials(population).items():
        yield f"{field}={_both(value.model, scale.lsb(value))}"
    yield f"tau_mem={number(population.tau_mem)}"
    yield f"tau_syn={number(population.tau_syn)}"
    capacitor = float(population.capacitor)
    yield f"membrane_capacitance={_both(population.membrane_capacitance, capacitor)}"
    if isinstance(population, LIFSpec):
        yield f"refractory_time={number(population.refractory_time)}"
    yield f"i_synin_gm={spec.run.i_synin_gm}"
    yield f"synapse_dac_bias={spec.run.synapse_dac_bias}"
    if recording.madc_population == population.name:
        yield "enable_madc_recording=True"
        yield f"record_neuron_id={recording.madc_neuron}"
    if not recording.cadc:
        yield "enable_cadc_recording=False"
    yield f"trace_offset={number(scale.trace_offset)}"
    yield f"trace_scale={number(scale.trace_scale)}"


def _both(model: float, hardware: float) -> str:
    return f"hxsnn.MixedHXModelParameter({number(model)}, {number(hardware)})"


def _with_codes(kind: str, base: str, codes: dict[str, int]) -> Iterator[str]:
    """Yield a class whose circuits get these codes, whatever calibration found."""
    yield f"class {kind}({base}):"
    yield "    def configure_hw_entity(self, neuron_id, neuron_block, coord):"
    yield "        super().configure_hw_entity(neuron_id, neuron_block, coord)"
    yield "        for circuit in coord.get_atomic_neurons():"
    yield "            neuron = neuron_block.atomic_neurons[circuit]"
    for field, code in codes.items():
        yield f"            neuron.{_CELLS[field]} = {code}"
    yield ""

"""Populations of neurons as lines of a program; see `core.script.program`."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import on_chip
from core.modules.neuron.in_model import LI_TERMS, LIF_TERMS
from core.script.text import call, number, value
from core.spec.experiment import ExperimentSpec
from core.spec.fields import each
from core.spec.network import AELIFSpec, LIFSpec, LISpec, Value
from core.spec.stimulus import ConstantCurrent, current

#: What holds the code of a potential in a circuit of the chip.
_CELLS = {
    "leak": "leak.v_leak",
    "reset": "reset.v_reset",
    "threshold": "threshold.v_threshold",
}
_SWITCHES = ("exponential", "subthreshold_adaptation", "spike_triggered_adaptation")


def neuron_lines(population: LISpec, spec: ExperimentSpec, name: str) -> Iterator[str]:
    """Yield the lines that make ``name`` the module of ``population``."""
    plain = population.leaky and not isinstance(population, AELIFSpec)
    base = kind = f"hxsnn.{population.kind}" if plain else "hxsnn.AELIF"
    cells = list(_cells(population, spec))
    if cells:
        kind = f"{name}_type"
        yield from _written(kind, base, cells)
    yield call(f"{name} = {kind}", _arguments(population, spec))


def current_lines(population: LISpec, spec: ExperimentSpec) -> list[str]:
    """Return the lines that make ``steady`` the current of the model, or none."""
    run = spec.run
    wanted = current(spec.stimuli, population.name, population.size, run.steps, run.dt)
    if wanted is None:
        return []
    tau = run.dt if population.tau_syn is None else population.tau_syn
    lines = [
        "# A constant current: what keeps a current that decays where it is",
        f"steady = torch.zeros(STEPS, 1, {population.size}, dtype=torch.float64)",
    ]
    for stimulus in spec.stimuli:
        if not isinstance(stimulus, ConstantCurrent):
            continue
        if stimulus.population != population.name:
            continue
        stop = run.steps * run.dt if stimulus.stop is None else stimulus.stop
        first, last = round(stimulus.start / run.dt), round(stop / run.dt)
        amount = value(stimulus.current)
        lines.append(f"steady[{first}:{min(last, run.steps)}] += {amount}")
    decay = "DT" if population.tau_syn is None else value(tau)
    lines.append(f"steady[1:] -= (1 - DT / {decay}) * steady[:-1].clone()")
    return lines


def _potentials(population: LISpec) -> dict[str, Value]:
    found = {"leak": population.leak}
    if isinstance(population, LIFSpec):
        found |= {"reset": population.reset, "threshold": population.threshold}
    return found


def _arguments(population: LISpec, spec: ExperimentSpec) -> Iterator[str]:
    scale, recording = population.scale, spec.recording
    yield str(population.size)
    yield "exp"
    for field, potential in _potentials(population).items():
        yield f"{field}={_both(potential.model, scale.lsb(potential))}"
    yield f"tau_mem={value(population.tau_mem)}"
    shortest = on_chip.SHORTEST_TAU_SYN
    if population.tau_syn is None:
        yield f"tau_syn={_both(spec.run.dt, shortest)}"
    else:
        yield f"tau_syn={value(population.tau_syn)}"
    capacitance = _both(population.membrane_capacitance, population.capacitor)
    yield f"membrane_capacitance={capacitance}"
    if isinstance(population, LIFSpec):
        yield f"refractory_time={value(population.refractory_time)}"
    yield f"i_synin_gm={spec.run.i_synin_gm}"
    yield f"synapse_dac_bias={spec.run.synapse_dac_bias}"
    if recording.madc_population == population.name:
        yield "enable_madc_recording=True"
        yield f"record_neuron_id={recording.madc_neuron}"
    if not recording.cadc:
        yield "enable_cadc_recording=False"
    if population.circuits is not None:
        first, stop = population.circuits.start, population.circuits.stop
        yield f"placement_constraint=[place(n) for n in range({first}, {stop})]"
    yield f"trace_offset={number(scale.trace_offset)}"
    yield f"trace_scale={number(scale.trace_scale)}"
    yield from _terms(population, spec)


def _terms(population: LISpec, spec: ExperimentSpec) -> Iterator[str]:
    """Yield the arguments that only `AELIF` takes."""
    if isinstance(population, AELIFSpec):
        codes = on_chip.adex_codes(population)
        mock = spec.run.mode == "mock"
        for switch in _SWITCHES:
            yield f"{switch}={getattr(population, switch)}"
        for field, code in codes.codes.items():
            given = getattr(population, field)
            model = given.model if isinstance(given, Value) else given
            yield f"{field}={value(model) if mock else _both(model, code)}"
        if not mock:
            yield f"clock_scale_adaptation_pulse=({codes.clock_scale},) * 2"
    elif not population.leaky:
        terms = LIF_TERMS if population.spiking else LI_TERMS
        taken = ("refractory_time",) if isinstance(population, LIFSpec) else ()
        for switch, on in (terms | {"leaky": False}).items():
            if switch not in taken:
                yield f"{switch}={on}"


def _both(model: Any, hardware: Any) -> str:
    return f"hxsnn.MixedHXModelParameter({value(model)}, {value(hardware)})"


def _cells(
    population: LISpec, spec: ExperimentSpec
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield cells of a circuit with the codes that go there, one for each neuron."""
    for field, potential in _potentials(population).items():
        if potential.code is not None:
            yield _CELLS[field], each(potential.code, population.size).astype(np.int64)
    currents = None
    if spec.run.mode != "mock":
        currents = on_chip.current_codes(spec, population)
    if currents is not None:
        yield "constant_current", currents


def _written(
    kind: str, base: str, cells: list[tuple[str, NDArray[np.int64]]]
) -> Iterator[str]:
    """Yield a class whose circuits get these codes, whatever calibration found."""
    yield f"class {kind}({base}):"
    yield "    def configure_hw_entity(self, neuron_id, neuron_block, coord):"
    yield "        super().configure_hw_entity(neuron_id, neuron_block, coord)"
    yield "        for circuit in coord.get_atomic_neurons():"
    yield "            neuron = neuron_block.atomic_neurons[circuit]"
    for cell, codes in cells:
        same = (codes == codes[0]).all()
        place = "neuron_id - self.unit_ids[0]"
        code = str(int(codes[0])) if same else f"{codes.tolist()}[{place}]"
        if cell == "constant_current":
            yield f"            code = {code}  # positive lifts the membrane"
            yield "            current = neuron.constant_current"
            yield "            current.i_offset = abs(code)"
            yield "            kinds = type(current.type)"
            yield "            current.type = kinds.sink if code < 0 else kinds.source"
            yield "            current.enable = code != 0"
        else:
            yield f"            neuron.{cell} = {code}"
    yield ""

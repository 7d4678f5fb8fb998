"""What the lab courses of real chips measure, measured on one emulated chip.

The circuits are not calibrated: they get the codes that the courses give them. Numbers
of the courses were read off their figures, so they hold to about 10 %, for the chip of
that day; the same codes on another chip give other potentials.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

import core
from core.chip.coordinates import CompartmentOnLogicalNeuron
from core.morphology import AtomicNeuron
from core.spec.chip import TYPICAL, ChipSpec
from core.units import CYCLE, WEIGHT_MAX

Floats = NDArray[np.float64]

#: Codes of a cell that fires by itself: its leak lies above its threshold.
LEAK_OVER_THRESHOLD: Final = {
    "leak": 1000,
    "leak_bias": 150,
    "threshold": 300,
    "reset": 400,
}
#: The course counts 255 ticks and names no clock; with 32 ns its period comes out.
LAB_REFRACTORY_TIME: Final = 255 * 32e-9
#: Codes of the cell whose f–I curve is taken.
F_I_CELL: Final = {"leak": 530, "leak_bias": 150, "threshold": 250, "reset": 300}


@dataclass(frozen=True)
class Trace:
    """One run of some neurons with the same codes.

    :param time: s, of the membrane
    :param membrane: of the first neuron, MADC LSB
    :param spikes: of each neuron, s
    """

    time: Floats
    membrane: Floats
    spikes: tuple[Floats, ...]

    def periods(self) -> Floats:
        """Return the mean interval of each neuron that fired twice, s."""
        fired = [times for times in self.spikes if len(times) > 1]
        return np.array([np.diff(times).mean() for times in fired])


def lab_neuron(
    kind: type[core.LIF] | type[core.LI], codes: Mapping[str, int], current: int = 0
) -> type[Any]:
    """Return neurons whose circuits get ``codes`` instead of a calibration.

    :param current: code of a constant current, negative draws the membrane down
    """

    class LabNeuron(kind):  # type: ignore[misc,valid-type]
        def configure_hw_entity(
            self, neuron_id: int, neuron_block: Any, coord: Any
        ) -> None:
            place = coord.get_placed_compartments()[CompartmentOnLogicalNeuron(0)][0]
            circuit = neuron_block.atomic_neurons[place]
            circuit.leak.v_leak = codes["leak"]
            circuit.leak.i_bias = codes["leak_bias"]
            if "threshold" in codes:
                circuit.threshold.v_threshold = codes["threshold"]
                circuit.reset.v_reset = codes["reset"]
            if current:
                kinds = AtomicNeuron.ConstantCurrent.Type
                circuit.constant_current.i_offset = abs(current)
                circuit.constant_current.type = (
                    kinds.source if current > 0 else kinds.sink
                )
                circuit.constant_current.enable = True

    return LabNeuron


def record(
    neurons: Callable[..., Any],
    steps: int,
    chip: ChipSpec,
    *,
    inputs: torch.Tensor | None = None,
    weights: Sequence[float] = (0.0,),
    calibrated: bool = False,
    size: int = 1,
    **parameters: Any,
) -> Trace:
    """Run neurons for ``steps`` µs and read the first membrane by the MADC.

    :param inputs: spikes, shape (steps, 1, sources); None sends none
    :param weights: one for each source, LSB
    """
    experiment = core.Experiment(mock=False, chip_spec=chip, calibrated=calibrated)
    if inputs is None:
        inputs = torch.zeros(steps, 1, len(weights))
    synapse = core.Synapse(len(weights), size, experiment)
    synapse.weight.data.copy_(torch.tensor([list(weights)] * size))
    neuron = neurons(
        size,
        experiment,
        enable_madc_recording=True,
        record_neuron_id=0,
        enable_cadc_recording=False,
        **parameters,
    )
    neuron(synapse(core.LIFObservables(spikes=inputs)))
    core.run(experiment, steps)
    execution = experiment.last_execution
    assert execution is not None
    output = execution.output
    assert output is not None
    assert output.madc is not None
    assert output.madc_cycles is not None
    (found,) = execution.observables.values()
    times = found.events.cycle * CYCLE
    return Trace(
        output.madc_cycles[:, 0] * CYCLE,
        output.madc[:, 0].astype(float),
        tuple(times[found.events.neuron == neuron] for neuron in range(size)),
    )


def leak_over_threshold(
    chip: ChipSpec = TYPICAL, steps: int = 200, size: int = 32
) -> Trace:
    """Return neurons that fire by themselves."""
    return record(
        lab_neuron(core.LIF, LEAK_OVER_THRESHOLD),
        steps,
        chip,
        size=size,
        refractory_time=LAB_REFRACTORY_TIME,
    )


def f_i(currents: Sequence[int], chip: ChipSpec = TYPICAL, size: int = 32) -> Floats:
    """Return rates under constant currents over 1 ms, Hz, shape (currents, neurons)."""
    rates = []
    for current in currents:
        trace = record(
            lab_neuron(core.LIF, F_I_CELL, current),
            1000,
            chip,
            size=size,
            refractory_time=10 * 32e-9,
        )
        rates.append([len(times) / 1e-3 for times in trace.spikes])
    return np.array(rates)


def stacking(
    interval: int, chip: ChipSpec = TYPICAL, weight: int = 31, sources: int = 2
) -> Trace:
    """Return the response to six spikes of ``sources`` at once, the second inhibitory.

    :param interval: between two spikes, µs
    """
    steps = 60 + 6 * interval
    inputs = torch.zeros(steps, 1, 2)
    for k in range(6):
        inputs[10 + k * interval, 0, int(k == 1)] = 1
    inputs = inputs.repeat(1, 1, sources)
    return record(
        core.LIF,
        steps,
        chip,
        inputs=inputs,
        weights=[weight, -weight] * sources,
        calibrated=True,
    )


def dynamic_range(
    weights: Sequence[int], chip: ChipSpec = TYPICAL, tau: float = 10e-6
) -> Floats:
    """Return the largest deflection for summed weights, MADC LSB.

    :param weights: above 63 several rows are used at once; negative is inhibitory
    """
    peaks = []
    for weight in weights:
        rows = [0.0] * 5
        left = abs(weight)
        for row in range(5):
            rows[row] = float(np.sign(weight) * min(left, 63))
            left -= min(left, 63)
        inputs = torch.zeros(80, 1, 5)
        inputs[10] = 1
        trace = record(
            core.LI,
            80,
            chip,
            inputs=inputs,
            weights=rows,
            calibrated=True,
            tau_mem=tau,
            tau_syn=tau,
        )
        rest = trace.membrane[trace.time < 9e-6].mean()
        late = trace.membrane[trace.time > 10e-6]
        smooth = np.convolve(late, np.ones(15) / 15, "valid")
        peaks.append((smooth.max() if weight >= 0 else smooth.min()) - rest)
    return np.array(peaks)


def four_inputs(chip: ChipSpec = TYPICAL, size: int = 512) -> Floats:
    """Return the first spike of each neuron under four strong inputs, s, or NaN.

    :param size: how many neurons get inputs of weight 63 at 10, 15, 20 and 30 µs
    """
    inputs = torch.zeros(50, 1, 1)
    inputs[[10, 15, 20, 30]] = 1
    trace = record(
        core.LIF,
        50,
        chip,
        inputs=inputs,
        weights=[WEIGHT_MAX],
        calibrated=True,
        size=size,
    )
    return np.array([times[0] if len(times) else np.nan for times in trace.spikes])


def refractory(times: Sequence[float], chip: ChipSpec = TYPICAL) -> Floats:
    """Return refractory times after rounding to the clocks of the chip, s."""
    found = []
    for time in times:
        experiment = core.Experiment(mock=False, chip_spec=chip, calibrated=False)
        synapse = core.Synapse(1, 1, experiment)
        neuron = core.LIF(1, experiment, refractory_time=time)
        neuron(synapse(core.LIFObservables(spikes=torch.zeros(2, 1, 1))))
        core.run(experiment, 2)
        (config,) = experiment.last_run_chip_configs or ()
        found.append(int(config.refractory_cycles[config.used][0]) * CYCLE)
    return np.array(found)

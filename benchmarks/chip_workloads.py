"""What the emulated chip is measured on: one full chip for 1 ms, and a training batch.

E1 is one trial of 512 neurons that fire at about 15 kHz under 60 sources, MADC on. E2
is a batch of the Yin-Yang network, 25-120-3, 50 entries of 38 µs. Both use all noise
and mismatch of a typical chip.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.chip.events import pack
from core.chip.mismatch import Mismatch, sample_mismatch
from core.chip.network import (
    ExternalPopulation,
    Network,
    NeuronTarget,
    Population,
    Projection,
)
from core.chip.pipeline import execute
from core.chip.readout import Recording
from core.chip.results import ChipConfig, Events, OutputData
from core.chip.signal_flow import emulate
from core.spec.chip import TYPICAL, ChipSpec
from core.units import CYCLES_PER_US, us

MILLISECOND = 1000 * CYCLES_PER_US


@dataclass(frozen=True)
class ChipWorkload:
    """One configured chip with its inputs.

    :ivar text: in words
    :ivar inputs: events by source, as they reach the chip
    :ivar runtime_cycles: of one batch entry
    """

    text: str
    chip: ChipSpec
    config: ChipConfig
    mismatch: Mismatch
    inputs: Events
    batch: int
    runtime_cycles: int
    madc_circuit: int | None

    @property
    def chip_seconds(self) -> float:
        """How long the real chip would take, without waits and transfers, s."""
        return self.batch * self.runtime_cycles / CYCLES_PER_US * us

    def run(self) -> OutputData:
        """Emulate it."""
        return emulate(
            self.config,
            self.mismatch,
            self.inputs,
            self.batch,
            self.runtime_cycles,
            self.chip,
            recording=Recording(madc_circuit=self.madc_circuit),
        )


def full_chip(chip: ChipSpec = TYPICAL) -> ChipWorkload:
    """Return E1."""
    rng = np.random.default_rng(3)
    sources, neurons = 60, 512
    sign = np.where(np.arange(sources) % 3 == 2, -1, 1)
    weights = np.clip(np.abs(rng.normal(0, 20, (neurons, sources))), 0, 63) * sign
    network = Network(
        (_population("lif", neurons, 10, 125.0),),
        (ExternalPopulation("in", sources),),
        (Projection("syn", "in", "lif", np.round(weights).astype(np.int64)),),
        madc=("lif", 0),
    )
    count = rng.poisson(sources * 0.01 * 1000)
    cycle = np.sort(rng.integers(0, MILLISECOND, count))
    inputs = Events(cycle, np.zeros(count, np.int64), rng.integers(0, sources, count))
    text = "512 neurons, 1 ms, one trial, MADC on"
    return _configured(text, chip, network, inputs, 1, MILLISECOND)


def training_batch(chip: ChipSpec = TYPICAL) -> ChipWorkload:
    """Return E2."""
    rng = np.random.default_rng(4)
    batch, cycles = 50, 38 * CYCLES_PER_US
    sizes = (25, 120, 3)
    network = Network(
        (_population("hidden", 120, 6, 150.0), _population("out", 3, 6, 150.0)),
        (ExternalPopulation("in", 25),),
        tuple(
            Projection(
                f"to {target}",
                source,
                target,
                np.clip(np.round(rng.normal(20, 36, (n, m))), -63, 63).astype(np.int64),
            )
            for source, target, m, n in (
                ("in", "hidden", *sizes[:2]),
                ("hidden", "out", *sizes[1:]),
            )
        ),
    )
    entry = np.repeat(np.arange(batch), 25)
    cycle = np.sort(rng.integers(0, 30 * CYCLES_PER_US, (batch, 25)), axis=1).ravel()
    source = rng.permuted(np.tile(np.arange(25), (batch, 1)), axis=1).ravel()
    inputs = Events(cycle, entry, source)
    text = "Yin-Yang 25-120-3, 50 × 38 µs"
    return _configured(text, chip, network, inputs, batch, cycles)


WORKLOADS: dict[str, Callable[[ChipSpec], ChipWorkload]] = {
    "E1": full_chip,
    "E2": training_batch,
}


def _population(name: str, size: int, tau: float, threshold: float) -> Population:
    def each(value: float) -> np.ndarray:
        return np.full(size, value)

    none = np.full(size, -1)
    target = NeuronTarget(
        leak=each(80.0),
        reset=each(80.0),
        threshold=each(threshold),
        tau_mem=each(tau * us),
        tau_syn=np.full((2, size), tau * us),
        refractory_time=each(1 * us),
        membrane_capacitance=each(63.0),
        leak_code=none,
        reset_code=none,
        threshold_code=none,
    )
    return Population(name, size, target)


def _configured(
    text: str,
    chip: ChipSpec,
    network: Network,
    inputs: Events,
    batch: int,
    cycles: int,
) -> ChipWorkload:
    run = execute(network, {"in": inputs}, batch, cycles, chip)
    assert run.config is not None, "it was executed"
    assert run.placement is not None, "it was executed"
    assert run.routing is not None, "it was executed"
    packed, _ = pack(network, run.routing, {"in": inputs}, batch, cycles)
    madc = network.madc
    return ChipWorkload(
        text,
        chip,
        run.config,
        sample_mismatch(chip),
        packed,
        batch,
        cycles,
        None if madc is None else int(run.placement.circuits[madc[0]][madc[1]]),
    )

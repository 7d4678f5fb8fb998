"""Networks that learn: the document that demos, notebooks and benchmarks train."""

from typing import Any

import numpy as np

from core.spec.chip import TYPICAL, ChipSpec
from core.spec.experiment import ExperimentSpec, RunSpec, ViewSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    VoltageScale,
)
from core.units import us


def yin_yang_network(
    hidden: int = 120,
    copies: int = 5,
    seed: int = 0,
    classes: int = 3,
    channels: int = 5,
    chip: ChipSpec = TYPICAL,
) -> ExperimentSpec:
    """Return an untrained network for points of a plane, on model and chip alike.

    Time constants, targets and weight scale are those of the published tutorials. Each
    input is sent several times, because one synapse of the chip is too weak.

    :param hidden: number of LIF neurons
    :param copies: of each input
    :param seed: of the weights
    :param classes: number of outputs
    :param channels: number of inputs, that of the bias among them
    """
    rng = np.random.default_rng(seed)
    into = np.tile(rng.normal(0.8, 0.5, (hidden, channels)) / copies, (1, copies))
    shared: dict[str, Any] = {
        "tau_mem": 6 * us,
        "tau_syn": 6 * us,
        "membrane_capacitance": 6 * us,
        "capacitance_lsb": 63,
        "scale": VoltageScale(offset=80, gain=70),
    }
    return ExperimentSpec(
        title="Yin-Yang",
        network=NetworkSpec(
            populations=(
                InputSpec("input", channels * copies, position=(0, 60)),
                LIFSpec("hidden", hidden, position=(145, 60), **shared),
                LISpec("label", classes, position=(290, 60), **shared),
            ),
            projections=(
                ProjectionSpec(
                    "input_hidden", "input", "hidden", into, weight_scale=66
                ),
                ProjectionSpec(
                    "hidden_label",
                    "hidden",
                    "label",
                    rng.normal(0, 0.1, (classes, hidden)),
                    weight_scale=66,
                ),
            ),
            outputs=("label",),
        ),
        run=RunSpec(runtime=38 * us, synapse_dac_bias=1000),
        chip=chip,
        view=ViewSpec(selected="hidden"),
    )

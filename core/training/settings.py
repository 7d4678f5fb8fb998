"""How a network is trained: every choice is a field, so a form can be made of it."""

import math
from dataclasses import dataclass

from core.functional.threshold import METHODS
from core.spec.fields import Spec, choice, plain, quantity

SURROGATE = "surrogate"
#: EventProp and the scheme of its neurons, `core.modules.EventPropLIF`.
EVENTPROP = {"EventProp, grid": "grid", "EventProp, interpolated": "interpolated"}
DECODERS = ("max over time", "spike count", "first spike")
LOSSES = ("cross entropy", "mean square", "margin")
SCHEDULES = ("constant", "exponential", "steps", "cosine")


@dataclass(frozen=True, eq=False)
class TrainSpec(Spec):
    """How a network is trained.

    The defaults train the network of `core.training.yin_yang_network`.

    >>> TrainSpec(epochs=3).rate(2) < TrainSpec().learning_rate
    True
    """

    mode: str = choice(
        "mock",
        ("mock", "chip"),
        doc="Ideal model, or the emulated chip in the loop.",
        label="train on",
    )
    gradient: str = choice(
        SURROGATE,
        (SURROGATE, *EVENTPROP),
        doc="Surrogate gradient, or that of the spike times (EventProp).",
        label="gradient",
    )
    surrogate: str = choice(
        "superspike",
        tuple(METHODS),
        doc="Shape of the surrogate gradient.",
        label="surrogate",
    )
    alpha: float = quantity(
        50.0,
        "",
        low=0,
        high=1000,
        step=10,
        doc="Steepness of the surrogate gradient, 1 / model units.",
        label="steepness",
    )
    decoder: str = choice(
        "max over time",
        DECODERS,
        doc="What of an output neuron is the score of its class.",
        label="decoder",
    )
    loss: str = choice("cross entropy", LOSSES, doc="What is minimised.", label="loss")
    score_scale: float = quantity(
        5.0,
        "",
        low=0.01,
        high=1000,
        step=1,
        doc="Scores are multiplied by it before cross entropy and margin.",
        label="scale of the scores",
    )
    score_label: float = quantity(
        1.0,
        "",
        low=-100,
        high=100,
        step=0.1,
        doc="Score of the right class, for the mean square loss.",
        label="target of the right class",
    )
    score_others: float = quantity(
        0.0,
        "",
        low=-100,
        high=100,
        step=0.1,
        doc="Score of all other classes, for the mean square loss.",
        label="target of other classes",
    )
    t_label: float = quantity(
        15e-6,
        "s",
        low=0,
        high=1e-2,
        step=1e-6,
        doc="First spike of the right class, for the mean square loss.",
        label="target time of the right class",
    )
    t_others: float = quantity(
        30e-6,
        "s",
        low=0,
        high=1e-2,
        step=1e-6,
        doc="First spike of all other classes, for the mean square loss.",
        label="target time of other classes",
    )
    optimiser: str = choice(
        "Adam", ("Adam", "SGD"), doc="How weights follow gradients.", label="optimiser"
    )
    learning_rate: float = quantity(
        3e-3, "", low=0, high=10, step=1e-4, doc="In the first epoch.", label="rate"
    )
    momentum: float = quantity(
        0.9, "", low=0, high=0.999, step=0.05, doc="Of SGD.", label="momentum"
    )
    schedule: str = choice(
        "exponential",
        SCHEDULES,
        doc="How the learning rate changes from epoch to epoch.",
        label="schedule",
    )
    decay: float = quantity(
        0.9,
        "",
        low=0.01,
        high=1,
        step=0.01,
        doc="Factor per epoch, or per step of the schedule.",
        label="decay",
    )
    decay_every: int = quantity(
        10, "", low=1, high=10000, step=1, doc="Epochs between steps.", label="every"
    )
    rate_penalty: float = quantity(
        0.0,
        "",
        low=0,
        high=10,
        step=1e-4,
        doc="On the square of spikes per neuron and sample beyond the target.",
        label="penalty on firing",
    )
    rate_target: float = quantity(
        0.0,
        "",
        low=0,
        high=1000,
        step=1,
        doc="Spikes per neuron and sample that are free of penalty.",
        label="free spikes",
    )
    weight_penalty: float = quantity(
        0.0,
        "",
        low=0,
        high=10,
        step=1e-4,
        doc="On the mean square of the weights of each projection.",
        label="penalty on weights",
    )
    readout_penalty: float = quantity(
        4e-4,
        "",
        low=0,
        high=10,
        step=1e-4,
        doc="On the mean square of the scores.",
        label="penalty on the readout",
    )
    clip_weights: bool = plain(
        True, doc="Keep weights within what the chip can hold, by their scale."
    )
    keep_zeros: bool = plain(
        True, doc="A weight of 0 is no synapse and stays so, unless all are 0."
    )
    epochs: int = quantity(
        15, "", low=1, high=10000, step=1, doc="Passes over the data.", label="epochs"
    )
    batch_size: int = quantity(
        50, "", low=1, high=10000, step=10, doc="Samples per step.", label="batch"
    )
    seed: int = quantity(
        0, "", low=0, high=99999, step=1, doc="Of the order of the samples."
    )
    class_map: int = quantity(
        0,
        "",
        low=0,
        high=200,
        step=8,
        doc="Points per side of the map of classes drawn after each epoch; 0: none.",
        label="class map",
    )

    def rate(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        if self.schedule == "exponential":
            return float(self.learning_rate * self.decay**epoch)
        if self.schedule == "steps":
            return float(self.learning_rate * self.decay ** (epoch // self.decay_every))
        if self.schedule == "cosine":
            return float(self.learning_rate * _cosine(epoch / self.epochs))
        return self.learning_rate

    @property
    def crossing(self) -> str | None:
        """Scheme of the EventProp neurons, None with surrogate gradients."""
        return EVENTPROP.get(self.gradient)


def _cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2

"""EventProp in the place of surrogate gradients.

Each LIF population becomes a `core.modules.EventPropLIF` and the projection into it an
`EventPropSynapse`. Readouts keep the gradient of a spike by its strength in place of
that by its time: with a maximum over time as score the exact one, a difference between
steps of the time grid, trains no better and less stably (docs/training.md).
"""

from inspect import signature

import numpy as np
import torch

from core.build import SNN
from core.errors import NetworkError
from core.modules import LIF, EventPropLIF
from core.modules.synapse import EventPropSynapse, Synapse
from core.spec.experiment import ExperimentSpec
from core.spec.network import LIFSpec
from core.training.settings import TrainSpec

#: Arguments of `LIF` that it keeps by another name, and those it makes itself.
_KEPT_AS = {"trace_offset": "offset", "trace_scale": "scale"}
_OWN = ("size", "experiment", "extra_params")


def use_eventprop(snn: SNN, settings: TrainSpec) -> tuple[str, ...]:
    """Give all populations of ``snn`` that spike EventProp gradients.

    :returns: what is left out of the model, one sentence each
    :raises NetworkError: if it has no gradient for the network; lists all reasons
    """
    assert settings.crossing is not None, "one of the EventProp gradients"
    spec, modules = snn.spec, snn.modules_by_name
    _refuse(spec, settings)
    notes = []
    for population in spec.network.populations:
        if not isinstance(population, LIFSpec):
            continue
        if np.any(population.refractory_time):
            notes.append(
                f"EventProp leaves the refractory time of '{population.name}' out "
                "of its model."
            )
        neuron = eventprop_neuron(modules[population.name], settings.crossing)
        _swap(snn, population.name, neuron)
        (incoming,) = spec.network.incoming(population.name)
        _swap(snn, incoming.name, eventprop_synapse(modules[incoming.name]))
    return tuple(notes)


def eventprop_neuron(neuron: LIF, crossing: str) -> EventPropLIF:
    """Return ``neuron`` with EventProp gradients."""
    names = [name for name in signature(LIF).parameters if name not in _OWN]
    given = {name: getattr(neuron, _KEPT_AS.get(name, name)) for name in names}
    given["execution_instance"] = None  # that of the experiment
    new = EventPropLIF(neuron.size, neuron.experiment, crossing=crossing, **given)
    new.name, new.codes = neuron.name, neuron.codes
    return new


def eventprop_synapse(synapse: Synapse) -> EventPropSynapse:
    """Return ``synapse``, weights included, for EventProp neurons."""
    new = EventPropSynapse(
        synapse.in_features,
        synapse.out_features,
        synapse.experiment,
        transform=synapse.weight_transform,
    )
    new.name, new.weight = synapse.name, synapse.weight
    return new


def _swap(snn: SNN, name: str, new: torch.nn.Module) -> None:
    old = snn.modules_by_name[name]
    for key, child in list(snn.named_children()):
        if child is old:
            setattr(snn, key, new)
    snn.modules_by_name[name] = new


def _refuse(spec: ExperimentSpec, settings: TrainSpec) -> None:
    """Raise if EventProp has no gradient for the network."""
    reasons = []
    for p in spec.network.populations:
        if not isinstance(p, LIFSpec):
            continue
        where = f"population '{p.name}'"
        if type(p) is not LIFSpec:
            reasons.append((where, f"is of the kind {p.kind}.", "Use LIF."))
        if len(spec.network.incoming(p.name)) != 1:
            reasons.append((where, "has not one projection into it.", "Give it one."))
        if p.tau_syn is None or not np.allclose(p.membrane_capacitance, p.tau_mem):
            what = "has a capacitance that is not its membrane time constant."
            reasons.append((where, what, "Make both equal."))
        if any(incoming.delay for incoming in spec.network.incoming(p.name)):
            what = "has a delay before it, which EventProp does not know."
            reasons.append((where, what, "Remove the delay."))
        if any(s.population == p.name for s in spec.stimuli):
            what = "has a current into it, which EventProp does not know."
            reasons.append((where, what, "Remove the current."))
    if settings.rate_penalty:
        what = "a number of spikes has no gradient by their times."
        reasons.append(("penalty on firing", what, "Set it to 0."))
    if reasons:
        errors = [NetworkError(f"EventProp, {w}", *rest) for w, *rest in reasons]
        raise NetworkError.of(problem for e in errors for problem in e.problems)

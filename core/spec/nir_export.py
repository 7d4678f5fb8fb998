"""Write a network as a NIR graph; the conventions are in `core.spec.nir_io`."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.fields import Spec
from core.spec.json_data import to_data
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    Value,
)

#: File number × this = seconds on the chip, if nothing else is said.
TIME_FACTOR: Final = 1e-3
#: Key of our own facts in the metadata of graph and nodes.
OWN_KEY: Final = "hx"


def to_nir(network: NetworkSpec, *, time_factor: float = TIME_FACTOR) -> nir.NIRGraph:
    """Return ``network`` as a NIR graph.

    :param time_factor: file number × this = seconds on the chip
    :raises ConversionError: if a NIR graph cannot hold it; lists all reasons
    """
    check_time_factor(time_factor)
    problems = [*_graph_problems(network), *_number_problems(network, time_factor)]
    if problems:
        raise ConversionError.of(problems)
    names = _node_names(network.names)
    nodes: dict[str, nir.NIRNode] = {}
    facts: dict[str, dict[str, Any]] = {}
    edges = []
    for population in network.populations:
        name = names[population.name]
        nodes[name] = _population_node(population, time_factor)
        facts[name] = _facts(population, f"population '{population.name}'")
    for projection in network.projections:
        name = names[projection.name]
        nodes[name] = nir.Linear(weight=np.array(projection.weights))
        bare = projection.replace(weights=np.zeros((0, 0)))
        facts[name] = _facts(bare, f"projection '{projection.name}'")
        edges += [(names[projection.source], name), (name, names[projection.target])]
    outputs = []
    for source in network.outputs or _ends(network):
        many = len(network.outputs) != 1
        name = _free(f"output_{names[source]}" if many else "output", nodes)
        size = network.population(source).size
        nodes[name] = nir.Output(output_type={"output": np.array([size])})
        facts[name] = {"added": not network.outputs}
        edges.append((names[source], name))
        outputs.append(name)
    for name, node in nodes.items():
        # ASCII, because HDF5 cuts a text at a NUL character.
        node.metadata[OWN_KEY] = json.dumps(facts[name] | {"node": name})
    order = {
        "time_factor": time_factor,
        "populations": [names[p.name] for p in network.populations],
        "projections": [names[p.name] for p in network.projections],
        "outputs": outputs,
    }
    metadata = {OWN_KEY: json.dumps(order)}
    return nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)


def _facts(spec: Spec, where: str) -> dict[str, Any]:
    try:
        return to_data(spec)
    except ConversionError as error:
        raise ConversionError.of(
            Problem(f"{where}, {p.where}", p.what, p.fix) for p in error.problems
        ) from None


def numbers(population: LISpec, time_factor: float) -> dict[str, np.float32]:
    """Return the numbers that the NIR node of ``population`` holds, one per neuron."""
    assert population.tau_syn is not None, "others are refused"
    values = {
        "tau_mem": population.tau_mem / time_factor,
        "tau_syn": population.tau_syn / time_factor,
        "r": population.tau_mem / population.membrane_capacitance,
        "v_leak": population.leak.model,
        "w_in": 1.0,
    }
    if isinstance(population, LIFSpec):
        values["v_reset"] = population.reset.model
        values["v_threshold"] = population.threshold.model
    with np.errstate(over="ignore"):
        return {name: np.float32(value) for name, value in values.items()}


def is_plain(population: LISpec) -> bool:
    """Whether it leaks, has a synaptic current, and its neurons are all alike."""
    fields = (getattr(population, name) for name in population.infos())
    flat = [
        part
        for f in fields
        for part in (vars(f).values() if isinstance(f, Value) else (f,))
    ]
    alike = not any(isinstance(part, np.ndarray) for part in flat)
    return population.leaky and population.tau_syn is not None and alike


def representable(number: float | np.float32) -> bool:
    """Whether ``number`` is above 0, and its products fit into single precision."""
    return bool(1e-30 <= number <= 1e30)


def check_time_factor(time_factor: float) -> None:
    """Refuse what is no factor.

    :raises ConversionError: if ``time_factor`` is not between 1e-15 and 1e15
    """
    if not 1e-15 <= time_factor <= 1e15:
        raise ConversionError(
            "time factor",
            f"it is {time_factor}.",
            "Use a number above 0: file number × time factor = seconds on the chip.",
        )


def _population_node(population: PopulationSpec, time_factor: float) -> nir.NIRNode:
    if not isinstance(population, LISpec):
        return nir.Input(input_type={"input": np.array([population.size])})
    kind = nir.CubaLIF if isinstance(population, LIFSpec) else nir.CubaLI
    values = numbers(population, time_factor)
    return kind(**{name: _full(population.size, v) for name, v in values.items()})


def _full(size: int, value: np.float32) -> NDArray[np.float32]:
    return np.full(size, value, dtype=np.float32)


def _ends(network: NetworkSpec) -> list[str]:
    """Return the populations that send nothing: other readers demand an output."""
    sources = {p.source for p in network.projections}
    names = [p.name for p in network.populations]
    return [name for name in names if name not in sources] or names[-1:]


def _node_names(names: tuple[str, ...]) -> dict[str, str]:
    """Return a name for each of ``names`` that HDF5 can hold."""
    taken: dict[str, str] = {}
    for name in names:
        safe = re.sub(r"[/\x00]", "_", name)
        taken[_free("_" if safe in ("", ".", "..") else safe, taken)] = name
    return {name: safe for safe, name in taken.items()}


def _free(base: str, taken: dict[str, Any]) -> str:
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def _graph_problems(network: NetworkSpec) -> Iterator[Problem]:
    for name, count in Counter(network.names).items():
        if count > 1:
            what = f"{count} populations or projections have this name."
            yield Problem(f"'{name}'", what, "Rename all but one.", subject=name)
    populations = {p.name: p for p in network.populations}
    for name in network.outputs:
        if name not in populations:
            what = f"there is no population '{name}'."
            yield Problem("outputs", what, "Choose a population.")
    for projection in network.projections:
        where, name = f"projection '{projection.name}'", projection.name
        pre, post = (
            populations.get(end) for end in (projection.source, projection.target)
        )
        if pre is None or post is None:
            what = "it ends at no population."
            yield Problem(where, what, "Connect it anew.", subject=name)
        elif not pre.spiking or not post.accepts_input:
            what = f"{pre.kind} cannot project to {post.kind}."
            yield Problem(where, what, "Remove it.", subject=name)
        elif projection.weights.shape != (post.size, pre.size):
            what = f"the weights have shape {projection.weights.shape}."
            fix = f"The populations need {(post.size, pre.size)} (target, source)."
            yield Problem(where, what, fix, subject=name)
        elif not np.isfinite(projection.weights).all():
            what = "some weights are not finite."
            yield Problem(where, what, "Set them to numbers.", subject=name)
        elif projection.delay:
            what = "NIR export cannot write its delay yet."
            yield Problem(where, what, "Save it as JSON.", subject=name)


def _number_problems(network: NetworkSpec, time_factor: float) -> Iterator[Problem]:
    for population in network.populations:
        where, name = f"population '{population.name}'", population.name
        if type(population) not in (InputSpec, LISpec, LIFSpec):
            what = f"NIR has no node for {population.kind}."
            yield Problem(where, what, "Use a LIF or LI population.", subject=name)
        elif population.size < 1:
            yield Problem(where, "it is empty.", "Give it a neuron.", subject=name)
        elif isinstance(population, LISpec):
            if not is_plain(population):
                what = "NIR export cannot write its values of single neurons yet."
                if population.tau_syn is None or not population.leaky:
                    what = "NIR export cannot write its kind of neuron yet."
                yield Problem(where, what, "Save it as JSON.", subject=name)
                continue
            if population.membrane_capacitance <= 0:
                what = "its capacitance is not above 0."
                yield Problem(where, what, "Set it.", subject=name)
                continue
            for parameter, value in numbers(population, time_factor).items():
                time = parameter in ("tau_mem", "tau_syn", "r")
                if not (representable(value) if time else np.isfinite(value)):
                    what = f"{parameter} would be {value:g} in the file."
                    yield Problem(where, what, "Choose another value.", subject=name)

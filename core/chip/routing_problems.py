"""Why a network cannot be routed: what is needed, what exists, what to change."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.chip.buses import BusPlan, fan_in, room_of
from core.chip.connections import Connections
from core.chip.crossbar import ADDRESSES, MOST_GROUPS
from core.chip.geometry import (
    BUSES,
    COLUMNS_PER_OUTPUT,
    EVENT_OUTPUTS,
    SOURCES_PER_HEMISPHERE,
    SYNAPSE_ROWS,
    bus_of,
)
from core.chip.network import Network
from core.errors import Problem


def problems(network: Network, wanted: Connections, plan: BusPlan) -> list[Problem]:
    """Return every reason why ``plan`` does not fit; none if it does."""
    if plan.fits:
        return []
    found = list(_per_population(network, wanted))
    if found:
        return found
    found = list(_labels(network, wanted, plan))
    return found or [_no_choice(network, wanted, plan)]


def _per_population(network: Network, wanted: Connections) -> Iterator[Problem]:
    for population in network.populations:
        start = wanted.first[population.name]
        here = slice(start, start + population.size)
        everything = np.ones(len(wanted.sources), bool)
        needed = fan_in(wanted, everything)[here]
        each = wanted.circuits_each[here]
        if (needed > SOURCES_PER_HEMISPHERE * each).any():
            worst = int((needed - SOURCES_PER_HEMISPHERE * each).argmax())
            yield _in_degree(network, wanted, start + worst, population.name)
            continue
        inside = wanted.circuit >= 0
        for bus in range(BUSES):
            mine = inside & (bus_of(wanted.circuit) == bus)
            count = fan_in(wanted, mine)[here]
            if (count > room_of(wanted)[here]).any():
                worst = int((count - room_of(wanted)[here]).argmax())
                yield _bus_bound(network, wanted, start + worst, mine, bus)


def _in_degree(
    network: Network, wanted: Connections, neuron: int, name: str
) -> Problem:
    count = int(wanted.matrix[:, neuron].sum())
    each = int(wanted.circuits_each[neuron])
    enough = -(-count // SOURCES_PER_HEMISPHERE)
    where, names = _named(network, wanted, neuron, np.ones(len(wanted.sources), bool))
    return Problem(
        where,
        f"need {2 * count} synapse rows for each neuron of '{name}',"
        f" {SYNAPSE_ROWS * each} exist for {_circuits(each)}.",
        f"A signed source takes two rows: use at most {SOURCES_PER_HEMISPHERE * each}"
        f" sources, neurons of {_circuits(enough)}, or split the projection.",
        subject=names[0],
    )


def _bus_bound(
    network: Network,
    wanted: Connections,
    neuron: int,
    sources: NDArray[np.bool_],
    bus: int,
) -> Problem:
    count = int(wanted.matrix[sources, neuron].sum())
    each = int(wanted.circuits_each[neuron])
    room = int(room_of(wanted)[neuron])
    where, names = _named(network, wanted, neuron, sources)
    outputs = " and ".join(
        f"{o * COLUMNS_PER_OUTPUT}–{(o + 1) * COLUMNS_PER_OUTPUT - 1}"
        for o in range(bus, EVENT_OUTPUTS, BUSES)
    )
    mine = np.flatnonzero(sources & wanted.matrix[:, neuron])
    senders = sorted({wanted.sources[s][0] for s in mine})
    return Problem(
        where,
        f"need {count} signed sources from PADI bus {bus}, which carries the events of"
        f" columns {outputs}; a neuron of {_circuits(each)} takes {room} from a bus.",
        f"Place {' and '.join(repr(s) for s in senders)} in other columns, or use"
        f" neurons of {_circuits(-(-count // (room // each)))}.",
        subject=names[0],
    )


def _labels(network: Network, wanted: Connections, plan: BusPlan) -> Iterator[Problem]:
    most = ADDRESSES * MOST_GROUPS
    for bus in range(BUSES):
        count = int((plan.bus == bus).sum() + (bus_of(plan.quiet[0]) == bus).sum())
        if count > most:
            yield Problem(
                f"PADI bus {bus}",
                f"needs {count} labels, {most} exist.",
                "Use fewer sources, or fewer spiking neurons in its columns.",
            )
    lost = np.flatnonzero(plan.bus < 0)
    if len(lost) and len(wanted.sources) > BUSES * most:
        yield Problem(
            f"population '{wanted.sources[lost[0]][0]}'",
            f"the {len(wanted.sources)} sources of the network need as many labels,"
            f" {BUSES * most} exist on {BUSES} buses.",
            "Use fewer sources, or split the network into parts that run one after the"
            " other.",
        )


def _no_choice(network: Network, wanted: Connections, plan: BusPlan) -> Problem:
    lost = np.flatnonzero(plan.group < 0)
    name, index = wanted.sources[lost[0]] if len(lost) else ("", 0)
    affected = [p.name for p in network.projections if p.source == name]
    label = ", ".join(f"'{p}'" for p in affected) or "of the network"
    return Problem(
        f"projection {label}",
        f"source {index} of '{name}' finds no bus and group of drivers on which all its"
        " targets have a driver left.",
        "Use neurons of more circuits, fewer sources, or a router of your own.",
        subject=affected[0] if affected else "",
    )


def _named(
    network: Network, wanted: Connections, neuron: int, mask: NDArray[np.bool_]
) -> tuple[str, list[str]]:
    """Return how a message calls the projections that drive a neuron, and their names.

    :param mask: the sources that matter, shape (sources,)
    """
    senders = {wanted.sources[s][0] for s in np.flatnonzero(mask)}
    starts = [(p.name, wanted.first[p.name]) for p in network.populations]
    target = [name for name, start in starts if start <= neuron][-1]
    into = [
        p for p in network.projections if p.target == target and p.source in senders
    ]
    texts = [
        f"'{p.name}' ({p.source} → {p.target}, {p.weights.shape[1]} sources)"
        for p in into
    ]
    where = "projection" if len(into) == 1 else "projections"
    return f"{where} {', '.join(texts)}", [p.name for p in into]


def _circuits(count: int) -> str:
    return "1 circuit" if count == 1 else f"{count} circuits"

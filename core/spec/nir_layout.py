"""Places on the canvas for a network that comes without: left to right by depth."""

from collections import Counter, defaultdict
from collections.abc import Collection

from core.spec.network import NetworkSpec, PopulationSpec

#: Place of the first population and distance of columns and rows, px.
MARGIN, COLUMN, ROW = 60.0, 145.0, 110.0


def depths(network: NetworkSpec) -> dict[str, int]:
    """Return how many projections lie before each population, loops left out."""
    targets: dict[str, list[str]] = defaultdict(list)
    for projection in network.projections:
        targets[projection.source].append(projection.target)
    fed = {p.target for p in network.projections if p.source != p.target}
    names = [p.name for p in network.populations]
    roots = sorted(names, key=lambda name: name in fed)
    order = _sources_first(roots, targets)
    rank = {name: n for n, name in enumerate(order)}
    depth = dict.fromkeys(names, 0)
    for name in order:
        for target in targets[name]:
            if rank[target] > rank[name]:
                depth[target] = max(depth[target], depth[name] + 1)
    return depth


def _sources_first(roots: list[str], targets: dict[str, list[str]]) -> list[str]:
    """Return all names, each before its targets, except along the loops."""
    seen: set[str] = set()
    done: list[str] = []
    for root in reversed(roots):
        stack = [(root, iter(targets[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            name, rest = stack[-1]
            following = next((t for t in rest if t not in seen), None)
            if following is None:
                done.append(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(targets[following])))
    return done[::-1]


def placed(network: NetworkSpec, names: Collection[str]) -> NetworkSpec:
    """Return ``network`` with a place for each population in ``names``."""
    depth, rows = depths(network), Counter[int]()
    populations: list[PopulationSpec] = []
    for population in network.populations:
        column = depth[population.name]
        if population.name in names:
            place = (MARGIN + COLUMN * column, MARGIN + ROW * rows[column])
            population = population.replace(position=place)
        rows[column] += 1
        populations.append(population)
    return network.replace(populations=tuple(populations))

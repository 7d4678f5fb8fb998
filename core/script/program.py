"""The document as a Python program: the equivalent script, to read and to learn from.

The program uses only names of the public API of the chip, so it runs beside a real chip
as it is, and here by ``python -m core.compat FILE``. It computes what `core.simulate`
computes for the document: the same spikes, the same membranes. What the API has no name
for (serial number of the chip, trial, uncalibrated circuits) are options of the
launcher, and the first lines of the program say which.
"""

import json
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator

import networkx as nx

from core import on_chip
from core.build import groups, refuse
from core.errors import ConversionError, Problem
from core.script.inputs import input_lines
from core.script.neurons import current_lines, neuron_lines
from core.script.text import call, matrix, number
from core.spec.chip import TYPICAL
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec, NetworkSpec, ProjectionSpec

#: Names that the program uses itself.
_TAKEN = {"partial", "linear_saturating", "torch", "hxtorch", "hxsnn", "exp"} | {
    *("MOCK", "DT", "STEPS", "spikes", "steady", "results", "name", "handle", "v"),
    *("YinYangDataset", "CoordinatesToSpikes", "point", "label", "encode"),
    *("print", "int", "super", "range", "halco", "place", "one_circuit"),
}


def to_script(spec: ExperimentSpec, file_name: str = "experiment.py") -> str:
    """Return the document as the text of a Python program.

    :param file_name: what the program calls itself in its first lines
    :raises NetworkError: if the document cannot run; lists all reasons
    :raises ConversionError: if the API has no words for it; lists all reasons
    """
    refuse(spec, mock=spec.run.mode == "mock")
    beyond = list(_beyond(spec.network))
    if beyond:
        raise ConversionError.of(beyond)
    names = identifiers(spec.network.names)
    blocks = [
        _head(spec, file_name),
        "\n".join(_imports(spec)),
        "\n".join(_settings(spec)),
        *_inputs(spec, names),
        *_neurons(spec, names),
        *_projections(spec, names),
        "\n".join(_run(spec, names)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def launcher_options(spec: ExperimentSpec) -> list[str]:
    """Return what the launcher needs to run the program on the same chip.

    A chip with knobs of its own comes with the saved document.
    """
    options = []
    if spec.chip != TYPICAL.replace(number=spec.chip.number):
        return ["--document FILE.json"]
    if spec.chip.number != TYPICAL.number:
        options.append(f"--chip {spec.chip.number}")
    if spec.run.trial:
        options.append(f"--trial {spec.run.trial}")
    if spec.run.calibration == "uncalibrated":
        options.append("--uncalibrated")
    return options


def identifiers(
    names: Iterable[str], before: Iterable[str] = (), prefix: str = ""
) -> dict[str, str]:
    """Return a Python name for each of ``names``, all different.

    :param before: names that are taken
    :param prefix: what each begins with
    """
    found: dict[str, str] = {}
    taken = {*_TAKEN, *before}
    for name in names:
        base = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "population"
        base = f"{prefix}{base}"
        base = f"_{base}" if base[0].isdigit() else base
        free, count = base, 1
        while free in taken or keyword.iskeyword(free) or keyword.issoftkeyword(free):
            count += 1
            free = f"{base}_{count}"
        taken.add(free)
        found[name] = free
    return found


def _head(spec: ExperimentSpec, file_name: str) -> str:
    title = spec.title.replace("\\", "").replace('"', "'").strip() or "experiment"
    command = " ".join(["python -m core.compat", *launcher_options(spec), file_name])
    return textwrap.dedent(f'''\
        """{title.splitlines()[0]}

        Written by HX Workbench. On the emulated chip, or on the model:

            {command}

        Beside a chip: python {file_name}
        """''')


def _imports(spec: ExperimentSpec) -> Iterator[str]:
    if spec.network.projections:
        yield "from functools import partial\n"
    yield "import hxtorch"
    yield "import hxtorch.spiking as hxsnn"
    yield "import torch"
    if _places(spec):
        yield "from dlens_vx_v3 import halco"
    if spec.network.projections:
        module = "hxtorch.spiking.transforms.weight_transforms"
        yield f"from {module} import linear_saturating"


def _settings(spec: ExperimentSpec) -> Iterator[str]:
    mock = spec.run.mode == "mock"
    yield f"MOCK = {mock}  # True: the ideal model; False: the chip"
    yield f"DT = {number(spec.run.dt)}  # s"
    yield f"STEPS = {spec.run.steps}"
    yield ""
    yield "if not MOCK:"
    yield "    hxtorch.init_hardware()"
    yield "exp = hxsnn.Experiment(mock=MOCK, dt=DT)"
    if _places(spec):
        yield ""
        yield "one_circuit = hxsnn.morphology.SingleCompartmentNeuron(1).compartments"
        yield ""
        yield ""
        yield "def place(number):"
        yield "    circuit = halco.AtomicNeuronOnDLS(halco.common.Enum(number))"
        yield "    return halco.LogicalNeuronOnDLS(one_circuit, circuit)"
        yield ""


def _places(spec: ExperimentSpec) -> bool:
    """Whether a population asks for circuits."""
    neurons = (p for p in spec.network.populations if isinstance(p, LISpec))
    return any(p.circuits is not None for p in neurons)


def _inputs(spec: ExperimentSpec, names: dict[str, str]) -> Iterator[str]:
    for population in spec.network.populations:
        if not population.accepts_input:
            name = names[population.name]
            lines = input_lines(spec, population.name, population.size)
            handle = "hxsnn.LIFObservables(spikes=spikes)"
            read = [p for p in spec.network.projections if p.source == population.name]
            if len(read) > 1:  # without it the chip gets the spikes once for each
                handle = f"hxsnn.InputNeuron({population.size}, exp)({handle})"
            yield "\n".join([*lines, f"{name} = {handle}"])


def _neurons(spec: ExperimentSpec, names: dict[str, str]) -> Iterator[str]:
    for population in spec.network.populations:
        if isinstance(population, LISpec):
            yield "\n".join(neuron_lines(population, spec, names[population.name]))


def _projections(spec: ExperimentSpec, names: dict[str, str]) -> Iterator[str]:
    for projection in spec.network.projections:
        yield "\n".join(_projection(projection, spec, names[projection.name]))


def _projection(
    projection: ProjectionSpec, spec: ExperimentSpec, name: str
) -> Iterator[str]:
    targets, sources = projection.weights.shape
    scale = number(on_chip.weight_scale(projection, spec))
    yield f"# {projection.source} → {projection.target}, (targets, sources)"
    transform = f"partial(linear_saturating, scale={scale})"
    arguments = [str(sources), str(targets), "exp", f"transform={transform}"]
    yield call(f"{name} = hxsnn.Synapse", arguments)
    yield f"{name}.weight.data = {matrix(projection.weights)}"


def _run(spec: ExperimentSpec, names: dict[str, str]) -> Iterator[str]:
    network = spec.network
    yield "# Connect, run, read: tensors of shape (time, batch, neurons)"
    outputs = [name for group in groups(spec) for name in group]
    handles = identifiers(outputs, names.values(), "z_")
    handles |= {name: names[name] for name in names if name not in handles}
    for name in outputs:
        population = network.population(name)
        drive = [
            f"{names[p.name]}({handles[p.source]})" for p in network.incoming(name)
        ]
        steady = []
        if isinstance(population, LISpec):
            steady = current_lines(population, spec)
        yield from steady
        if steady:
            drive.append("hxsnn.SynapseHandle(graded_spikes=steady.float())")
        elif not drive:
            silence = f"torch.zeros(STEPS, 1, {population.size})"
            drive.append(f"hxsnn.SynapseHandle(graded_spikes={silence})")
        yield call(f"{handles[name]} = {names[name]}", drive)
    yield "hxsnn.run(exp, STEPS)"
    yield ""
    entries = [f"{json.dumps(name)}: {handles[name]}" for name in outputs]
    yield call("results = ", entries, "{}")
    yield "for name, handle in results.items():"
    yield "    v = handle.membrane_cadc"
    yield '    print(f"{name}: membrane {v.min():.3g} to {v.max():.3g}")'
    yield '    if handle.holds("spikes"):'
    yield '        print(f"{name}: {int(handle.spikes.sum())} spikes")'
    yield "if not MOCK:"
    yield "    hxtorch.release_hardware()"


def _beyond(network: NetworkSpec) -> Iterator[Problem]:
    """Yield what the API has no words for."""
    for projection in network.projections:
        where, name = f"projection '{projection.name}'", projection.name
        if projection.delay:
            what, fix = "a delay is no word of the API.", "Set it to 0, or save JSON."
            yield Problem(where, what, fix, subject=name, parameter="delay")
    graph = nx.DiGraph((p.source, p.target) for p in network.projections)
    for members in nx.strongly_connected_components(graph):
        inside = [
            p.name
            for p in network.projections
            if p.source in members and p.target in members
        ]
        if inside:
            yield Problem(
                f"projection '{inside[0]}'",
                "populations that depend on each other take a wrapper written by hand.",
                "Save JSON: core.simulate runs it.",
                subject=inside[0],
            )

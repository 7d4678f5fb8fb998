"""What the plots show of a result: which neurons, which traces, in which colours."""

import re
from dataclasses import replace

from core.simulate import PopulationResult, RunResult
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec
from core.spec.recordings import Recording
from workbench.overlay import Overlay
from workbench.plots.raster import Band
from workbench.plots.traces import (
    MOST_NEURONS,
    Membrane,
    adaptation_of,
    membrane_of,
    parse_indices,
)
from workbench.runner import Runner
from workbench.theme import population_color


def shown_neurons(spec: ExperimentSpec) -> tuple[LISpec, tuple[int, ...]] | None:
    """Return whose membranes are drawn: the neuron of the MADC first, then others."""
    neurons = [p for p in spec.network.populations if isinstance(p, LISpec)]
    for population in neurons:
        if population.name == spec.recording.madc_population:
            first = min(spec.recording.madc_neuron, population.size - 1)
            more = [n for n in spec.view.neurons if first != n < population.size]
            return population, (first, *more)[:MOST_NEURONS]
    return (neurons[0], (0,)) if neurons else None


def shown_membrane(spec: ExperimentSpec, runner: Runner) -> Membrane | None:
    """Return the traces of the newest result, over those of the pinned or last run."""
    shown = shown_neurons(spec)
    found, before = shown_results(spec, runner)
    if shown is None or found is None:
        return None
    view = spec.view
    return membrane_of(
        shown[0],
        found,
        before,
        shown[1],
        hidden=view.hidden,
        lsb=view.lsb,
        difference=view.difference,
        recorded=runner.overlay.drawn(shown[0], shown[1][0], lsb=view.lsb),
    )


def shown_adaptation(spec: ExperimentSpec, runner: Runner) -> Membrane | None:
    """Return the adaptation currents of the shown neurons; None if they have none."""
    shown = shown_neurons(spec)
    found, before = shown_results(spec, runner)
    if shown is None or found is None:
        return None
    return adaptation_of(found, before, shown[1], spec.view.hidden)


def shown_results(
    spec: ExperimentSpec, runner: Runner
) -> tuple[PopulationResult | None, PopulationResult | None]:
    """Return what the shown population did now, and in the run drawn in grey."""
    shown, pinned = shown_neurons(spec), runner.history.pinned
    if shown is None or runner.result is None:
        return None, None
    before = runner.previous if pinned is None else pinned.result
    name = shown[0].name
    earlier = before.populations.get(name) if before is not None else None
    return runner.result.populations.get(name), earlier


def bands(
    spec: ExperimentSpec,
    result: RunResult,
    dark: bool,
    overlay: Overlay | None = None,
) -> list[Band]:
    """Return the rows of the raster; beside a chip, the model is faint.

    :param overlay: a recording whose spikes are drawn, too
    """
    shown = shown_neurons(spec)
    mine = shown[0].name if shown is not None else ""
    return [
        _band(
            found,
            population_color(color_of(spec.network, name), dark),
            None if overlay is None else overlay.spikes_of(found, mine),
        )
        for name, found in result.populations.items()
        if found.spikes is not None
    ]


def _band(found: PopulationResult, color: str, recorded: Recording | None) -> Band:
    spikes, model = found.spikes, found.model_spikes
    assert spikes is not None, "populations without spikes have no rows"
    both = model is not None and found.chip_spikes is not None
    faint = (model.time, model.neuron) if both and model is not None else ()
    band = Band(found.name, found.size, color, spikes.time, spikes.neuron, *faint)
    if recorded is None:
        return band
    times, neurons = recorded.times, recorded.neurons
    return replace(band, recorded_time=times, recorded_neuron=neurons)


def named_neurons(
    text: str, spec: ExperimentSpec, result: RunResult | None
) -> tuple[str, tuple[int, ...]]:
    """Return the population and neurons that a person typed.

    ``"0, 3-5"`` are neurons of the shown population, ``"c131"`` is whatever sits on
    circuit 131 of the chip.

    :raises ValueError: if there is no such neuron, with the reason in words
    """
    shown = shown_neurons(spec)
    if shown is None:
        raise ValueError("There are no neurons yet.")
    match = re.fullmatch(r"\s*c(\d{1,4})\s*", text)
    if match is None:
        return shown[0].name, parse_indices(text, shown[0].size)
    placement = result.execution.placement if result and result.execution else None
    if placement is None:
        raise ValueError("Run on the chip first: then neurons have circuits.")
    for name in placement.circuits:
        for neuron, joined in enumerate(placement.groups(name)):
            if int(match[1]) in joined:
                return name, (neuron,)
    raise ValueError(f"Circuit {match[1]} of the chip is free.")


def circuits(spec: ExperimentSpec, result: RunResult | None) -> str:
    """Return on which circuits the shown neurons are, in words; empty in mock."""
    shown = shown_neurons(spec)
    placement = result.execution.placement if result and result.execution else None
    if shown is None or placement is None or shown[0].name not in placement.circuits:
        return ""
    where = placement.circuits[shown[0].name]
    numbers = [str(where[n]) for n in shown[1] if n < len(where)]
    return f"circuit{'s' * (len(numbers) > 1)} {', '.join(numbers)}"

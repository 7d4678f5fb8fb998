"""What the inputs send, as lines of a program; see `core.spec.script_io`."""

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.spec.experiment import ExperimentSpec
from core.spec.script_text import number
from core.spec.stimulus import Stimulus, YinYangSample, spikes
from core.units import format_quantity


def input_lines(spec: ExperimentSpec, population: str, size: int) -> Iterator[str]:
    """Yield the lines that make ``spikes`` what the input ``population`` sends."""
    stimulus = spec.stimulus(population)
    if isinstance(stimulus, YinYangSample):
        yield from _yin_yang(stimulus, spec)
        return
    yield f"# {_words(stimulus)}: (time, batch, channels)"
    yield f"spikes = torch.zeros(STEPS, 1, {size})"
    if stimulus is None:
        return
    grid = spikes(stimulus, size, spec.run.steps, spec.run.dt)
    if size > 1 and (grid == grid[:, :1]).all():
        yield from _train(np.flatnonzero(grid[:, 0]), "")
        return
    for channel in range(size):
        yield from _train(np.flatnonzero(grid[:, channel]), f", 0, {channel}")


def _words(stimulus: Stimulus | None) -> str:
    if stimulus is None:
        return "No spikes"
    shown = [
        f"{info.label or field} {_value(getattr(stimulus, field), info.unit)}"
        for field, info in stimulus.infos().items()
        if isinstance(getattr(stimulus, field), int | float)
    ]
    kind = stimulus.kind[0].upper() + stimulus.kind[1:]
    return ", ".join([f"{kind} spikes", *shown])


def _value(value: float, unit: str) -> str:
    return format_quantity(value, unit) if unit in ("s", "Hz") else number(value)


def _train(steps: NDArray[Any], channel: str) -> Iterator[str]:
    """Yield the spikes of one channel, as a slice if they are regular."""
    if not len(steps):
        return
    gaps = np.unique(np.diff(steps))
    if len(steps) > 2 and len(gaps) == 1:
        yield f"spikes[{steps[0]}:{steps[-1] + 1}:{gaps[0]}{channel}] = 1"
        return
    yield textwrap.fill(
        f"spikes[[{', '.join(map(str, steps))}]{channel}] = 1",
        88,
        subsequent_indent="    ",
        break_on_hyphens=False,
    )


def _yin_yang(sample: YinYangSample, spec: ExperimentSpec) -> Iterator[str]:
    steps, dt = spec.run.steps, spec.run.dt
    latest = max(sample.t_early, sample.t_late, sample.t_bias)
    length = max(steps, round(latest / dt) + 1)
    # The encoder cuts the bias off to whole steps.
    t_bias = (round(sample.t_bias / dt) + 0.25) * dt
    size, seed = sample.index + 1, sample.seed
    yield f"# Sample {sample.index} of the Yin-Yang data set: (time, batch, channels)"
    yield "from hxtorch.spiking.datasets.yinyang import YinYangDataset"
    yield "from hxtorch.spiking.transforms.encode import CoordinatesToSpikes"
    yield ""
    data = f"YinYangDataset(size={size}, seed={seed})[{sample.index}]"
    yield f"point, label = {data}"
    early, late = number(sample.t_early), number(sample.t_late)
    yield f"encode = CoordinatesToSpikes({length}, {early}, {late}, DT, {t_bias!r})"
    point = "torch.as_tensor(point, dtype=torch.float32).unsqueeze(0)"
    yield f"spikes = encode({point})[:STEPS]"

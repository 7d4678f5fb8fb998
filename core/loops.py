"""Populations that project to each other in a loop, integrated as one.

The neurons of all members stand side by side, and the projections between them are
blocks of one matrix, so that the loop over time is that of a single recurrent
population (`core.functional.aelif`)::

    i' = i (1 - dt/tau_syn) + x + W z        z: spikes of the step before

A spike within the loop arrives one step later, or, if the loop is prompt, in the same
step, as between populations in no loop; then z is that of the step. With a delay of d
steps it arrives d steps after that; such projections are no part of W. Their currents
are found by repeating the run: what is right for the first n steps is right for d + 1
more after one more, in a prompt loop for d more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.experiment import Experiment
from core.functional.aelif import cuba_aelif_integration
from core.handle import DataHandle, Handle, SynapseHandle
from core.modules import AELIF, HXModuleWrapper, Synapse
from core.modules.neuron import in_model
from core.observables import AnalogObservable

#: Far above all membranes: neurons without the exponential term beside some with it.
_NO_ONSET = 1e6


@dataclass(frozen=True)
class Link:
    """A projection within a loop.

    :param source: number of the member that sends
    :param target: number of the member that receives
    :param delay: additional steps
    """

    synapse: Synapse
    source: int
    target: int
    delay: int


class Loop(HXModuleWrapper):
    """Runs populations that depend on each other as one.

    :param neurons: the members
    :param links: the projections between them
    :param entering: how many handles from outside each member is called with
    :param prompt: spikes within the loop arrive in the same step
    """

    def __init__(
        self,
        experiment: Experiment,
        neurons: Sequence[AELIF],
        links: Sequence[Link],
        entering: Sequence[int],
        prompt: bool = False,
    ) -> None:
        modules = [*neurons, *(link.synapse for link in links)]
        super().__init__(experiment, **{f"m{n}": m for n, m in enumerate(modules)})
        self._neurons, self._links = tuple(neurons), tuple(links)
        self._entering = tuple(entering)
        self.prompt = prompt
        self._sizes = [neuron.size for neuron in neurons]

    def forward_func(self, *input: DataHandle, hw_data: Any = None) -> Any:
        """Return the handles of all neurons, then empty ones of the projections."""
        assert self.experiment is not None, "only modules of an experiment run"
        drives, handles = [], iter(input)
        for neuron, count in zip(self._neurons, self._entering, strict=True):
            drives.append(neuron._drive(tuple(next(handles) for _ in range(count))))
        drive = torch.cat(drives, -1)
        values = self._values()
        measured = _side_by_side(hw_data[: len(self._neurons)])
        weight, late = self._matrix(drive), self._late()
        late_drive: Any = 0.0
        for _ in range(self._repetitions(len(drive))):
            before = late_drive
            v, _, i, w, _, z = cuba_aelif_integration(
                drive + late_drive,
                hw_data=measured,
                dt=self.experiment.dt,
                recurrent_weight=weight,
                recurrent_delay=self._latency,
                **values,
            )
            late_drive = sum((self._delayed(z, link, drive) for link in late), 0.0)
            settled = torch.is_tensor(before) and torch.equal(before, late_drive)
            if settled and not torch.is_grad_enabled():
                break
        adaptive = values["subthreshold_adaptation"]
        adaptive = adaptive or values["spike_triggered_adaptation"]
        return self._handles(drives, hw_data, v, i, w if adaptive else None, z)

    def _repetitions(self, steps: int) -> int:
        """Return after how many runs all delayed currents are right."""
        delays = [link.delay for link in self._late()]
        each = min(delays, default=0) + self._latency
        return 1 if not delays else max(1, -(-steps // each))

    @property
    def _latency(self) -> int:
        """Steps that each projection within the loop takes, besides its delay."""
        return 0 if self.prompt else 1

    def _late(self) -> list[Link]:
        return [link for link in self._links if link.delay]

    def _slice(self, member: int) -> slice:
        start = sum(self._sizes[:member])
        return slice(start, start + self._sizes[member])

    def _matrix(self, like: Tensor) -> Tensor:
        """Return the weights without delay, shape (target, source)."""
        size = sum(self._sizes)
        weight = like.new_zeros(size, size)
        for link in self._links:
            link.synapse._check_weight()
            if not link.delay:
                at = self._slice(link.target), self._slice(link.source)
                weight[at] = weight[at] + link.synapse.weight
        return weight

    def _delayed(self, spikes: Tensor, link: Link, like: Tensor) -> Tensor:
        """Return the current of a delayed projection, shape (time, batch, neurons)."""
        graded = F.linear(spikes[..., self._slice(link.source)], link.synapse.weight)
        at = self._slice(link.target)
        graded = F.pad(graded, (at.start, like.shape[-1] - at.stop))
        graded = shifted(graded, link.delay + self._latency)
        return F.pad(graded, (0, 0, 0, 0, 0, len(like) - len(graded)))

    def _values(self) -> dict[str, Any]:
        """Return the parameters of all neurons side by side, and what is on."""
        neurons, of = self._neurons, [in_model.model_values(n) for n in self._neurons]
        conductance = [n._conductance(v) for n, v in zip(neurons, of, strict=True)]
        refractory = [
            in_model.is_refractory(n, v["refractory_time"])
            for n, v in zip(neurons, of, strict=True)
        ]
        flags = {
            name: [bool(getattr(n, name)) for n in neurons]
            for name in (
                "leaky",
                "exponential",
                "subthreshold_adaptation",
                "spike_triggered_adaptation",
            )
        }
        a, b = flags["subthreshold_adaptation"], flags["spike_triggered_adaptation"]
        adaptive = [x or y for x, y in zip(a, b, strict=True)]
        everywhere = [True] * len(neurons)
        rests = [x or y for x, y in zip(flags["leaky"], a, strict=True)]

        def joined(name: str, present: Sequence[bool], absent: float) -> Any:
            return self._joined([v[name] for v in of], present, absent)

        return {
            "leak": joined("leak", rests, 0.0),
            "reset": joined("reset", everywhere, 0.0),
            "threshold": joined("threshold", everywhere, 0.0),
            "tau_syn": joined("tau_syn", everywhere, 1.0),
            "c_mem": joined("membrane_capacitance", everywhere, 1.0),
            "g_l": self._joined(conductance, self._conducts(flags), 0.0),
            "refractory_time": joined("refractory_time", refractory, 0.0),
            "method": neurons[0].method,
            "alpha": neurons[0].alpha,
            "exp_slope": joined("exponential_slope", flags["exponential"], 1.0),
            "exp_threshold": joined(
                "exponential_threshold", flags["exponential"], _NO_ONSET
            ),
            "subthreshold_adaptation_strength": joined(
                "subthreshold_adaptation_strength", a, 0.0
            ),
            "spike_triggered_adaptation_increment": joined(
                "spike_triggered_adaptation_increment", b, 0.0
            ),
            "tau_adap": joined("tau_adap", adaptive, 1.0),
            "refractory": any(refractory),
        } | {name: any(on) for name, on in flags.items()}

    def _conducts(self, flags: dict[str, list[bool]]) -> list[bool]:
        """Return which members have a leak; a term that none has counts for none."""
        return flags["leaky"] if any(flags["leaky"]) else [True] * len(self._neurons)

    def _joined(
        self, values: Sequence[Any], present: Sequence[bool], absent: float
    ) -> Any:
        """Return one number if all are the same, or a tensor (neurons,)."""
        values = [
            value if on else absent for value, on in zip(values, present, strict=True)
        ]
        if all(isinstance(value, int | float) for value in values) and (
            len(set(values)) == 1
        ):
            return float(values[0])
        return torch.cat(
            [
                torch.as_tensor(value, dtype=torch.float64).expand(size)
                for value, size in zip(values, self._sizes, strict=True)
            ]
        )

    def _handles(
        self,
        drives: Sequence[Tensor],
        hw_data: Sequence[Any],
        v: Tensor,
        i: Tensor,
        w: Tensor | None,
        z: Tensor,
    ) -> tuple[DataHandle, ...]:
        handles = []
        for n, (neuron, drive) in enumerate(zip(self._neurons, drives, strict=True)):
            at = self._slice(n)
            measured = None if hw_data[n] is None else hw_data[n].voltage
            traces = {
                "membrane_cadc": v[..., at],
                "membrane_madc": getattr(measured, "madc", None),
                "current": i[..., at],
                "adaptation_cadc": None if w is None else w[..., at],
                "adaptation_madc": None,
                "spikes": z[..., at],
            }
            in_model.check_finite(neuron, drive, v[..., at])
            names = neuron.output_type.names()
            handles.append(neuron.output_type(**{name: traces[name] for name in names}))
        return (*handles, *(SynapseHandle() for _ in self._links))


def shifted(trace: Tensor, steps: int) -> Tensor:
    """Return ``trace``, shape (time, ...), ``steps`` later; zeros come first.

    >>> shifted(torch.tensor([1.0, 2.0, 3.0]), 1)
    tensor([0., 1., 2.])
    """
    steps = min(steps, len(trace))
    return torch.cat([torch.zeros_like(trace[:steps]), trace[: len(trace) - steps]])


def _side_by_side(measured: Sequence[Any]) -> Any:
    """Return what was measured of all members as of one, None if nothing was."""
    if any(m is None for m in measured):
        return None
    membranes = [m.voltage.cadc for m in measured]
    spikes = [m.spikes for m in measured]
    return Handle(
        voltage=AnalogObservable(_concatenated(membranes)),
        adaptation=AnalogObservable(),
        spikes=_concatenated(spikes),
    )


def _concatenated(parts: Sequence[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known, -1) if len(known) == len(parts) else None

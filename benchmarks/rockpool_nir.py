"""A layer of Rockpool here and there: ``python -m benchmarks.rockpool_nir``.

Needs Rockpool 3.1 and SciPy on the path: ``pip install --no-deps --target FOLDER
rockpool scipy``, then ``PYTHONPATH=FOLDER:.``. Rockpool subtracts the threshold at a
spike and may spike several times in a step, so only rates can be compared.
"""

import numpy as np
import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules.torch import LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir

from core.build import build
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.nir_io import from_nir

STEPS, INPUTS, DT = 80, 20, 1e-6


def main() -> None:
    """Print mean rates over 20 inputs, spikes per step, and their cosine."""
    torch.manual_seed(0)
    neurons = LIFTorch(10, dt=DT / 1e-3, tau_mem=10e-3, tau_syn=5e-3)
    net = Sequential(LinearTorch((4, 10), has_bias=False), neurons)
    found = from_nir(to_nir(net, torch.zeros(1, 1, 4)), 1e-3)
    run = RunSpec(runtime=STEPS * DT, dt=DT, loops=found.loops)
    model = build(ExperimentSpec(found.network, found.stimuli, run=run), mock=True)
    here, there = [], []
    for seed in range(INPUTS):
        spikes = torch.rand(1, STEPS, 4, generator=torch.manual_seed(seed)) < 0.3
        with torch.no_grad():
            net.reset_state()
            there.append(net(spikes.float())[0][0].mean(0).numpy())
            (handle,) = model({"input": spikes.float().swapaxes(0, 1)}).values()
        here.append(handle.spikes[:, 0].mean(0).numpy())
    a, b = np.ravel(here), np.ravel(there)
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    print(f"spikes per step: {a.mean():.2f} here, {b.mean():.2f} in Rockpool")
    print(f"cosine of mean rates: {cosine:.3f}")


if __name__ == "__main__":
    main()

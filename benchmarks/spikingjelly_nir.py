"""Write what spikingjelly exports to NIR, and the spikes that its networks give.

``python -m benchmarks.spikingjelly_nir tests/data/spikingjelly`` where spikingjelly 2.0
is installed. It brings tensorboard, torchaudio and more, so the tests do not depend on
it: they read the files.
"""

import sys
from pathlib import Path

import nir
import numpy as np
import torch
from spikingjelly.activation_based import neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir
from torch import nn

STEPS = 80


def networks():
    """Yield name, network and the shape of its input."""
    reset = {"v_threshold": 1.0, "v_reset": 0.0}
    yield (
        "layers",
        nn.Sequential(
            nn.Linear(4, 10, bias=False),
            neuron.LIFNode(tau=5.0, decay_input=False, **reset),
            nn.Linear(10, 5, bias=False),
            neuron.IFNode(**reset),
        ),
        (4,),
    )
    yield (
        "convolution",
        nn.Sequential(
            nn.Conv2d(1, 2, 2, bias=False),
            neuron.LIFNode(tau=4.0, decay_input=True, **reset),
            nn.Flatten(),
            nn.Linear(8, 5, bias=False),
            neuron.CUBALIFNode(c_decay=0.5, v_decay=0.8, **reset),
        ),
        (1, 3, 3),
    )


def run(net, spikes):
    """Return the spikes of the layers of neurons, shape (time, neurons) each."""
    cells = [m for m in net if isinstance(m, neuron.BaseNode)]
    seen = [[] for _ in cells]
    for cell, rows in zip(cells, seen, strict=True):
        cell.register_forward_hook(lambda _, __, z, rows=rows: rows.append(z.flatten()))
    with torch.no_grad():
        for x in spikes:
            net(x[None])
    return [torch.stack(rows).numpy() for rows in seen]


def main() -> None:
    """Write the files into the folder of the first argument."""
    folder = Path(sys.argv[1])
    for name, net, shape in networks():
        torch.manual_seed(6)
        for parameter in net.parameters():
            nn.init.normal_(parameter, 0.4, 1.0)
        spikes = (torch.rand(STEPS, *shape) < 0.3).float()
        nir.write(
            folder / f"{name}.nir",
            export_to_nir(net, torch.zeros(1, *shape), dt=1e-4),
        )
        first, second = (z.astype(bool) for z in run(net, spikes))
        np.savez_compressed(
            folder / f"{name}.npz",
            input=spikes.flatten(1).numpy().astype(bool),
            first=first,
            second=second,
        )


if __name__ == "__main__":
    main()

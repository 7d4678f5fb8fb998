"""Run an experiment."""

import logging

from core.errors import ParameterError
from core.experiment import Experiment

log = logging.getLogger(__name__)


def run(experiment: Experiment, runtime: int | None) -> None:
    """Run ``experiment`` and fill the handles of its modules.

    The graph of modules is used up: call the modules again before the next run. After a
    run on the chip ``experiment.last_execution`` holds all that it did.

    :param runtime: number of steps of ``experiment.dt``; ignored in mock
    :raises ParameterError: if ``runtime`` is not an int and the chip is to be used

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse, neuron = core.Synapse(5, 3, experiment), core.LIF(3, experiment)
    >>> out = neuron(synapse(core.LIFObservables(spikes=torch.ones(30, 2, 5))))
    >>> core.run(experiment, None)
    >>> out.spikes.shape  # (time, batch, neurons)
    torch.Size([30, 2, 3])
    """
    try:
        if not experiment.mock and not isinstance(runtime, int):
            raise ParameterError(
                "run",
                "Requested runtime invalid.",
                f"Give the number of time steps as an int, not {runtime!r}.",
            )
        results = experiment.get_hw_results(runtime)
        steps = experiment.modules.done()
    except Exception:
        experiment.modules.clear()  # or the next calls would add to this graph
        raise
    if not steps:
        log.warning("Nothing to run: call the modules again before each run.")
    for module, inputs, output in steps:
        module.exec_forward(inputs, output, results)

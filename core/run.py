"""Run an experiment."""

from core.execution_info import ExecutionInfo
from core.experiment import Experiment


def run(experiment: Experiment, runtime: int | None) -> ExecutionInfo | None:
    """Run ``experiment`` and fill the handles of its modules.

    The graph of modules is used up: call the modules again before the next run. After a
    run on the chip ``experiment.last_execution`` holds all that it did.

    :param runtime: number of steps of ``experiment.dt``; ignored in mock
    :returns: what the run on the chip took, None in mock
    :raises ParameterError: if ``runtime`` is not an int and the chip is to be used

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse, neuron = core.Synapse(5, 3, experiment), core.LIF(3, experiment)
    >>> out = neuron(synapse(core.LIFObservables(spikes=torch.ones(30, 2, 5))))
    >>> core.run(experiment, None)
    >>> out.spikes.shape  # (time, batch, neurons)
    torch.Size([30, 2, 3])
    """
    return experiment.run(runtime)

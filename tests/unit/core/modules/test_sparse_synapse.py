import inspect

import pytest
import torch
from torch import Tensor

from core import LI, Experiment, LIFObservables, SparseSynapse, SynapseHandle, run
from core.execution_instance import ExecutionInstance
from core.functional import linear_sparse
from core.modules import Projection
from core.transforms.weight_transforms import linear_saturating

CONNECTIONS = torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 0, 0], [1, 1, 0]])  # (4, 3)


@pytest.fixture
def exp():
    return Experiment(mock=True)


def graded(synapse, spikes, exp):
    out = synapse(LIFObservables(spikes=spikes))
    run(exp, None)
    return out.graded_spikes


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
@pytest.mark.parametrize(
    "form", [Tensor.clone, Tensor.to_sparse, Tensor.to_sparse_csr, Tensor.numpy]
)
def test_weights_exist_where_connections_are_not_zero(exp, form):
    given = form(CONNECTIONS)
    synapse = SparseSynapse(given, exp)
    assert (synapse.in_features, synapse.out_features) == (4, 3)
    assert synapse.connections.tolist() == [[0, 0, 1, 1], [0, 3, 1, 3]]  # post, pre
    assert torch.equal(synapse.mask, (CONNECTIONS != 0).t())
    assert torch.equal(synapse.weight != 0, synapse.mask)
    synapse.reset_parameters()
    assert torch.equal(synapse.weight != 0, synapse.mask)


def test_graded_spikes_are_the_sum_over_connections(exp):
    synapse = SparseSynapse(CONNECTIONS, exp)
    spikes = torch.randint(0, 2, (10, 2, 4)).float()
    found = graded(synapse, spikes, exp)
    expected = torch.einsum("tbi,oi->tbo", spikes, synapse.weight * synapse.mask)
    torch.testing.assert_close(found, expected)


def test_training_never_opens_a_missing_connection(exp):
    synapse = SparseSynapse(CONNECTIONS, exp)
    optimizer = torch.optim.SGD(synapse.parameters(), lr=0.1)
    spikes = torch.ones(5, 1, 4)
    for _ in range(3):
        optimizer.zero_grad()
        graded(synapse, spikes, exp).pow(2).sum().backward()
        optimizer.step()
    found = graded(synapse, torch.eye(4).unsqueeze(1), exp)
    assert torch.equal(found[:, 0].t() != 0, synapse.mask)


def test_func_may_take_spikes_and_weight_only(exp):
    synapse = SparseSynapse(CONNECTIONS, exp, func=lambda x, weight: x @ weight.t())
    synapse.weight.data.fill_(1.0)  # of missing connections, too
    found = graded(synapse, torch.ones(2, 1, 4), exp)
    assert found[0, 0].tolist() == synapse.mask.sum(1).tolist()


def scaled(input, weight, mask):
    return 2 * linear_sparse(input, weight, mask)


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, mask):
        return 3 * input @ (weight * mask).t()


@pytest.mark.parametrize(
    ("func", "factor"), [(scaled, 2), (Scaled, 3), (linear_sparse, 1)]
)
def test_func_is_the_keyword_or_the_third_argument(exp, func, factor):
    instance = ExecutionInstance()
    by_position = SparseSynapse(CONNECTIONS, exp, func, instance, None, None, abs)
    by_keyword = SparseSynapse(
        CONNECTIONS, exp, func=func, execution_instance=instance, transform=abs
    )
    spikes = torch.ones(2, 1, 4)
    for synapse in (by_position, by_keyword):
        assert synapse.execution_instance is instance
        assert synapse.weight_transform is abs
        expected = factor * (synapse.weight * synapse.mask).sum(1)
        torch.testing.assert_close(graded(synapse, spikes, exp)[0, 0], expected)


def test_third_argument_may_be_the_execution_instance(exp):
    instance = ExecutionInstance()
    synapse = SparseSynapse(CONNECTIONS, exp, instance, "chip")
    assert synapse.execution_instance is instance
    assert synapse.chip_coordinate == "chip"


def test_func_with_hw_data_is_given_what_was_measured(exp):
    seen = []

    def func(input, weight, mask, hw_data=None):
        seen.append(hw_data)
        return input @ weight.t()

    synapse = SparseSynapse(CONNECTIONS, exp, func=func)
    synapse.descriptor = "me"
    handle = LIFObservables(spikes=torch.ones(2, 1, 4))
    synapse.exec_forward(handle, SynapseHandle(), {"me": 5})
    assert seen == [5]


def test_attributes_of_the_documented_version(exp):
    synapse = SparseSynapse(CONNECTIONS, exp)
    assert isinstance(synapse, Projection)
    assert synapse.output_type is SynapseHandle
    assert synapse.extra_args[0] is synapse.weight
    assert synapse.extra_args[1] is synapse.mask
    assert synapse.extra_kwargs == {}
    assert synapse.training
    assert synapse.bias is None
    assert repr(synapse).startswith("SparseSynapse(number connections=4")
    assert "mask" not in synapse.state_dict()
    parameters = inspect.signature(SparseSynapse).parameters
    assert parameters["func"].default is linear_sparse
    assert parameters["transform"].default is linear_saturating


def test_changes_of_weights_are_noted(exp):
    synapse = SparseSynapse(CONNECTIONS, exp)
    assert synapse.changed_since_last_run
    synapse.reset_changed_since_last_run()
    assert not synapse.changed_since_last_run
    synapse.weight.data += 1
    assert synapse.changed_since_last_run


def test_the_chip_gets_rounded_weights_of_existing_connections_only():
    exp = Experiment()
    synapse = SparseSynapse(CONNECTIONS, exp, transform=lambda w: w + 0.5)
    synapse.weight.data.fill_(10.0)
    out = LI(3, exp)(synapse(LIFObservables(spikes=torch.ones(20, 1, 4))))
    run(exp, 20)
    (projection,) = exp.last_execution.network.projections
    # half away from zero, like Synapse
    assert projection.weights.tolist() == (11 * synapse.mask.int()).tolist()
    assert out.membrane_cadc.shape == (20, 1, 3)


def test_connections_are_a_matrix(exp):
    with pytest.raises(ValueError, match=r"connections have shape \(3,\)"):
        SparseSynapse(torch.ones(3), exp)


def test_only_existing_connections_take_synapses_of_the_chip():
    exp = Experiment()
    connections = torch.zeros(200, 2)
    connections[:100, 0] = connections[100:, 1] = 1
    synapse, neuron = SparseSynapse(connections, exp), LI(2, exp)
    neuron(synapse(LIFObservables(spikes=torch.zeros(5, 1, 200))))
    run(exp, 5)
    # Dense, a neuron of one circuit takes 128 sources; here each has 100 of 200.
    wiring = exp.last_execution.routing.wiring
    assert (wiring.synapse_source >= 0).sum() == 2 * 200

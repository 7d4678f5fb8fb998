"""Products of spikes and weights: adding rows against the dense product."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.functional import linear, projection, reference
from core.functional.projection import SPARSE_SUM, density, project

SOURCES, TARGETS = 300, 256  # enough weights for adding rows


def spikes(share: float, *shape: int, seed: int = 1) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return (torch.rand(*shape, generator=rng) < share).float()


def weights(seed: int = 2) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(TARGETS, SOURCES, generator=rng) / SOURCES**0.5


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    share=st.sampled_from([0.0, 0.01, 0.08, 0.11, 0.3, 1.0]),
    steps=st.integers(1, 40),
    graded=st.booleans(),
)
def test_sums_and_gradients_are_those_of_the_dense_product(
    seed: int, share: float, steps: int, graded: bool
) -> None:
    x = spikes(share, steps, 3, SOURCES, seed=seed)
    if graded:
        x = x * torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    results = []
    for function in (linear, F.linear):
        a, w = x.clone().requires_grad_(), weights().requires_grad_()
        y = function(a, w)
        y.square().sum().backward()
        results.append((y.detach(), a.grad, w.grad))
    # Sums of up to 300 terms near 0.06, and of 120 rows, in another order.
    for found, expected in zip(*results, strict=True):
        scale = expected.abs().max().clamp_min(1)
        torch.testing.assert_close(found / scale, expected / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("share", "adds"), [(0.05, True), (0.3, False)])
def test_the_share_of_spikes_decides(
    share: float, adds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = []
    run = projection.run_lanes

    def record(kernel: object, *arguments: object) -> None:
        kernels.append(kernel)
        run(kernel, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(projection, "run_lanes", record)
    assert (share < SPARSE_SUM) == adds
    project(spikes(share, 64, 4, SOURCES), weights().requires_grad_()).sum().backward()
    assert len(kernels) == 2 * adds  # the sums, and the gradient of the weights


@pytest.mark.parametrize("count", [1, 2])
def test_threads_change_no_bit(count: int) -> None:
    before = torch.get_num_threads()
    results = []
    for threads in (1, count):
        torch.set_num_threads(threads)
        w = weights().requires_grad_()
        y = project(spikes(0.05, 100, 8, SOURCES), w)
        y.square().sum().backward()
        results.append((y.detach(), w.grad))
    torch.set_num_threads(before)
    assert all(map(torch.equal, *results))


def test_whole_weights_and_spikes_are_exact() -> None:
    w = weights().mul(100).round()
    x = spikes(0.05, 50, 2, SOURCES)
    assert torch.equal(project(x, w), (x.double() @ w.double().T).float())


def test_derivatives_of_gradients_work() -> None:
    def second(function: object) -> Tensor:
        w = weights().requires_grad_()
        loss = function(spikes(0.05, 20, 2, SOURCES), w).pow(3).sum()  # type: ignore[operator]
        (g,) = torch.autograd.grad(loss, w, create_graph=True)
        (h,) = torch.autograd.grad(g.square().sum(), w)
        return h

    torch.testing.assert_close(second(project), second(F.linear), rtol=1e-3, atol=1e-3)


def test_what_the_kernels_cannot_do_is_left_to_torch() -> None:
    x, w = spikes(0.05, 40, 2, SOURCES), weights()
    assert project(x.double(), w.double()).dtype == torch.float64
    with torch.autocast("cpu"):
        assert project(x, w).dtype == torch.bfloat16
    with reference():
        assert torch.equal(project(x, w), F.linear(x, w))
    with pytest.raises(RuntimeError):
        project(x, w[:, :9])


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_stays_visible(value: float) -> None:
    x = torch.zeros(512, 1, 256)
    x[5, 0, 7] = value
    y = project(x, torch.ones(256, 256))
    assert torch.equal(y[5, 0], torch.full((256,), value)) or y[5, 0].isnan().all()
    assert not y[6:].any()


def test_batch_entries_count_alike_in_the_choice() -> None:
    x = torch.ones(64, 16, 8)
    x[:, 0] = 0  # with every 16th row, only this entry would be seen
    assert density(x.flatten(0, 1)) > 0.9


def test_transforms_of_functions_are_left_to_torch() -> None:
    x, weight = torch.rand(512, 1, 256), torch.rand(256, 256)
    found = torch.func.grad(lambda w: project(x, w).sum())(weight)
    torch.testing.assert_close(found, x.sum(0).expand(256, 256))  # sums in any order


def test_empty_inputs_work() -> None:
    w = weights().requires_grad_()
    y = project(torch.zeros(0, 2, SOURCES), w)
    assert y.shape == (0, 2, TARGETS)
    y.sum().backward()
    assert not w.grad.any()
    assert density(torch.zeros(0, 3)) == 0

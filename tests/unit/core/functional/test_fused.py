import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.functional import fused
from core.functional.aelif import cuba_aelif_integration
from core.functional.step_code import CuBaStepCode

FIXED = {
    "method": "superspike",
    "alpha": 50.0,
    "exp_slope": 1.0,
    "exp_threshold": 1.0,
    "subthreshold_adaptation_strength": 0.0,
    "spike_triggered_adaptation_increment": 0.0,
    "tau_adap": 1.0,
}


def integrate(x, reference, **parameters):
    """Run the loop: the reference where a gradient is asked for, else the kernel."""
    x = x.clone().requires_grad_(reference)
    with torch.set_grad_enabled(reference):
        return cuba_aelif_integration(x, **FIXED, **parameters)


def assert_equal_to_the_last_bit(x, **parameters):
    kernel = integrate(x, False, **parameters)
    loop = integrate(x, True, **parameters)
    for place, name in ((0, "membrane"), (2, "current"), (3, "adaptation"), (5, "z")):
        a, b = kernel[place], loop[place].detach()
        assert torch.equal(a, b), f"{name}: {(a != b).sum()} values differ"


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    fire=st.booleans(),
    leaky=st.booleans(),
    per_neuron=st.booleans(),
    refractory=st.sampled_from([0.0, 1e-6, 2.5e-6, 4e-6]),
    dt=st.sampled_from([0.5e-6, 1e-6]),
)
def test_the_kernel_equals_the_reference_loop_bit_for_bit(
    seed, fire, leaky, per_neuron, refractory, dt
):
    rng = torch.Generator().manual_seed(seed)
    steps, batch, neurons = 60, 3, 5
    x = (torch.rand(steps, batch, neurons, generator=rng) < 0.2) * torch.randn(
        steps, batch, neurons, generator=rng
    )

    def parameter(low, high):
        size = (neurons,) if per_neuron else ()
        drawn = low + (high - low) * torch.rand(size, generator=rng)
        return drawn if per_neuron else float(drawn)

    capacitance = parameter(4e-6, 2e-5)
    assert_equal_to_the_last_bit(
        x,
        leak=parameter(-0.2, 0.4),
        reset=parameter(-0.5, 0.1),
        threshold=parameter(0.2, 0.8),
        tau_syn=parameter(3e-6, 1e-5),
        c_mem=capacitance,
        g_l=capacitance / parameter(4e-6, 2e-5),
        refractory_time=refractory,
        refractory=refractory > 0,
        leaky=leaky,
        fire=fire,
        dt=dt,
    )


@pytest.mark.parametrize(
    "term", ["exponential", "subthreshold_adaptation", "spike_triggered_adaptation"]
)
def test_the_kernel_has_no_adex_terms(term):
    terms = CuBaStepCode(**{term: True})
    assert not fused.applies(torch.zeros(3, 1, 2), terms, {})


def test_the_kernel_is_left_alone_where_it_does_not_apply():
    x, terms = torch.zeros(3, 1, 2), CuBaStepCode()
    trained = {"leak": torch.ones(2, requires_grad=True)}
    assert fused.applies(x, terms, {"leak": 1.0})
    assert not fused.applies(x.double(), terms, {"leak": 1.0})
    assert not fused.applies(x, terms, trained)
    with torch.no_grad():
        assert fused.applies(x, terms, trained)


def test_the_kernel_does_not_touch_its_input():
    x = torch.rand(20, 2, 3)
    before = x.clone()
    integrate(
        x,
        False,
        leak=0.0,
        reset=0.0,
        threshold=1.0,
        tau_syn=1e-5,
        c_mem=1e-5,
        g_l=1.0,
        refractory_time=1e-6,
        refractory=True,
    )
    assert torch.equal(x, before)


@pytest.mark.parametrize("steps", [1, 0])
@pytest.mark.parametrize("reference", [False, True])
def test_very_short_inputs_work(steps, reference):
    found = integrate(
        torch.zeros(steps, 1, 2),
        reference,
        leak=0.5,
        reset=0.0,
        threshold=1.0,
        tau_syn=1e-5,
        c_mem=1e-5,
        g_l=1.0,
        refractory_time=0.0,
    )
    assert torch.equal(found[0].detach(), torch.full((steps, 1, 2), 0.5))

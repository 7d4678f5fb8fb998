import math
from itertools import product
from typing import Any

import pytest
import torch

from core.errors import HXError
from core.functional import (
    CuBaStepCode,
    cuba_aelif_integration,
    reference,
    step_code,
)
from core.functional.step_code import StepCodeError
from core.handle import Handle
from core.observables import AnalogObservable

VALUES: dict[str, Any] = {
    "leak": 0.1,
    "reset": -0.2,
    "threshold": 0.7,
    "tau_syn": 5e-6,
    "c_mem": 6e-6,
    "g_l": torch.tensor([1.0, 0.8, 1.2]),
    "refractory_time": 2e-6,
    "method": "superspike",
    "alpha": 50.0,
    "exp_slope": 0.2,
    "exp_threshold": 0.6,
    "subthreshold_adaptation_strength": 0.5,
    "spike_triggered_adaptation_increment": 0.2,
    "tau_adap": 3e-5,
}
TERMS = (
    "leaky",
    "fire",
    "refractory",
    "exponential",
    "subthreshold_adaptation",
    "spike_triggered_adaptation",
)
HEADER = "An error occured while executing the code of the integration step.\n"


def drive(steps: int = 30) -> torch.Tensor:
    rng = torch.Generator().manual_seed(3)
    return torch.rand(steps, 2, 3, generator=rng).requires_grad_()


def integrate(code: str | None, x: torch.Tensor | None = None, **changes: Any) -> Any:
    values = {**VALUES, **changes}
    return cuba_aelif_integration(
        drive() if x is None else x, **values, integration_step_code=code
    )


def measured(*names: str) -> Any:
    rng = torch.Generator().manual_seed(4)
    data = {
        name: torch.rand(31, 2, 3, generator=rng) if name in names else None
        for name in ("voltage", "adaptation", "spikes")
    }
    if data["spikes"] is not None:
        data["spikes"] = (data["spikes"] > 0.8).float()
    return Handle(
        voltage=AnalogObservable(data["voltage"]),
        adaptation=AnalogObservable(data["adaptation"]),
        spikes=data["spikes"],
    )


def assert_same(flags: dict[str, bool], hw: Any, code: CuBaStepCode) -> None:
    runs = []
    # with a comment it is not the code of the library any more, so it is executed
    for text in (None, code.generate() + "  # executed"):
        x = drive()
        with (
            reference()
        ):  # the compiled kernels have an exponential function of their own
            found = integrate(text, x, hw_data=hw, **flags)
        v, _, i, w, _, z = found
        (v.sum() + (i * w).sum() + z.sum()).backward()
        runs.append((v, i, w, z, x.grad))
    for native, executed in zip(*(run[:4] for run in runs), strict=True):
        torch.testing.assert_close(executed, native, rtol=0, atol=0, equal_nan=True)
    # the graphs differ, so gradients are summed in another order
    torch.testing.assert_close(runs[1][4], runs[0][4], equal_nan=True)


@pytest.mark.parametrize("on", list(product([False, True], repeat=len(TERMS))))
def test_generated_code_equals_the_loop_bit_for_bit(on: tuple[bool, ...]) -> None:
    flags = dict(zip(TERMS, on, strict=True))
    assert_same(flags, None, CuBaStepCode(**flags))


@pytest.mark.parametrize("names", list(product([False, True], repeat=3)))
def test_generated_code_injects_measured_data(names: tuple[bool, ...]) -> None:
    flags = dict.fromkeys(TERMS, True)
    parts = ("voltage", "adaptation", "spikes")
    hw = measured(*(part for part, on in zip(parts, names, strict=True) if on))
    assert_same(flags, hw, CuBaStepCode(*flags.values(), *names))


def test_code_of_the_library_is_not_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("executed")

    monkeypatch.setattr(step_code, "_compile", refuse)
    integrate(CuBaStepCode(refractory=True).generate(), refractory=True)


def test_code_is_compiled_once_for_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    def count(code: str) -> Any:
        compiled.append(code)
        return compile(code, "<test>", "exec")

    monkeypatch.setattr(step_code, "_compile", count)
    integrate("v = v + 1")
    assert compiled == ["v = v + 1"]


def test_code_of_the_caller_decides_what_happens() -> None:
    v, _, i, w, _, z = integrate("v += dt / c\ni = input[ts]\nz = z + ts")
    steps = torch.arange(1.0, 31)
    expected = VALUES["leak"] + steps / 6
    torch.testing.assert_close(v[:, 0, 0], expected)  # += changed no earlier row
    assert torch.equal(i, drive())
    assert not w.any()
    assert z[:, 1, 2].tolist() == torch.arange(30.0).cumsum(0).tolist()


def test_code_can_import_define_and_branch() -> None:
    code = """
import math
def half(x):
    return x / 2
if ts == 0:
    v = v * 0 + math.pi
else:
    v = half(v)
"""
    found = integrate(code)[0][:2, 0, 0].tolist()
    assert found == pytest.approx([math.pi, math.pi / 2])


def test_an_exception_is_told_with_its_line_word_by_word() -> None:
    code = CuBaStepCode().generate() + "\nraise ValueError('no luck')"
    number = code.count("\n") + 1
    with pytest.raises(RuntimeError) as e:
        integrate(code)
    assert str(e.value) == (
        f"{HEADER}In line {number} (\"raise ValueError('no luck')\") in "
        "integration_step_code, following error occured:\nno luck"
    )
    assert isinstance(e.value.__cause__, ValueError)
    assert isinstance(e.value, HXError)
    (problem,) = e.value.problems
    assert problem.where == f"integration_step_code, line {number}"
    assert "raised ValueError: no luck" in problem.what
    assert "leave it out" in problem.fix


@pytest.mark.parametrize(
    ("code", "line", "error"),
    [
        # raised in a file of the library, which has many more lines
        ("i = i\nz = spiking_threshold(v, 'bad', alpha)", 2, "Threshold function 'bad"),
        # raised in a function of the code itself
        ("def f(x):\n    return x[9]\n\nv = f(v)", 2, "index 9 is out of bounds"),
        # the code cannot be read at all
        ("v = v\nv = = i", 2, "invalid syntax"),
        # this name is there with measured data only
        ("v = membrane_hw[ts]", 1, "name 'membrane_hw' is not defined"),
    ],
)
def test_the_line_is_that_of_the_step_code(code: str, line: int, error: str) -> None:
    with pytest.raises(StepCodeError) as e:
        integrate(code)
    source = code.splitlines()[line - 1]
    assert f'In line {line} ("{source}") in integration_step_code' in str(e.value)
    assert error in str(e.value)


@pytest.mark.parametrize(
    ("code", "line", "error"),
    [
        ("v = 5.0", 1, "after the step 'v' is a float"),
        ("i = i\ndel z", 2, "after the step 'z' is gone"),
        ("i = i[:, :2]\nv = v", 1, "'i' is a tensor of torch.float32 and shape (2, 2)"),
        ("v = v.long()", 1, "'v' is a tensor of torch.int64 and shape (2, 3)"),
        ("z = z > 0", 1, "'z' is a tensor of torch.bool and shape (2, 3)"),
        ("adaptation = None", 1, "after the step 'adaptation' is a NoneType"),
    ],
)
def test_the_code_keeps_the_state(code: str, line: int, error: str) -> None:
    with pytest.raises(StepCodeError) as e:
        integrate(code)
    assert f"In line {line} (" in str(e.value)
    assert error in str(e.value)
    assert (
        e.value.problems[0].fix == "Keep it a tensor of torch.float32 and shape (2, 3)."
    )


@pytest.mark.parametrize("code", [7, b"v = v", "v = v\0"])
def test_what_is_no_code_is_refused(code: Any) -> None:
    with pytest.raises(StepCodeError, match="integration_step_code"):
        integrate(code)


def test_what_is_no_error_of_the_code_passes() -> None:
    with pytest.raises(SystemExit):
        integrate("raise SystemExit")


def test_gradients_pass_through_executed_code() -> None:
    x, leak = drive(), torch.tensor(0.1, requires_grad=True)
    integrate("v = v + input[ts] * leak", x, leak=leak)[0].sum().backward()
    assert x.grad is not None
    assert leak.grad is not None
    # row t is counted in all later rows
    rows = torch.arange(30.0, 0, -1)[:, None, None].expand_as(x)
    torch.testing.assert_close(x.grad, 0.1 * rows)

import copy
from typing import Any

import pytest
import torch

from core import ExecutionInstance, Experiment, LIFObservables, TensorHandle, run
from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor
from core.errors import NetworkError
from core.modules import (
    HXBaseExperimentModule,
    HXFunctionalModule,
    HXHardwareEntityMixin,
    HXModule,
    HXTorchBaseModule,
)


class Double(HXFunctionalModule):
    def forward_func(self, input: Any) -> Any:
        return TensorHandle(2 * input.tensor)


class WithData(HXModule):
    def forward_func(self, input: Any, hw_data: Any = None) -> Any:
        return TensorHandle(hw_data)


def test_module_without_experiment_cannot_be_called() -> None:
    with pytest.raises(NetworkError, match="HXTorchBaseModule: belongs to no exper"):
        HXTorchBaseModule()(TensorHandle())


def test_bare_module_takes_an_experiment_later() -> None:
    exp, module = Experiment(mock=True), HXTorchBaseModule()
    module.experiment = exp
    out = module(TensorHandle(torch.ones(1)))
    run(exp, None)
    assert out.tensor == 1


def test_every_module_is_of_both_bases() -> None:
    for cls in (HXModule, HXFunctionalModule):
        assert issubclass(cls, HXTorchBaseModule)
        assert issubclass(cls, HXBaseExperimentModule)


def test_forward_returns_the_one_empty_handle() -> None:
    exp = Experiment(mock=True)
    module = Double(exp)
    out = module(TensorHandle(torch.ones(1)))
    assert out is module(TensorHandle(torch.ones(1)))
    assert not out.holds("tensor")


def test_func_passes_measured_data_only_where_it_is_taken() -> None:
    one = TensorHandle(1)
    assert Double(None).func((one,), "data") == TensorHandle(2)
    assert Double(None).func(one) == TensorHandle(2)
    assert WithData(None).func((one,), "data") == TensorHandle("data")


def test_exec_forward_looks_up_its_data() -> None:
    module, out = WithData(None), TensorHandle()
    module.descriptor = "me"
    module.exec_forward(TensorHandle(1), out, {"me": 5})
    assert out.tensor == 5
    module.exec_forward((TensorHandle(1),), out, {})
    assert out.tensor is None


def test_exec_forward_without_map_reads_what_the_chip_gave() -> None:
    exp, out = Experiment(), TensorHandle()
    module = WithData(exp)
    exp.runtime_in_s = 1e-6
    module.post_process = lambda data, runtime: (data, runtime)  # type: ignore
    module.exec_forward(TensorHandle(1), out)
    assert out.tensor == (module.hw_observables, 1e-6)
    exp.mock = True
    module.exec_forward(TensorHandle(1), out)
    assert out.tensor is None


def test_post_simulation_processing_may_change_the_result() -> None:
    class Shifted(Double):
        def post_simulation_processing(self, output: Any) -> None:
            output.tensor = output.tensor + 1

    out = TensorHandle()
    Shifted(None).exec_forward(TensorHandle(torch.ones(1)), out, {})
    assert out.tensor == 3


def test_second_argument_is_taken_by_its_type() -> None:
    instance = ExecutionInstance()
    exp = Experiment()
    assert HXModule(exp, instance).execution_instance is instance
    assert HXModule(exp, len).execution_instance is exp.default_execution_instance
    assert HXModule(Experiment(mock=True), len).execution_instance is None


def test_the_part_on_the_chip_takes_its_place() -> None:
    instance, place = ExecutionInstance(), (ConnectionOnExecutor(), ChipOnConnection())
    mixin = HXHardwareEntityMixin(instance, chip_coordinate=place)
    assert mixin.execution_instance is instance
    assert mixin.chip_coordinate is place
    assert HXHardwareEntityMixin(place).chip_coordinate is place
    assert HXHardwareEntityMixin(place).execution_instance is None
    assert "ExecutionInstance(ID=" in mixin.extra_repr()

    class Own(HXHardwareEntityMixin, HXFunctionalModule):
        def __init__(self) -> None:
            HXFunctionalModule.__init__(self, None)
            HXHardwareEntityMixin.__init__(self, instance)

    assert Own().execution_instance is instance
    assert "execution_instance=None" in repr(HXModule(None))


def test_base_module_has_no_data_of_the_chip() -> None:
    module = HXModule(None)
    assert module.post_process(module.hw_observables, 1e-6) is None
    module.register_hw_entity()
    module.configure_hw_entity(1, 2, 3)


def test_copied_module_uses_its_own_values() -> None:
    class Scale(HXFunctionalModule):
        factor = 1

        def forward_func(self, input: Any) -> Any:
            return TensorHandle(self.factor * input.tensor)

    module = Scale(None)
    copied = copy.deepcopy(module)
    copied.factor = 3
    assert copied.func(TensorHandle(1)) == TensorHandle(3)


def test_text_names_function_and_experiment() -> None:
    text = repr(HXModule(Experiment(mock=True)))
    assert "function=forward_func" in text
    assert "experiment=Experiment(mock=True" in text
    assert LIFObservables is not None

"""The bars that the programs published for the real system set themselves."""

import pytest

from core.training import TrainSpec, YinYangData, train, yin_yang_network
from core.training.settings import EVENTPROP

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("gradient", ["surrogate", *EVENTPROP])
def test_yin_yang_is_learned_in_five_epochs_of_the_model(gradient):
    settings = TrainSpec(gradient=gradient, epochs=5)
    result = train(yin_yang_network(), YinYangData(), settings)
    assert result.test.accuracy > 0.84


def test_yin_yang_is_learned_in_five_epochs_in_the_loop():
    settings = TrainSpec(mode="chip", epochs=5)
    result = train(yin_yang_network(), YinYangData(), settings)
    assert result.test.accuracy > 0.84

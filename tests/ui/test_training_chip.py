"""A training of the model goes on in the loop, and the network answers on a map."""

import re

import pytest

from tests.ui.bench import wait_until
from tests.ui.test_training import button, ready, said, type_in

pytestmark = [pytest.mark.ui, pytest.mark.slow]

#: Whether the map of answers is drawn, and the names that are written on it.
MAP = """() => {
  const models = [...Bokeh.documents[0]._all_models.values()]
  const plot = models.find(m => m.title?.text === "answer at each point")
  const image = plot?.renderers.find(r => r.glyph?.type === "Image")
  const text = plot?.renderers.find(r => r.glyph?.type === "Text")
  return image?.visible ? [...text.data_source.data.name] : []
}"""


def test_what_was_trained_on_the_model_is_tuned_on_the_chip(bench):
    page = bench.page
    bench.open_tool("Train")
    ready(bench)
    for name in ("training samples", "validation samples", "test samples"):
        type_in(bench, name, 600)
    type_in(bench, "epochs", 2)
    bench.settled()
    button(bench, "Start").click()
    assert "Undo takes them out" in said(bench, "of the test samples", 120)
    wait_until(lambda: set(page.evaluate(MAP)) <= {"yin", "yang", "dot"}, 30)
    assert page.evaluate(MAP)

    button(bench, "Settings").click()
    page.get_by_role("combobox", name="train on").select_option("chip")
    type_in(bench, "epochs", 1)
    bench.settled()
    button(bench, "Start").click()
    said(bench, "epoch 1 of 1", 120)
    text = said(bench, "(?s)epoch 1 of 1.*of the test samples", 300)
    assert float(re.search(r"([\d.]+)% of the test", text)[1]) > 45  # chance is 33

import pytest

from workbench.views.select import Select


@pytest.mark.parametrize("options", [["a", "b"], {"first": 1, "second": 2}])
def test_a_choice_that_exists_is_taken(options):
    select = Select(options=options)
    chosen = list(options)[1]
    select._process_events({"value": chosen})
    assert select.value == (options[chosen] if isinstance(options, dict) else chosen)


def test_a_choice_that_is_gone_is_dropped():
    select = Select(options=["a", "b"], value="a")
    select.options = ["a", "renamed"]
    select._process_events({"value": "b"})  # the browser was late
    assert select.value == "a"

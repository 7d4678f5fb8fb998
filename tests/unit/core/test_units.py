import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.units import CYCLE, display_unit, format_quantity, us


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (8e-6, "s", "8 µs"),
        (0.11, "s", "110 ms"),
        (0.1 + 0.01, "s", "110 ms"),
        (2.0, "s", "2 s"),
        (1500.0, "s", "1500 s"),
        (1e-3, "s", "1 ms"),
        (8e-9, "s", "8 ns"),
        (1e-10, "s", "0.1 ns"),
        (-5e-6, "s", "-5 µs"),
        (0.0, "s", "0 s"),
        (0, "s", "0 s"),
        (12.3456e-6, "s", "12.3 µs"),
        (39_200.0, "Hz", "39.2 kHz"),
        (5e3, "Hz", "5 kHz"),
        (999.0, "Hz", "999 Hz"),
        (0.0, "Hz", "0 Hz"),
        (5000, "", "5000"),
        (123_456.0, "", "123456"),
        (125.0, "LSB", "125 LSB"),
        (0.12345, "model", "0.123 model"),
    ],
)
def test_a_quantity_is_printed_as_a_person_writes_it(value, unit, text):
    assert format_quantity(value, unit) == text


def test_fewer_digits_can_be_asked_for():
    assert format_quantity(0.012345, "s", 2) == "12 ms"


@given(st.floats(1e-8, 1e4))
def test_times_are_never_printed_in_scientific_notation(value):
    assert "e" not in format_quantity(value, "s").removesuffix(" s")


@given(st.floats(1e-8, 900))
def test_a_printed_time_is_right_to_its_digits(value):
    number, unit = format_quantity(value, "s").split()
    size = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    # three significant digits: half of the last one, relative to the first
    assert float(number) * size == pytest.approx(value, rel=0.5e-2)


def test_people_read_times_in_microseconds():
    assert display_unit("s") == ("µs", us)


@pytest.mark.parametrize("unit", ["", "LSB", "Hz", "model", "code"])
def test_other_units_are_shown_as_they_are(unit):
    assert display_unit(unit) == (unit, 1.0)


def test_a_cycle_of_the_chip_is_eight_nanoseconds():
    assert pytest.approx(8e-9, rel=1e-12) == CYCLE

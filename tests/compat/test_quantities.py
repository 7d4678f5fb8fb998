"""Arrays with a unit."""

import copy
import importlib
import pickle
import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compat import quantities as pq
from core.errors import HXError, ParameterError

A = np.array([1.0, 2.0, 3.0]) * pq.us
#: What a script writes, its numbers and its unit; None is an array without one.
EXPRESSIONS = {
    "8 * pq.us": (8, "us"),
    "[1, 2] * pq.us": ([1, 2], "us"),
    "A + 5 * pq.ns": ([1.005, 2.005, 3.005], "us"),
    "1 * pq.ms - A[0]": (0.999, "ms"),
    "2 * A / 4": ([0.5, 1, 1.5], "us"),
    "-abs(A)": ([-1, -2, -3], "us"),
    "1 * pq.ms / pq.us": (1000, "dimensionless"),
    "1 / A[1]": (0.5, "MHz"),
    "(1 / A[1]).rescale('Hz')": (500_000, "Hz"),
    "2 * pq.us * (3 * pq.kHz)": (0.006, "dimensionless"),
    "(3 * pq.nA * (2 * pq.us) / (2 * pq.pF)).rescale('mV')": (3, "mV"),
    "(A * pq.mV).simplified": ([1e-9, 2e-9, 3e-9], "s*V"),
    "A.rescale(pq.ms)": ([0.001, 0.002, 0.003], "ms"),
    "A.mean()": (2, "us"),
    "np.median(A)": (2, "us"),
    "A.sum()": (6, "us"),
    "A[:2].std()": (0.5, "us"),
    "np.sqrt(A[1] ** 2)": (2, "us"),
    "max(A)": (3, "us"),
    "sum(A, 0 * pq.us)": (6, "us"),
    "np.clip(A, 2 * pq.us, None)": ([2, 2, 3], "us"),
    "np.where(A < 2 * pq.us, 5 * pq.ns, A)": ([5, 2000, 3000], "ns"),
    "np.concatenate([A, [1] * pq.ms])": ([1, 2, 3, 1000], "us"),
    "np.stack([A[:1], A[:1]])": ([[1], [1]], "us"),
    "np.repeat(A[1:], 2).reshape(2, 2)": ([[2, 2], [3, 3]], "us"),
    "pq.Quantity(A, 'ns')": ([1000, 2000, 3000], "ns"),
    "pq.Quantity(5, '1/s')": (5, "Hz"),
    "pq.Quantity(5, 'mV/us')": (5, "mV/us"),
    "A.units * 2": (2, "us"),
    "np.exp(-A[1] / (1 * pq.us))": (np.exp(-2), None),
    "A // (2 * pq.us)": ([0, 1, 1], None),
    "A == 2 * pq.us": ([False, True, False], None),
    "A == 2": ([False, False, False], None),
    "A != 2": ([True, True, True], None),
    "A >= 2000 * pq.ns": ([False, True, True], None),
    "np.isnan(A)": ([False, False, False], None),
    "np.asarray(A)": ([1, 2, 3], None),
    "pq.Quantity([5 * pq.us, 6 * pq.ms], 'ms')": ([0.005, 6], "ms"),
    "pq.Quantity([[5 * pq.ns], (6 * pq.us,)])": ([[5], [6000]], "ns"),
    "A + [5 * pq.ns, 6 * pq.us, 0 * pq.s]": ([1.005, 8, 3], "us"),
    "np.full_like(A, 5 * pq.ms)": ([5000, 5000, 5000], "us"),
    "np.zeros_like(A)": ([0, 0, 0], "us"),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_arithmetic_keeps_the_unit(text):
    numbers, unit = EXPRESSIONS[text]
    result = eval(text, {"A": A, "np": np, "pq": pq})  # noqa: S307, text of this file
    # A conversion and an operation round once each.
    np.testing.assert_allclose(np.asarray(result), numbers, rtol=1e-14)
    if unit is None:
        assert not isinstance(result, pq.Quantity)
    else:
        assert (result.dimensionality.string, str(result.units)) == (
            unit,
            f"1.0 {unit}",
        )


WRONG = {
    "A + 1": 'Unable to convert between units of "dimensionless" and "us"',
    "A < 1": 'Unable to convert between units of "dimensionless" and "us"',
    "A.rescale('V')": 'Unable to convert between units of "us" and "V"',
    "np.exp(A)": 'Unable to convert between units of "us" and "dimensionless"',
    "np.concatenate([A, [1]])": 'units of "dimensionless" and "us"',
    "A.__setitem__(0, 5)": 'units of "dimensionless" and "us"',
    "A.fill(5)": 'units of "dimensionless" and "us"',
    "A.__setitem__([0, 1], [5 * pq.us, 6])": 'units of "dimensionless" and "us"',
    "np.copyto(A, 5 * pq.V)": 'units of "V" and "us"',
    "A.rescale('usec')": "Unable to parse units: \"usec\". Did you mean 'us'?",
}


@pytest.mark.parametrize("text", WRONG)
def test_units_that_do_not_fit_are_refused(text):
    kind = LookupError if "parse" in WRONG[text] else ParameterError
    with pytest.raises(kind) as caught:
        eval(text, {"A": A.copy(), "np": np, "pq": pq})  # noqa: S307, text of this file
    assert isinstance(caught.value, HXError)
    assert WRONG[text] in str(caught.value)


TIMES = st.floats(1e-3, 1e3)
PREFIXES = st.sampled_from(["s", "ms", "us", "ns"])


@given(TIMES, PREFIXES, TIMES, PREFIXES)
def test_a_sum_is_the_same_in_seconds_in_either_order(a, unit_a, b, unit_b):
    one, two = pq.Quantity(a, unit_a), pq.Quantity(b, unit_b)
    seconds = one.rescale("s").magnitude + two.rescale("s").magnitude
    # Two conversions and a sum of positive numbers round four times at most.
    for total in (one + two, two + one):
        np.testing.assert_allclose(total.rescale("s").magnitude, seconds, rtol=1e-15)


def test_assignment_converts_and_writes_through():
    array = np.zeros((2, 3)) * pq.us
    array[0][1:] = 0.5 * pq.ms
    assert array.magnitude.tolist() == [[0, 500, 500], [0, 0, 0]]
    array.magnitude[1] = 7
    assert array[1, 2] == 7 * pq.us


def test_operators_in_place_keep_or_change_the_unit():
    array = A.copy()
    same = array
    array += 1 * pq.ms
    array *= 2
    assert array.magnitude.tolist() == [2002, 2004, 2006]
    array /= pq.us
    assert str(same.dimensionality) == str(array.dimensionality) == "dimensionless"
    assert str(A.dimensionality) == "us"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]
)
def test_copies_keep_the_unit(copied):
    other = copied(A)
    other[0] = 9 * pq.us
    assert (other[0], A[0]) == (9 * pq.us, 1 * pq.us)


def test_units_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        pq.us[...] = 5 * pq.ms


def test_a_quantity_prints_with_its_unit():
    time = 8 * pq.us
    assert (repr(time), str(time), f"{time:.2f}") == (
        "array(8.) * us",
        "8.0 us",
        "8.00 us",
    )


#: What asks for a number, and the number that it gets, as from the package.
STRIPPED = {
    "float(8.5 * pq.us)": 8.5,
    "int(8.5 * pq.us)": 8,
    "complex(8 * pq.us)": 8,
    "'%g' % (8 * pq.us)": "8",
    "np.array([5 * pq.us, 6 * pq.us])": [5, 6],
    "np.array([[5 * pq.us], [6 * pq.us]], np.float32)": [[5], [6]],
    "np.full(2, 5 * pq.us, float)": [5, 5],
    "np.mean([5 * pq.us, 6 * pq.us])": 5.5,
}


@pytest.mark.parametrize("text", STRIPPED)
def test_a_unit_is_not_dropped_in_silence(text):
    with pytest.warns(pq.UnitStrippedWarning, match="is dropped. For numbers take"):
        result = eval(text, {"np": np, "pq": pq})  # noqa: S307, text of this file
    np.testing.assert_array_equal(result, STRIPPED[text])


def test_the_warning_names_the_line_that_drops_the_unit():
    with pytest.warns(pq.UnitStrippedWarning, match=r"unit of 8\.0 us") as caught:
        float(8 * pq.us)
    assert caught[0].filename == __file__


def test_what_has_no_unit_is_a_number():
    assert float(1 * pq.ms / pq.us) == 1000
    assert int((8 * pq.us).magnitude) == 8


#: Ways to write 5 ns into the first two of three times.
WRITES = [
    "a[:2] = 5 * pq.ns",
    "a[:2] = [5 * pq.ns, 0.005 * pq.us]",
    "a[:2].fill(5 * pq.ns)",
    "a.put([0, 1], 5 * pq.ns)",
    "np.put(a, [0, 1], [5 * pq.ns])",
    "np.copyto(a, 5 * pq.ns, where=[True, True, False])",
    "np.copyto(a, src=5 * pq.ns, where=[True, True, False])",
    "np.putmask(a, [True, True, False], 5 * pq.ns)",
    "np.place(a, [True, True, False], [5 * pq.ns])",
]


@pytest.mark.parametrize("line", WRITES)
def test_what_is_written_is_converted(line):
    scope = {"a": A.copy(), "np": np, "pq": pq}
    exec(line, scope)  # noqa: S102, text of this file
    # A conversion rounds once.
    np.testing.assert_allclose(scope["a"].magnitude, [0.005, 0.005, 3], rtol=1e-15)


def test_the_diagonal_is_converted():
    square = np.zeros((2, 2)) * pq.us
    np.fill_diagonal(square, 1 * pq.ms)
    assert square.magnitude.tolist() == [[1000, 0], [0, 1000]]


def test_an_installed_package_is_preferred(monkeypatch):
    installed = ModuleType("quantities")
    monkeypatch.setitem(sys.modules, "quantities", installed)
    assert pq.package() is installed


def test_a_package_that_cannot_be_imported_is_replaced(monkeypatch, tmp_path):
    (tmp_path / "quantities.py").write_text("import numpy\nnumpy.no_such_name\n")
    monkeypatch.delitem(sys.modules, "quantities", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert pq.package() is pq

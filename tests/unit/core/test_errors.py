import pytest

from core import errors
from core.errors import HXError, NetworkError, Problem, did_you_mean

TREE = {
    "ParameterError": ValueError,
    "ShapeError": ValueError,
    "NetworkError": ValueError,
    "PlacementError": RuntimeError,
    "RoutingError": RuntimeError,
    "CalibrationError": RuntimeError,
    "ConversionError": ValueError,
    "NotEmulatedError": NotImplementedError,
}


def test_an_error_says_where_what_and_how_to_fix_it():
    error = HXError("chip", "it is full.", "Use fewer neurons.")
    assert str(error) == "chip: it is full. Use fewer neurons."
    assert error.problems == (Problem("chip", "it is full.", "Use fewer neurons."),)


def test_a_problem_without_a_fix_ends_with_the_fact():
    assert str(Problem("chip", "it is full.")) == "chip: it is full."


def test_a_problem_stops_a_run_unless_it_is_a_note():
    assert Problem("a", "b").severity == "error"


def test_one_error_lists_all_problems():
    problems = [Problem("a", "is wrong."), Problem("b", "too.", "Fix it.")]
    error = NetworkError.of(iter(problems))
    assert isinstance(error, NetworkError)
    assert error.problems == tuple(problems)
    assert str(error) == "a: is wrong.\nb: too. Fix it."


@pytest.mark.parametrize(("name", "builtin"), TREE.items())
def test_scripts_that_catch_the_builtin_catch_ours(name, builtin):
    kind = getattr(errors, name)
    assert issubclass(kind, HXError)
    assert issubclass(kind, builtin)


def test_a_near_miss_is_offered():
    assert did_you_mean("hiden", ["input", "hidden"]) == " Did you mean 'hidden'?"


def test_nothing_is_offered_for_a_name_unlike_any_other():
    assert did_you_mean("zzz", iter(["input", "hidden"])) == ""

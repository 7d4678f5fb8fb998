"""What `hxtorch` and the loggers do beside `hxtorch.spiking`."""

import logging
import re

import pytest
import torch

from core import connection
from core.compat import hxtorch, pylogging
from core.compat.dlens import hxcomm


@pytest.fixture
def disconnected(monkeypatch):
    monkeypatch.setattr(connection, "_present", False)


@pytest.fixture
def unconfigured():
    yield
    pylogging.reset()


@pytest.mark.parametrize(
    "open_it",
    [
        hxtorch.init_hardware,
        hxtorch.init_hardware_minimal,
        lambda: hxtorch.init_hardware(hxtorch.HWDBPath("x", "y"), True),
        lambda: hxtorch.init_hardware(hwdb_path=None, ann=False),
        lambda: hxtorch.init_hardware(hxtorch.CalibrationPath(__file__)),
        lambda: hxtorch.init_hardware(
            calibration_path=hxtorch.CalibrationPath(__file__)
        ),
    ],
)
def test_the_hardware_is_opened_twice_and_released_once(open_it, disconnected):
    open_it()
    open_it()
    assert connection.present()
    hxtorch.release_hardware()
    hxtorch.release_hardware()
    assert not connection.present()


def test_a_calibration_that_cannot_be_read_is_named(disconnected):
    with pytest.raises(RuntimeError, match="Failed to open calibration at no/file"):
        hxtorch.init_hardware(hxtorch.CalibrationPath("no/file"))
    assert not connection.present()


def test_the_paths_are_values():
    assert hxtorch.HWDBPath() == hxtorch.HWDBPath(None, "stable/latest")
    assert hxtorch.CalibrationPath("a") != hxtorch.CalibrationPath("b")


def test_there_is_always_a_chip(disconnected):
    assert hxtorch.get_unique_identifier()
    assert hxtorch.get_unique_identifier() == hxtorch.get_unique_identifier(None)


def test_a_managed_connection_closes_what_it_opened(disconnected):
    with hxcomm.ManagedConnection():
        assert connection.present()
    assert not connection.present()
    connection.open()
    with hxcomm.ManagedConnection():
        pass
    assert connection.present()


@pytest.mark.parametrize("level", pylogging.LogLevel)
@pytest.mark.parametrize("form", [str.upper, str.lower])
def test_arguments_of_a_logger_are_put_together(level, form, unconfigured, capsys):
    pylogging.default_config(level=pylogging.LogLevel.TRACE)
    log = pylogging.get("a.b")
    getattr(log, form(level.name))("x ", torch.tensor(3), " 100 % {} ", torch, None)
    shown = capsys.readouterr().err
    assert re.match(rf"{level.name} +\d\d:\d\d:\d\d,\d\d\d a\.b x tensor\(3\) ", shown)
    assert "100 % {} <module 'torch'" in shown
    assert shown.endswith("None\n")


def test_levels_hide_what_is_less_grave(unconfigured, capsys):
    pylogging.default_config(level=pylogging.WARN)
    log = pylogging.get("a")
    log.INFO("hidden")
    log.WARN("shown")
    pylogging.set_loglevel(log, pylogging.LogLevel.DEBUG)
    log.DEBUG("now shown")
    pylogging.set_loglevel(pylogging.get_root(), pylogging.FATAL)
    pylogging.get("b").ERROR("hidden again")
    words = capsys.readouterr().err
    assert "hidden" not in words
    assert "a shown" in words
    assert "a now shown" in words


def test_log_lines_can_go_to_a_file(tmp_path, unconfigured, capsys):
    path = tmp_path / "log"
    pylogging.default_config(fname=str(path), print_location=True)
    pylogging.get("a").INFO("one")
    pylogging.default_config(fname=str(path), dual=True)
    pylogging.get("a").INFO("two")
    pylogging.reset()
    pylogging.get("a").INFO("three")
    assert [line.split()[-1] for line in path.read_text().splitlines()] == [
        "one",
        "two",
    ]
    assert capsys.readouterr().err.split()[-1] == "two"


def test_an_argument_is_not_formatted_for_nothing(unconfigured):
    class Expensive:
        def __str__(self):
            raise AssertionError

    pylogging.default_config(level=pylogging.ERROR)
    pylogging.get("a").INFO(Expensive())


def test_loggers_of_scripts_do_not_mix_with_others(unconfigured, capsys):
    pylogging.default_config(level=pylogging.TRACE)
    logging.getLogger("core.chip").info("a stage")
    assert capsys.readouterr().err == ""

import pytest

from core import connection
from core.errors import HXError


@pytest.fixture(autouse=True)
def as_found(monkeypatch):
    monkeypatch.setattr(connection, "required", connection.required)
    monkeypatch.setattr(connection, "_present", False)


def test_a_plain_program_needs_no_connection():
    connection.check()
    assert not connection.required


def test_where_one_is_required_a_missing_connection_is_named():
    connection.required = True
    with pytest.raises(RuntimeError, match=r"No connection present\.") as caught:
        connection.check()
    assert isinstance(caught.value, HXError)
    assert "init_hardware()" in str(caught.value)


def test_an_open_connection_is_enough():
    connection.required = True
    connection.open()
    connection.check()
    assert connection.present()


def test_opening_twice_needs_closing_once():
    connection.open()
    connection.open()
    connection.close()
    assert not connection.present()


def test_closing_without_a_connection_does_nothing():
    connection.close()
    assert not connection.present()

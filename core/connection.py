"""The open connection to the emulated chip.

A plain program needs none. Programs written for the real chip open one before their
first run; where one is `required` (the launcher of such programs sets it), a run on the
chip without it is an error, as it is on the real system.

>>> from core import connection
>>> connection.open()
>>> connection.present()
True
>>> connection.close()
>>> connection.present()
False
"""

from core.errors import HXError

#: Whether a run on the chip needs an open connection.
required: bool = False

_present: bool = False


class NoConnectionError(HXError, RuntimeError):
    """A run on the chip needs an open connection, there is none."""


def open() -> None:
    """Open the connection; nothing happens if it is open."""
    global _present
    _present = True


def close() -> None:
    """Close the connection; nothing happens if there is none."""
    global _present
    _present = False


def present() -> bool:
    """Return whether the connection is open."""
    return _present


def check() -> None:
    """Raise if a connection is required and there is none.

    :raises NoConnectionError: if so
    """
    if required and not _present:
        raise NoConnectionError(
            "hardware",
            "No connection present.",
            "Call hxtorch.init_hardware() before the run, or use mock=True.",
        )

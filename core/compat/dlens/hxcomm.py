"""Stand-in of `hxcomm`: the connection as a context."""

from typing import Any

from core import connection


class ManagedConnection:
    """Opens the connection to the emulated chip, and closes it if it opened it."""

    def __init__(self) -> None:
        self._was_open = False

    def __enter__(self) -> "ManagedConnection":
        self._was_open = connection.present()
        connection.open()
        return self

    def __exit__(self, *error: Any) -> None:
        if not self._was_open:
            connection.close()

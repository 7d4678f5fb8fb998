"""Stand-in of `pylogging`: loggers whose arguments are put together.

Its loggers are those of Python below ``pylogging``, so they do not mix with others.

>>> log = get("training")
>>> log.INFO("epoch ", 3, ", loss ", 0.25)  # nothing is shown before default_config
"""

import logging
from enum import IntEnum
from typing import Any

_ROOT = "pylogging"


class LogLevel(IntEnum):
    """How grave a message is."""

    TRACE = 5
    DEBUG = logging.DEBUG
    INFO = logging.INFO
    WARN = logging.WARNING
    ERROR = logging.ERROR
    FATAL = logging.CRITICAL


TRACE = LogLevel.TRACE
DEBUG = LogLevel.DEBUG
INFO = LogLevel.INFO
WARN = LogLevel.WARN
ERROR = LogLevel.ERROR
FATAL = LogLevel.FATAL


class Logger:
    """A logger; each method takes any objects and puts their texts together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log: logging.Logger = logging.getLogger(
            f"{_ROOT}.{name}" if name else _ROOT
        )

    def _write(self, level: LogLevel, parts: tuple[object, ...]) -> None:
        if self.log.isEnabledFor(level):
            text = "".join(str(part) for part in parts)
            labels = {"level": level.name, "origin": self.name}
            self.log.log(level, "%s", text, extra=labels)

    def TRACE(self, *parts: object) -> None:
        self._write(LogLevel.TRACE, parts)

    def DEBUG(self, *parts: object) -> None:
        self._write(LogLevel.DEBUG, parts)

    def INFO(self, *parts: object) -> None:
        self._write(LogLevel.INFO, parts)

    def WARN(self, *parts: object) -> None:
        self._write(LogLevel.WARN, parts)

    def ERROR(self, *parts: object) -> None:
        self._write(LogLevel.ERROR, parts)

    def FATAL(self, *parts: object) -> None:
        self._write(LogLevel.FATAL, parts)

    trace, debug, info, warn, error, fatal = TRACE, DEBUG, INFO, WARN, ERROR, FATAL

    def __repr__(self) -> str:
        return f"Logger({self.name!r})"


def get(name: str) -> Logger:
    """Return the logger ``name``; parts of a name are separated by dots."""
    return Logger(name)


def get_root() -> Logger:
    """Return the logger that all others belong to."""
    return Logger("")


def set_loglevel(logger: Logger, level: int) -> None:
    """Show messages of ``logger`` that are at least as grave as ``level``."""
    logger.log.setLevel(level)


def reset() -> None:
    """Forget the configuration."""
    root = logging.getLogger(_ROOT)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.propagate = True
    for name in (_ROOT, *logging.root.manager.loggerDict):
        if name == _ROOT or name.startswith(f"{_ROOT}."):
            logging.getLogger(name).setLevel(logging.NOTSET)


def default_config(
    level: int = INFO, fname: str = "", dual: bool = False, **layout: Any
) -> None:
    """Show messages that are at least as grave as ``level``.

    :param fname: file to write them to; empty writes to standard error
    :param dual: write to both
    :param layout: accepted, the layout of the lines is fixed
    """
    reset()
    root = logging.getLogger(_ROOT)
    handlers: list[logging.Handler] = [logging.FileHandler(fname)] if fname else []
    if dual or not fname:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(
            logging.Formatter(
                "%(level)-5s %(asctime)s,%(msecs)03d %(origin)s %(message)s",
                datefmt="%H:%M:%S",
            )
        )
        root.addHandler(handler)
    root.setLevel(level)
    root.propagate = False

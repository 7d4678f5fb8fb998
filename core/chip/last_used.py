"""A memory of the last results of a computation."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from core.spec.fields import fingerprint

T = TypeVar("T")


class LastUsed(Generic[T]):
    """Remembers the last results by the fingerprint of what they depend on."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, T] = OrderedDict()
        self._lock = Lock()

    def recall(self, arguments: object, compute: Callable[[], T]) -> T:
        """Return what belongs to ``arguments``, computed if it is not known."""
        key = fingerprint(arguments)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        result = compute()
        with self._lock:
            self._known[key] = result
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return result

    def known(self, arguments: object) -> T | None:
        """Return what belongs to ``arguments`` if it is remembered, else None."""
        with self._lock:
            return self._known.get(fingerprint(arguments))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()

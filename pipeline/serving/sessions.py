"""Who is logged in: names that nobody can guess, kept in memory, for half a day."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable

LASTS_S = 12 * 3600
_MOST = 1_000


class Sessions:
    """In one event loop. A listener that is started again knows none of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()
        """By the hash of the name: nobody who reads the memory by chance gets in."""

    def begin(self) -> str:
        """The name of a new session."""
        name = secrets.token_urlsafe(32)
        self._until[_hash(name)] = self._clock() + LASTS_S
        if len(self._until) > _MOST:
            self._until.popitem(last=False)
        return name

    def is_open(self, name: str) -> bool:
        return self._clock() < self._until.get(_hash(name), 0.0)

    def end(self, name: str) -> None:
        self._until.pop(_hash(name), None)


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()

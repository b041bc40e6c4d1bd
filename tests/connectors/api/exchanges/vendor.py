"""What the fake servers of cloud exchanges share: a clock, errors to answer with, and a department's story to play."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from department.calls import SimulatedCall
from department.people import Salesperson

Answer = tuple[int, Any]
"""(status, body): bytes and texts as they are, else JSON. Status 0: nobody answers."""
MANAGED = 2
"""Extensions of a manager: a desk and a softphone."""


class Vendor(ABC):
    """One account. `happens` puts a call that has ended into it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.staff: list[Salesperson] = []
        self.errors: list[Answer] = []
        """What the next requests are answered with."""
        self.asked: list[tuple[str, str]] = []
        """(path or method, query or body) of each request, without the credential."""
        self.refused = 0
        """Requests above the limit."""
        self.is_away = False
        self._recent: dict[str, list[datetime]] = {}

    @abstractmethod
    def happens(self, call: SimulatedCall) -> None: ...

    @abstractmethod
    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer: ...

    def users(self) -> list[tuple[str, str, str]]:
        """(id of the user, extension, manager's id): each extension is a user of its own."""
        return [
            (f"{number}{index}", extension, manager.id)
            for number, manager in enumerate(self.staff, 1)
            for index, extension in enumerate(manager.extensions)
        ]

    def name_of(self, user: str) -> str:
        return next(one.name for one in self.staff if any(u == user and m == one.id for u, _, m in self.users()))

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.is_away:
            return 0, b""
        status, found = self.errors.pop(0) if self.errors else self.respond(method, path, query, headers, body)
        if isinstance(found, bytes):
            return status, found
        return status, found.encode() if isinstance(found, str) else json.dumps(found, ensure_ascii=False).encode()

    def is_too_fast(self, group: str, most: int, within: timedelta) -> bool:
        """Counts a request; more than so many within that time are refused."""
        now = self.clock()
        recent = self._recent[group] = [at for at in self._recent.get(group, []) if now - at < within]
        if len(recent) >= most:
            self.refused += 1
            return True
        recent.append(now)
        return False

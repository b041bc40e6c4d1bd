"""A command that a stack runs by itself once a day, as a process of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_FIRST_S = 60.0
_DAY_S = 86_400.0


class Daily:
    """Starts it a minute after the stack, then each day; never twice at a time. For one thread."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        logs: Path,
        env: Mapping[str, str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._log = logs / f"{name}.log"
        self._env = dict(env)
        self._monotonic = monotonic
        self._next = monotonic() + _FIRST_S
        self._process: subprocess.Popen[bytes] | None = None

    def tick(self) -> str:
        """Start it when it is due. What a person should know of the last run; "" when that is nothing."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            if code:
                return f"{self.name} ended with {code}: see {self._log}"
        if self._process is None and self._monotonic() >= self._next:
            self._next = self._monotonic() + _DAY_S
            with self._log.open("ab") as output:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._env
                )
        return ""

    def stop(self) -> None:
        """End it: the next run goes on."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None

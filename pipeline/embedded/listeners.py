"""What a stack runs beside its parts: a process for each `[listen.NAME]` of callfunnel.toml, and that of warnings."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.embedded.part import StackPart

REFUSED = 2
"""The exit code of a command that cannot go on: somebody must mend something first."""
_AGAIN_S = 5.0
_REFUSED_AGAIN_S = 900.0
"""A credential that a vendor refuses is not tried often: some block who does."""
_STOPS_S = 45.0
"""A listener that is asked to end waits until what it has taken is stored."""


def listener_command(name: str, data: Path) -> list[str]:
    where = ["--data", str(data), "--state", str(data / "listen")]
    return [sys.executable, "-m", "pipeline.cli", "listen", "api", name, *where]


def watch_command(data: Path) -> list[str]:
    where = ["--data", str(data), "--state", str(data / "warnings")]
    return [sys.executable, "-m", "pipeline.cli", "alerts", "watch", *where]


class _Helper:
    def __init__(self, title: str, part: StackPart) -> None:
        self.title = title
        self.part = part
        self.again_at = 0.0
        self.is_down = False


class Listeners:
    """Starts them, and starts again what ended; never raises. For one thread."""

    def __init__(
        self,
        names: Iterable[str],
        data: Path,
        env: Mapping[str, str],
        *,
        command: Callable[[str, Path], Sequence[str]] = listener_command,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._env = env
        logs = self._logs = data / "logs"
        self._all: list[_Helper] = []
        for name in names:
            part = StackPart(f"listen-{name}", command(name, data), logs=logs, env=env, ready=lambda: True)
            self._all.append(_Helper(f"listen api {name}", part))

    def add(self, title: str, command: Sequence[str]) -> None:
        """Another process, before they are started: the command that it runs is `callfunnel TITLE`."""
        name = title.replace(" ", "-")
        part = StackPart(name, command, logs=self._logs, env=self._env, ready=lambda: True)
        self._all.append(_Helper(title, part))

    def start(self) -> None:
        for one in self._all:
            one.part.start()

    def tick(self) -> list[str]:
        """Start again what is due; what a person should know."""
        return [news for one in self._all if (news := self._tend(one))]

    def stop(self) -> None:
        """Ask each to end, and wait until what it has taken is stored."""
        for one in self._all:
            one.part.stop(_STOPS_S)

    def _tend(self, one: _Helper) -> str:
        if one.part.is_running:
            return ""
        now = self._monotonic()
        if not one.is_down:
            one.is_down = True
            pause_s = _REFUSED_AGAIN_S if one.part.exit_code == REFUSED else _AGAIN_S
            one.again_at = now + pause_s
            return (
                f"{one.title} stopped: {one.part.last_log_line().removeprefix('callfunnel: ')};"
                f" it is started again in {pause_s:.0f} s (log: {one.part.log})"
            )
        if now >= one.again_at:
            one.is_down = False
            one.part.start()
        return ""

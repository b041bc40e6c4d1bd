"""One supervised process of the stack: started, watched, started again, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from schemas.errors import Terminal
from schemas.private_files import private_opener

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_LOG_BYTES = 20 << 20
_QUICK_S = 10.0
_MOST_QUICK_DEATHS = 5
_WORST_PAUSE_S = 5.0


def _end_with_parent(parent: int) -> None:
    """In the child: a kill -9 of the supervisor must not leave a broker or an engine behind (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before prctl
            os._exit(1)


_STATES = {"T": "stopped", "t": "stopped", "D": "waiting for a disk or mount", "Z": "dead", "R": "running"}


def process_state(pid: int) -> str:
    """What a process is doing, in a word: "stopped" by a signal, "sleeping"; "gone" when there is none."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return "gone"
    return _STATES.get(state, "sleeping")


def resident_bytes(pid: int) -> int | None:
    """Memory of a process; None when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


class StackPart:
    """A process, its log, and how often it died quickly. `ready` says whether it serves.

    `ready_file` is what the process makes for it: one of an earlier process is removed at each start.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        logs: Path,
        env: Mapping[str, str],
        ready: Callable[[], bool],
        ready_file: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._env = dict(env)
        self.log = logs / f"{name}.log"
        self._ready = ready
        self._ready_file = ready_file
        self._monotonic = monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._quick_deaths = 0
        self._again_at = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def serves(self) -> bool:
        """It runs and answers now."""
        return self.is_running and self._ready()

    @property
    def exit_code(self) -> int | None:
        """Of the process that was started last; None while it runs, below 0 when a signal ended it."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it. Only from a thread that lives as long as the part may: Linux kills it when that thread ends."""
        self._keep_log_small()
        if self._ready_file:
            self._ready_file.unlink(missing_ok=True)
        parent = os.getpid()
        with open(self.log, "ab", opener=private_opener) as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops parts in order
                preexec_fn=lambda: _end_with_parent(parent),
                umask=0o077,  # what it writes holds telephone numbers
            )
        self._started_at = self._monotonic()

    def wait_ready(self, within_s: float) -> None:
        """Return once it serves. Raises Terminal, with its last words, when it dies or takes too long."""
        until = self._monotonic() + within_s
        while not self._ready():
            if not self.is_running:
                raise Terminal(f"{self.name} stopped while starting: {self.last_log_line()} (log: {self.log})")
            if self._monotonic() > until:
                raise Terminal(
                    f"{self.name} did not answer within {within_s:.0f} s: {self.last_log_line()} (log: {self.log})"
                )
            time.sleep(0.05)

    def tend(self) -> bool:
        """Start it again if it died, after a pause that grows; True when it was.

        Raises Terminal when it keeps dying at once.
        """
        if self._process is None or self.is_running:
            return False
        now = self._monotonic()
        if not self._again_at:
            quick = now - self._started_at < _QUICK_S
            self._quick_deaths = self._quick_deaths + 1 if quick else 0
            if self._quick_deaths >= _MOST_QUICK_DEATHS:
                raise Terminal(f"{self.name} keeps stopping: {self.last_log_line()} (log: {self.log})")
            self._again_at = now + min(_WORST_PAUSE_S, 0.2 * 2**self._quick_deaths)
        if now < self._again_at:
            return False
        self._again_at = 0.0
        self.start()
        return True

    def kill(self) -> None:
        """SIGKILL, without waiting for its end: a process that waits for a disk ends when the disk answers."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def stop(self, within_s: float) -> None:
        """SIGTERM, and SIGKILL when that is not enough in time."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_log_line(self) -> str:
        """The last line of its log that says something."""
        try:
            lines = [
                line.strip() for line in self.log.read_text("utf-8", "replace")[-4000:].splitlines() if line.strip()
            ]
        except OSError:
            return "no log"
        return lines[-1] if lines else "it said nothing"

    def _keep_log_small(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            os.replace(self.log, self.log.with_suffix(".log.1"))

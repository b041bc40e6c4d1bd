"""A program in a pseudo-terminal, and what its user would see there."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pyte


class Terminal:
    """Starts a command as the foreground program of a terminal of its own."""

    def __init__(self, command: Sequence[str], *, columns: int, rows: int, cwd: Path, env: Mapping[str, str]) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=dict(env) | {"TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """The screen as it is now."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def colours(self) -> set[str]:
        """Colours of what is on the screen."""
        with self._lock:
            return {char.fg for row in self._screen.buffer.values() for char in row.values()} - {"default"}

    def resize(self, columns: int, rows: int) -> None:
        with self._lock:
            self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                seen = os.read(self._master, 65_536)
            except OSError:  # the last process of the terminal has ended
                return
            if not seen:
                return
            with self._lock:
                self._stream.feed(seen)

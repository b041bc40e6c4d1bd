"""The folder listener: each whole file is loaded, and moved away with a report beside it."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from connectors.folder.settling import FileSettling, Stamp, is_unfinished
from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.names import fitting, printable
from connectors.reading.opening import exists, move_into, no_links, oddity, open_folder, write_new
from schemas.errors import Terminal, Transient
from schemas.records import FeedState

log = logging.getLogger("callfunnel.listen")

DONE, REJECTED, ROWS = "done", "rejected", "rejected-rows"
BATCH_FILES = 50
_ROOM = 60
"""Bytes of a name for what is put behind it: the tag, .report.json."""
_LOOK_AGAIN_S = 2.0
"""While many files wait: how often to look for more of them."""


class LoadedFile(NamedTuple):
    """What became of one file."""

    path: Path
    accepted: bool
    """False when it could not be read, or was given up: it goes to rejected/."""
    report: bytes
    """For people, as JSON."""
    tag: str
    """Unlike any other's: a second file of the same name is told apart by it."""
    records: int = 0
    rejects: int = 0
    why: str = ""
    """Why it was refused; "" of a file that was loaded."""
    later: str = ""
    """Why nothing can be said of it now: it stays, and is tried again."""


class _Later(NamedTuple):
    """A file that is put off: as it was, why, until when."""

    stamp: Stamp | None
    why: str
    until: float
    backoff: Backoff


Load = Callable[[Sequence[Path]], Sequence[LoadedFile]]
"""Loads files, and returns when they are stored. Raises Transient (all of them again, later) or Terminal."""


class FolderListener:
    """Watches the files of one folder, not those of folders in it. Repeating a file after a crash changes nothing."""

    def __init__(
        self,
        folder: Path,
        load: Load,
        *,
        settle_s: float = 2.0,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._load = load
        self._settle_s = settle_s
        self._settling = FileSettling(settle_s)
        self._backoff = backoff or Backoff()
        self._monotonic = monotonic
        self._whole: deque[str] = deque()
        self._later: dict[str, _Later] = {}
        """Files of which nothing could be said yet."""
        self._looked_at = -_LOOK_AGAIN_S
        self._odd: dict[str, str] = {}
        """What is left alone, and why."""

    def run(self, queue: DeliveryQueue) -> None:
        while not queue.stopping.is_set():
            try:
                self._watch(queue)
            except (Transient, OSError) as error:
                if isinstance(error, OSError):
                    queue.state(FeedState.AWAY, f"{self._folder}: {error.strerror or error}")
                else:
                    queue.state(FeedState.AWAY, str(error))
                queue.wait(self._backoff.next_s())
            except Terminal:
                if queue.stopping.is_set():
                    return  # a load that was asked to end: its files are still there
                raise

    def _watch(self, queue: DeliveryQueue) -> None:
        """Look whenever something happens in the folder, and now and then, since shares do not tell."""
        for name in (DONE, REJECTED, ROWS):
            with contextlib.suppress(FileExistsError):
                (self._folder / name).mkdir(mode=0o700)
            self._target(name).close()
        self._round(queue)
        while not queue.stopping.is_set():
            # The watcher cannot tell a name that is not UTF-8, and ends with it: something happened all the same.
            with contextlib.suppress(WatchfilesRustInternalError):
                for _ in self._events(queue):
                    self._round(queue)
            self._round(queue)

    def _events(self, queue: DeliveryQueue) -> Iterator[object]:
        return watch(
            self._folder,
            watch_filter=None,
            recursive=False,
            stop_event=queue.stopping,
            rust_timeout=max(50, int(self._settle_s * 1000)),
            yield_on_timeout=True,
            raise_interrupt=False,
        )

    def _round(self, queue: DeliveryQueue) -> None:
        """Load everything that is whole by now."""
        self._look()
        queue.seen()
        queue.state(
            FeedState.LIVE, "; ".join(f"{name}: {later.why}" for name, later in sorted(self._later.items())[:3])
        )
        while self._whole and not queue.stopping.is_set():
            batch = [self._whole.popleft() for _ in range(min(BATCH_FILES, len(self._whole)))]
            self._settle([name for name in batch if self._stamp(name) == self._settling.stamp(name)], queue)
            if self._monotonic() - self._looked_at >= _LOOK_AGAIN_S:
                self._look()
                queue.seen()

    def _look(self) -> None:
        self._looked_at = self._monotonic()
        found, odd = {}, {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if is_unfinished(entry.name):
                    continue
                if (stamp := self._stamp(entry.name)) is not None:
                    found[entry.name] = stamp
                elif what := self._oddity(entry.name):
                    odd[entry.name] = what
        for name in odd.keys() - self._odd.keys():
            log.warning("%s: %s is left alone: it is %s", self._folder, printable(name), odd[name])
        self._odd = odd
        self._whole = deque(name for name in self._settling.look(found, self._looked_at) if self._is_due(name))
        self._later = {name: later for name, later in self._later.items() if name in found}

    def _stamp(self, name: str) -> Stamp | None:
        """Of a plain file with one name; None when it is gone, or something else."""
        try:
            is_ = (self._folder / name).lstat()
        except FileNotFoundError:
            return None
        return None if oddity(is_) else Stamp(is_.st_size, is_.st_mtime_ns, is_.st_ino)

    def _oddity(self, name: str) -> str:
        """Why something is left alone; "" for folders, and for what is gone."""
        try:
            is_ = (self._folder / name).lstat()
        except FileNotFoundError:
            return ""
        return "" if stat.S_ISDIR(is_.st_mode) else oddity(is_)

    def _target(self, name: str) -> FolderHandle:
        """done/, rejected/ or rejected-rows/, as it is now. Raises Terminal when it is a link."""
        try:
            with no_links():
                return FolderHandle(open_folder(self._folder / name))
        except FileNotFoundError:
            raise Transient(f"{self._folder / name} is gone: it is made anew") from None

    def _settle(self, names: Sequence[str], queue: DeliveryQueue) -> None:
        if not names:
            return
        for loaded in self._load([self._folder / name for name in names]):
            name = loaded.path.name
            if loaded.later:
                self._put_off(queue, name, loaded.later)
                continue
            self._later.pop(name, None)
            if self._stamp(name) != self._settling.stamp(name):
                log.warning("%s: %s changed while it was loaded; it is loaded again", queue.name, printable(name))
                continue
            target = self._move(loaded)
            queue.counted(loaded.records, loaded.rejects)
            outcome = loaded.why or f"{loaded.records:,} records, {loaded.rejects:,} rejects"
            where = printable(str(target.relative_to(self._folder)))
            log.info("%s: %s is in %s: %s", queue.name, printable(name), where, printable(outcome))
        self._backoff.succeeded()

    def _put_off(self, queue: DeliveryQueue, name: str, why: str) -> None:
        """Once more after a pause that grows; said once for each reason."""
        stamp = self._settling.stamp(name)
        known = self._later.get(name)
        backoff = known.backoff if known is not None and known.stamp == stamp else Backoff()
        if known is None or known.why != why:
            log.warning(
                "%s: %s: %s; it stays where it is, and is tried again", queue.name, printable(name), printable(why)
            )
        self._later[name] = _Later(stamp, why, self._monotonic() + backoff.next_s(), backoff)

    def _is_due(self, name: str) -> bool:
        later = self._later.get(name)
        return later is None or later.stamp != self._settling.stamp(name) or self._monotonic() >= later.until

    def _move(self, loaded: LoadedFile) -> Path:
        """The report first, then the file: a crash in between leaves a file that is loaded again."""
        into = DONE if loaded.accepted else REJECTED
        name = fitting(loaded.path.name, _ROOM)
        with self._target(into) as handle:
            if exists(handle, name):
                stem, suffix = os.path.splitext(name)
                name = f"{fitting(stem, 2 * _ROOM)}.{loaded.tag}{suffix}"
            write_new(handle, f"{name}.report.json", loaded.report)
            with (
                no_links(),
                contextlib.suppress(FileNotFoundError),
            ):  # somebody took it away: it was loaded all the same
                move_into(handle, loaded.path, name)
        return self._folder / into / name


class FolderHandle:
    """A handle of a folder: what is put there goes there, whatever its name leads to by then."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __enter__(self) -> int:
        return self._handle

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._handle)

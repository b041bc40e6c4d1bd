"""Dropped files, loaded as `load` does: the kind of each is recognised from the file."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from connectors.folder.listener import LoadedFile
from connectors.reading.names import as_text, printable
from connectors.reading.opening import no_links
from connectors.reading.source import Reading
from connectors.registry import CRM
from pipeline.clock import as_datetime, wall_clock
from pipeline.endpoints import Endpoints
from pipeline.loading.load import load
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, PreparedFile, prepare_all
from pipeline.loading.split_rejects import UnreadableFile
from pipeline.settings import Settings
from pipeline.storage_wait import Position
from pipeline.store import Store
from pipeline.transport import Stalled
from schemas.errors import CallfunnelError, Terminal, Transient

log = logging.getLogger("callfunnel.listen")

AUTO = "auto"
_ORDER = ("managers", "organisations", "stages", "calls")
"""What others refer to is sent first; the rest after that."""

Where = Callable[[], tuple[Endpoints, Store]]
"""The stack as it is now. Raises Transient when it is away."""


class _Quiet:
    """No progress is shown; `check` ends the load."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.check = check

    def reading(self, file: Path, reading: Reading) -> None:
        self.check()

    def storing(self, position: Position) -> None:
        self.check()

    def note(self, message: str) -> None:
        log.warning("%s", message)

    def waits(self, message: str) -> None:
        if message:
            log.warning("waiting: %s", message)


class DroppedFiles:
    """Loads batches of dropped files. A file that cannot be read is refused by itself; the others are loaded."""

    def __init__(self, options: LoadOptions, settings: Settings, where: Where, check: Callable[[], None]) -> None:
        """`options.kind` may be AUTO. `check` is called while loading, and raises Trouble to end it."""
        self._options = options
        self._settings = settings
        self._where = where
        self._check = check

    def __call__(self, paths: Sequence[Path]) -> list[LoadedFile]:
        """Only the parser's verdict refuses a file. Raises Transient or Terminal when nothing can be loaded now; what
        was sent may be sent again.
        """
        with no_links():
            return self._load_all(paths)

    def _load_all(self, paths: Sequence[Path]) -> list[LoadedFile]:
        files: list[tuple[Path, PreparedFile]] = []
        finished: list[LoadedFile] = []
        for path in paths:
            try:
                files += [(path, table) for table in self._prepared(path)]
            except FileNotFoundError:
                continue  # somebody took it away again
            except Terminal as verdict:
                if path.exists():
                    finished.append(_refused(path, str(verdict)))
            except (Transient, OSError) as error:
                finished.append(_later(path, str(error)))
            except Exception:
                finished.append(_unexplained(path))
        files.sort(key=lambda file: _rank(file[1].recognised.kind))
        return [*finished, *self._loaded(files)]

    def _prepared(self, path: Path) -> list[PreparedFile]:
        """The tables of a file, all of them: of an archive that holds anything else, nothing is loaded."""
        if self._options.kind != AUTO:
            return self._tables(path, self._options.kind)
        try:
            return self._tables(path, "")
        except Terminal as calls:
            found = {kind: tables for kind in CRM if (tables := self._tables_or_none(path, kind))}
            if len(found) == 1:
                return next(iter(found.values()))
            if found:
                raise Terminal(f"{path}: it may be a table of {' or '.join(found)}: load it with --kind") from None
            raise calls

    def _tables(self, path: Path, kind: str) -> list[PreparedFile]:
        tables = prepare_all(path, msgspec.structs.replace(self._options, kind=kind), self._settings)
        if tables.failed:
            raise Terminal("; ".join(tables.failed))
        return tables.prepared

    def _tables_or_none(self, path: Path, kind: str) -> list[PreparedFile]:
        try:
            return self._tables(path, kind)
        except Terminal:
            return []

    def _loaded(self, files: Sequence[tuple[Path, PreparedFile]]) -> list[LoadedFile]:
        """The outcome of each dropped file, of any kind."""
        if not files:
            return []
        try:
            endpoints, store = self._where()
            outcomes = load([table for _, table in files], endpoints, store, self._options, _Quiet(self._check))
        except Stalled as stalled:
            # The stack may be another by now, or a worker may come: the files are still there, and so is the listener.
            raise Transient(str(stalled)) from None
        except UnreadableFile as verdict:
            path = next(path for path, table in files if table.path == verdict.path)
            return [_refused(path, str(verdict)), *self._loaded([one for one in files if one[0] != path])]
        except CallfunnelError:
            raise
        except FileNotFoundError as error:
            raise Transient(f"{error.filename}: it was taken away while it was loaded") from None
        except Exception:
            if len({path for path, _ in files}) == 1:
                return [_unexplained(files[0][0])]
            apart = [[one for one in files if one[0] == path] for path in dict.fromkeys(path for path, _ in files)]
            return [loaded for tables in apart for loaded in self._loaded(tables)]
        by_file: dict[Path, list[Outcome]] = {}
        for (path, _), outcome in zip(files, outcomes, strict=True):
            by_file.setdefault(path, []).append(outcome)
        return [_loaded_file(path, of) for path, of in by_file.items()]


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _loaded_file(path: Path, outcomes: Sequence[Outcome]) -> LoadedFile:
    """What became of a dropped file: its outcome, or the outcomes of all that was in it."""
    outcome_or_outcomes = outcomes[0] if len(outcomes) == 1 else outcomes
    report = msgspec.json.format(msgspec.json.encode(outcome_or_outcomes), indent=2) + b"\n"
    rejected = sum(sum(outcome.rejected.values()) for outcome in outcomes)
    records = sum(outcome.records for outcome in outcomes)
    why = "; ".join(outcome.stopped for outcome in outcomes if outcome.stopped)
    return LoadedFile(path, not why, report, outcomes[0].import_id, records, rejected, why)


def _later(path: Path, why: str) -> LoadedFile:
    """Nothing is known of what it holds: it stays where it is."""
    return LoadedFile(path, False, b"", "", later=why.replace(f"{path}: ", "", 1))


def _unexplained(path: Path) -> LoadedFile:
    """A bug must not stop the files behind this one; and it says nothing of this one."""
    log.exception("%s: internal error", printable(str(path)))
    return _later(path, "internal error: see the log, and report it")


def _refused(path: Path, why: str) -> LoadedFile:
    refusal = {"file": as_text(str(path)), "refused": as_text(why)}
    report = msgspec.json.format(msgspec.json.encode(refusal), indent=2) + b"\n"
    return LoadedFile(path, False, report, _tag(), why=as_text(why.replace(f"{path}: ", "", 1)))


def _tag() -> str:
    return f"{as_datetime(wall_clock()):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"

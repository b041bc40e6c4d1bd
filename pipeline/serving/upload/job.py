"""A load that runs in a thread, as the page watches it; the same path as `callfunnel load`."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from connectors.reading.packed import label
from connectors.reading.source import Reading
from pipeline.endpoints import Endpoints
from pipeline.loading.load import load
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, PreparedFile
from pipeline.serving.upload.storage import Upload
from pipeline.storage_wait import Position
from pipeline.store import Store, texts
from schemas.errors import CallfunnelError, Terminal

log = logging.getLogger("callfunnel.listen")

Where = Callable[[], tuple[Endpoints, Store]]
"""The stack as it is now. Raises Trouble when it is away."""

_REJECTS = 100
_MOST_PAYLOAD = 500


class RejectSample(msgspec.Struct, frozen=True):
    """A rejected row, with its reason and place."""

    origin: str
    reason: str
    field: str
    detail: str
    payload: str


class Result(msgspec.Struct, frozen=True):
    """What became of one table of the file."""

    name: str
    outcome: Outcome
    rejects: list[RejectSample]
    """The first of them."""


class JobProgress(msgspec.Struct, frozen=True):
    """How far a load is. `state` is waiting, reading, storing, done or failed."""

    state: str = "waiting"
    rows: int = 0
    rate: float = 0.0
    """Rows a second."""
    share: float = 0.0
    message: str = msgspec.field(default="", name="words")
    """Why it failed, or is begun anew."""
    results: list[Result] = []


class Job:
    """Loads the tables of one upload once. `progress` may be read from any thread."""

    def __init__(self, upload: Upload, files: Sequence[PreparedFile], options: LoadOptions, where: Where) -> None:
        self.upload = upload
        self.progress = JobProgress()
        self.rejects: dict[str, Path] = {}
        """Files of rejected rows by the number of their table."""
        self._files = files
        self._options = msgspec.structs.replace(options, rejects=upload.rejects)
        self._where = where
        self._began = 0.0
        self._done_rows = 0
        self._reading: Path | None = None
        self._stopped = threading.Event()

    @property
    def is_over(self) -> bool:
        return self.progress.state in ("done", "failed")

    def stop(self) -> None:
        """It ends soon; what was sent is counted, and loading the file again finishes it."""
        self._stopped.set()

    def run(self) -> None:
        """Blocks until everything is stored, or says why it is not. The uploaded file is removed then."""
        self._began = time.monotonic()
        try:
            endpoints, store = self._where()
            outcomes = load(self._files, endpoints, store, self._options, self)
            results = [self._result(n, outcome, store) for n, outcome in enumerate(outcomes)]
            rows = sum(outcome.rows for outcome in outcomes)
            self.progress = JobProgress("done", rows, self._rate(rows), 1.0, "", results)
        except CallfunnelError as error:
            message = self.upload.hide_folder(f"{error}. Not everything is stored; loading the file again is safe")
            self._tell(state="failed", message=message)
        except Exception as error:  # a message may hold what was in the file: the log gets the place only
            log.error("upload: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            self._tell(state="failed", message="internal error: see the listener's log, and report it")
        finally:
            self.upload.path.unlink(missing_ok=True)

    # The progress that `load` reports.

    def check(self) -> None:
        if self._stopped.is_set():
            raise Terminal("stopped")

    def reading(self, file: Path, reading: Reading) -> None:
        self.check()
        if self._reading != file:
            self._done_rows = self.progress.rows if self._reading is not None else 0
            self._reading = file
        rows = self._done_rows + reading.rows
        share = reading.bytes_read / max(reading.bytes_total, 1)
        self._tell(state="reading", rows=rows, rate=self._rate(rows), share=min(share, 1.0))

    def storing(self, position: Position) -> None:
        self._tell(state="storing", share=position.consumed / max(position.there, 1))

    def note(self, message: str) -> None:
        self._reading, self._done_rows = None, 0
        self._tell(message=self.upload.hide_folder(message))

    def waits(self, message: str) -> None:
        self._tell(message=self.upload.hide_folder(message))

    def _tell(self, **changes: object) -> None:
        self.progress = msgspec.structs.replace(self.progress, **changes)

    def _rate(self, rows: int) -> float:
        return rows / max(time.monotonic() - self._began, 0.001)

    def _result(self, number: int, outcome: Outcome, store: Store) -> Result:
        if outcome.rejects_file:
            self.rejects[str(number)] = Path(outcome.rejects_file)
            outcome.rejects_file = Path(outcome.rejects_file).name
        name = label(self._files[number].path)
        outcome.file = name
        outcome.stopped = self.upload.hide_folder(outcome.stopped)
        rows = store.rows(
            msgspec.json.Decoder(RejectSample),
            f"SELECT origin, reason, field, detail, substring(payload, 1, {_MOST_PAYLOAD}) AS payload"
            f" FROM rejected FINAL WHERE import_id IN ({texts([outcome.import_id])}) AND resolved = 0"
            f" ORDER BY origin LIMIT {_REJECTS}",
        )
        return Result(name, outcome, rows)

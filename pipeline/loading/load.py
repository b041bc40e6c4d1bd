"""Send files, and return once everything that follows from them is stored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import count

from connectors.reading.identity import NAMELESS
from connectors.reading.names import as_text
from connectors.reading.packed import label
from connectors.reading.rejected_rows import RejectedRows
from pipeline.endpoints import Endpoints
from pipeline.loading.audit_load import audit_load
from pipeline.loading.distinct import Distinct
from pipeline.loading.file_age import with_versions_by_age
from pipeline.loading.load_tables import LoadTables, SourceTable
from pipeline.loading.older_content import warnings_of
from pipeline.loading.outcome import TOPICS, Outcome, begin, fill_gaps, finish_import, keep_import, mend
from pipeline.loading.outside_numbers import NumberCounts
from pipeline.loading.prepare import LoadOptions, PreparedFile
from pipeline.loading.sending import Segments
from pipeline.loading.split_rejects import FuseBlown, Sender, split_rejects
from pipeline.loading.stack_probe import probe
from pipeline.loading.wait_reporter import REPLACED_WITHIN_S, Progress, WaitReporter
from pipeline.parts.block_ledger import Blocks, ImportedFile, enter, present_blocks
from pipeline.privacy.filter import ForgottenList
from pipeline.privacy.new_files import forget_again, forgotten_list
from pipeline.store import Store
from schemas.errors import CallfunnelError, Transient
from schemas.records import CallLeg, Rejected
from schemas.topics import MANAGERS

_ATTEMPTS = 3


def load(
    files: Sequence[PreparedFile], endpoints: Endpoints, store: Store, options: LoadOptions, progress: Progress
) -> list[Outcome]:
    """Send the files and return once everything is stored. Raises Trouble; repeating it is always safe.

    When the broker forgets what it had (the embedded one, killed), all is sent again. When nothing moves, it reports
    what is waited for. Of several files of one source and kind the newest one holds (`pipeline.loading.file_age`).
    """
    files = with_versions_by_age(files)
    with WaitReporter(progress, partial(probe, endpoints)) as reporter:
        try:
            return audit_load(files, endpoints, lambda: _load(files, endpoints, store, options, reporter))
        except CallfunnelError as error:
            raise reporter.explained(error) from error


def _load(
    files: Sequence[PreparedFile], endpoints: Endpoints, store: Store, options: LoadOptions, progress: Progress
) -> list[Outcome]:
    started = time.monotonic()
    before: Blocks | None = None
    tables: LoadTables | None = None
    older: dict[str, str] = {}
    forgotten = forgotten_list(endpoints, store)
    give_up_at = 0.0
    for attempt in count(1):
        try:
            before = before or present_blocks(store)
            if tables is None:
                tables = LoadTables(files, options)
                tables.look_through(store)
                older = warnings_of(files, store)
                for warning in older.values():
                    progress.note(f"warning: {warning}")
            outcomes = _send_and_wait(files, tables, endpoints, store, options, progress, forgotten)
            break
        except Transient as error:
            # A broker that hangs is away for longer than three attempts take.
            give_up_at = give_up_at or time.monotonic() + (REPLACED_WITHIN_S if endpoints.data else 0.0)
            if attempt >= _ATTEMPTS and time.monotonic() >= give_up_at:
                raise
            progress.note(f"{error}; sending everything again")
            time.sleep(error.retry_after_s)
    assert before is not None
    forgotten.refresh()
    imported = [_imported_file(file, outcome, forgotten) for file, outcome in zip(files, outcomes, strict=True)]
    enter(store, imported, before)
    for file, outcome in zip(files, outcomes, strict=True):
        outcome.warnings += [older[outcome.import_id]] if outcome.import_id in older else []
        finish_import(file, outcome, store)
        fill_gaps(file, outcome, store)
        mend(file, outcome, store)
        forgotten.refresh()
        forget_again(forgotten, outcome)
        outcome.seconds = round(time.monotonic() - started, 3)
        state = "stopped" if outcome.stopped else "stored"
        keep_import(file, outcome, store, state, forgotten.cleaned)
    return outcomes


def _imported_file(file: PreparedFile, outcome: Outcome, forgotten: ForgottenList) -> ImportedFile:
    return ImportedFile(
        import_id=outcome.import_id,
        source=file.context.source,
        kind=outcome.kind,
        file=forgotten.cleaned(label(file.path)),
        path=forgotten.cleaned(str(file.path.absolute())),
        time_zone=outcome.time_zone,
    )


def _send_and_wait(
    files: Sequence[PreparedFile],
    tables: LoadTables,
    endpoints: Endpoints,
    store: Store,
    options: LoadOptions,
    progress: Progress,
    forgotten: ForgottenList,
) -> list[Outcome]:
    with Segments(endpoints, progress) as sender:
        outcomes = []
        tables.begin()
        for file in files:
            outcome = begin(file)
            outcome.into = endpoints.location
            forgotten.refresh()
            keep_import(file, outcome, store, "running", forgotten.cleaned)
            rejects = RejectedRows(options.rejects, file.path, file.recognised, outcome.import_id)
            send_file(file, outcome, sender, rejects, progress, tables.of(file))
            outcomes.append(outcome)
        sender.store()
        if tables.take_back(files, outcomes, store, sender.send):
            sender.store()
        if refused := list(tables.refused_managers(store)):
            for manager in refused:
                sender.send(MANAGERS, manager)
            sender.store()
        return outcomes


def send_file(
    file: PreparedFile,
    outcome: Outcome,
    sender: Sender,
    rejects: RejectedRows,
    progress: Progress,
    table: SourceTable | None = None,
) -> None:
    """Read one file and send what it holds; a file of mostly rejected rows is given up. `table`: of the CRM."""
    reading = file.source.read(file.path, file.recognised, file.context)
    topic = TOPICS[file.recognised.kind]
    legs = _Legs(NumberCounts(file.context.region, file.context.prefixes))

    def count_rejected(rejected: Rejected) -> None:
        outcome.rejected[rejected.reason] = outcome.rejected.get(rejected.reason, 0) + 1
        if table is not None:
            table.contents.reject(rejected.payload)

    with rejects:
        try:
            for number, item in enumerate(split_rejects(reading, file, rejects, sender, count_rejected)):
                if table is None:
                    sender.send(topic, item)
                    outcome.records += 1
                elif table.read(item):
                    sender.send(topic, table.merges.apply(item))
                    outcome.records += 1
                else:
                    outcome.deleted_rows += 1
                if isinstance(item, CallLeg):
                    legs.add(item)
                if not number % 5000:
                    progress.reading(file.path, reading)
        except FuseBlown as stopped:
            outcome.stopped = str(stopped)
            if table is not None:
                table.contents.is_cut_short = True
    progress.reading(file.path, reading)
    outcome.rows = reading.rows
    legs.tell(outcome)
    outcome.rejects_file = as_text(str(rejects.path)) if rejects.count else ""


class _Legs:
    """What is counted of a file's legs while they are sent."""

    def __init__(self, numbers: NumberCounts) -> None:
        self._numbers = numbers
        self._calls = Distinct()
        self._nameless = Distinct()
        self._without_id = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, leg: CallLeg) -> None:
        self._calls.add(leg.call_id)
        self._numbers.add(leg)
        if leg.record_id.startswith(NAMELESS):
            self._without_id += 1
            self._nameless.add(leg.record_id)
        at = leg.started_at
        if self._first is None or self._last is None:
            self._first = self._last = at
        elif at > self._last:
            self._last = at
        elif at < self._first:
            self._first = at

    def tell(self, outcome: Outcome) -> None:
        outcome.calls, outcome.calls_estimated = self._calls.count, self._calls.estimated
        outcome.equal_rows = self._nameless.repeated(self._without_id)
        outcome.numbers = self._numbers.numbers()
        outcome.first_call_at, outcome.last_call_at = self._first, self._last

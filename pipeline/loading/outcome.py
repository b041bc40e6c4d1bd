"""What became of a file: counted while sending, completed from what ClickHouse says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import msgspec

from connectors.reading.names import as_text
from connectors.reading.packed import label
from connectors.reading.rejected_rows import mended_import
from pipeline.clock import as_datetime, wall_clock
from pipeline.gaps import CallSpan, fill
from pipeline.loading.file_age import written_at
from pipeline.loading.outside_numbers import OutsideNumbers
from pipeline.loading.peers import peers_json
from pipeline.loading.prepare import PreparedFile
from pipeline.store import Store, texts, tuple_of
from pipeline.user import this_user
from schemas.codec import encode
from schemas.gaps import gap_of
from schemas.records import Import, Reason, Rejected
from schemas.topics import (
    ABSENCES,
    CALENDAR_DAYS,
    CALL_LEGS,
    MANAGERS,
    ORGANISATIONS,
    PLANS,
    PROPOSALS,
    STAGE_CHANGES,
)

TOPICS = {
    "calls": CALL_LEGS,
    "managers": MANAGERS,
    "organisations": ORGANISATIONS,
    "stages": STAGE_CHANGES,
    "proposals": PROPOSALS,
    "plan": PLANS,
    "calendar": CALENDAR_DAYS,
    "absences": ABSENCES,
}

_MENDED_AT_ONCE = 2_000


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one file. The field names are those of `load --json`."""

    file: str
    import_id: str
    kind: str
    profile: str
    time_zone: str
    loaded_by: str = ""
    """user@host; "" is whoever runs this process."""
    into: str = ""
    """Where it went: the data folder of the stack, or the address of the store."""
    rows: int = 0
    records: int = 0
    """Accepted ones. Legs, for a file of calls."""
    calls: int = 0
    calls_estimated: bool = False
    """Of more calls than are counted one by one (`pipeline.loading.distinct`)."""
    repeats: int = 0
    """Records that are not the latest of their identity: known before, or repeated within the load. The board's
    Repeats are the same, as of now: a correction that is loaded later adds to them.
    """
    equal_rows: int = 0
    """Of them: legs without an id of the exchange that equal another leg of the file, told apart by nothing."""
    numbers: OutsideNumbers = OutsideNumbers()
    """What the numbers outside of a file of calls turned out to be."""
    region: str = ""
    """Whose numbers those without a country were taken for."""
    source: str = ""
    guesses: list[str] = []
    """What the file does not prove, and was taken for likely."""
    rejected: dict[str, int] = {}
    """Rows by reason: rows are records, deleted rows and these together."""
    rejected_alike: int = 0
    """Of them: rows that equal another rejected one. They are kept once (`callfunnel rejected`)."""
    deleted_rows: int = 0
    """Rows that say of themselves that they are deleted, closed or merged."""
    withdrawn: dict[str, int] = {}
    """Records of earlier loads of the source that are withdrawn: replaced, deleted, absent."""
    uncertain: int = 0
    """Records that a complete export does not have, and which stay: a row that was rejected may be theirs."""
    warnings: list[str] = []
    rejects_file: str = ""
    first_call_at: datetime | None = None
    """When the first call of the file began; and the last."""
    last_call_at: datetime | None = None
    filled_gaps: list[str] = []
    """Times in which a listener of the source may have missed calls, and which the file spans."""
    mended: int = 0
    """Rejected rows of an earlier import that the file holds mended: no longer shown as rejected."""
    stopped: str = ""
    """Why reading was given up, "" when it was not."""
    seconds: float = 0.0


def begin(file: PreparedFile) -> Outcome:
    """An outcome with nothing done yet."""
    return Outcome(
        file=as_text(str(file.path)),
        import_id=file.context.import_id,
        kind=file.recognised.kind,
        profile=f"{file.recognised.profile}: {file.recognised.layout}",
        time_zone=str(file.context.zone),
        region=file.context.region,
        source=file.context.source,
        guesses=list(file.recognised.guesses),
    )


class _RowCount(msgspec.Struct):
    n: int


class _Reason(msgspec.Struct):
    reason: str
    is_read: int
    """Rejected as it was read, and not by a worker."""
    n: int


def finish_import(file: PreparedFile, outcome: Outcome, store: Store) -> None:
    """What ClickHouse says of the import: what was new, and what was rejected by reason (agents reject too)."""
    wanted = texts([outcome.import_id])
    rows = store.rows(
        msgspec.json.Decoder(_Reason),
        f"SELECT reason, startsWith(rejected_id, 'row:') AS is_read, toUInt32(count()) AS n FROM rejected FINAL"
        f" WHERE import_id IN ({wanted}) AND resolved = 0 GROUP BY reason, is_read",
    )
    read = sum(outcome.rejected.values())
    outcome.rejected_alike = max(0, read - sum(row.n for row in rows if row.is_read))
    by_workers = {row.reason: row.n for row in rows if not row.is_read}
    # A record whose version is ahead is stored, and reported.
    outcome.records -= sum(count for reason, count in by_workers.items() if reason != Reason.VERSION_IN_FUTURE)
    together = Counter(outcome.rejected)
    together.update(by_workers)
    outcome.rejected = dict(sorted(together.items(), key=lambda item: (-item[1], item[0])))
    table = TOPICS[file.recognised.kind].table
    new = store.rows(
        msgspec.json.Decoder(_RowCount),
        f"SELECT toUInt32(count()) AS n FROM {table} FINAL WHERE import_id IN ({wanted})",
    )[0].n
    outcome.repeats = max(0, outcome.records - new)


def fill_gaps(file: PreparedFile, outcome: Outcome, store: Store) -> None:
    """Resolve the gaps of the source's listeners that the stored file spans."""
    if outcome.stopped or outcome.first_call_at is None or outcome.last_call_at is None:
        return
    span = CallSpan(outcome.first_call_at, outcome.last_call_at)
    by = f"import {outcome.import_id} ({label(file.path)}), whose calls began from {span}"
    gaps = fill(store, file.context.source, span, by, outcome.import_id)
    outcome.filled_gaps = [f"{gap.origin}: {gap_of(gap)}" for gap in gaps]


def mend(file: PreparedFile, outcome: Outcome, store: Store) -> None:
    """Resolve the rejects of the import whose file of rejected rows this is, now stored. What of it is rejected again
    is a reject of this import; what was left out was given up by whoever mended it.
    """
    of = mended_import(file.path)
    if outcome.stopped or not of:
        return
    last = ""
    while rows := _rejects_of(store, of, file.context.source, last):
        now = wall_clock()
        done = [
            msgspec.structs.replace(row, resolved=1, resolved_by=outcome.import_id, version=max(now, row.version + 1))
            for row in rows
        ]
        store.keep("rejected", [encode(row) for row in done])
        outcome.mended += len(done)
        last = rows[-1].rejected_id


def _rejects_of(store: Store, import_id: str, source: str, after: str) -> list[Rejected]:
    """Some of those that were rejected as they were read. What an agent rejects, an agent resolves."""
    return store.rows(
        msgspec.json.Decoder(Rejected),
        f"SELECT * FROM rejected FINAL WHERE import_id IN ({texts([import_id])}) AND source IN ({texts([source])})"
        f" AND topic = '' AND reason != '{Reason.FEED_GAP}' AND resolved = 0 AND rejected_id > {tuple_of([after])}"
        f" ORDER BY rejected_id LIMIT {_MENDED_AT_ONCE}",
    )


def keep_import(
    file: PreparedFile, outcome: Outcome, store: Store, state: str, cleaned: Callable[[str], str] = str
) -> None:
    """Enter the import. `cleaned` is what its texts become: no worker sees them, and numbers may stand in them."""
    now = wall_clock()
    done = state != "running"
    store.keep(
        "imports",
        [
            encode(
                Import(
                    import_id=outcome.import_id,
                    source=file.context.source,
                    kind=outcome.kind,
                    file=cleaned(label(file.path)),
                    profile=outcome.profile,
                    time_zone=outcome.time_zone,
                    started_at=file.context.loaded_at,
                    finished_at=as_datetime(now) if done else None,
                    rows=outcome.rows,
                    records=outcome.records,
                    rejected=sum(outcome.rejected.values()),
                    loaded_by=outcome.loaded_by or this_user(),
                    file_at=written_at(file.path),
                    peers=cleaned(peers_json(file)) if done else "",
                    state=state,
                    # Above "running", also when the clock was set back meanwhile.
                    version=max(now, file.context.version + int(done)),
                )
            )
        ],
    )

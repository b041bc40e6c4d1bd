"""Take an import back: what it said is retracted, record by record, over the wire like everything else.

A record that another import said too stays, under that import's name. What it had replaced is gone from the store:
`provenance` knows whose that was, so those files can be named, to be loaded again.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.endpoints import Endpoints
from pipeline.loading.sending import Segments, Waiting
from pipeline.loading.stored_records import FOUND_BY, PAGE, pages, values_of
from pipeline.store import Store, newest, texts, tuple_of
from pipeline.user import this_user
from schemas.codec import encode
from schemas.errors import Terminal, Transient
from schemas.provenance import KINDS, TABLE, ClaimKind, Provenance, digest, taking_back
from schemas.records import Feed, FeedState, Import, Record, Rejected
from schemas.topics import ALL, REJECTED, Topic

UNDO = "undo"
"""The kind of an import that takes another one back."""
UNDONE = "undone"
"""The state of an import that was taken back."""

_ATTEMPTS = 3
_CLAIMS = msgspec.json.Decoder(Provenance)
_REJECTS = msgspec.json.Decoder(Rejected)
_TOPICS: dict[str, Topic] = {topic.table: topic for topic in ALL}


class Lost(msgspec.Struct, frozen=True):
    """Whose older records the import had replaced: they come back when that file is loaded again."""

    import_id: str
    file: str
    records: int


class Undo(msgspec.Struct, kw_only=True):
    """What taking an import back does, or did. The field names are those of `undo --json`."""

    import_id: str
    undo_id: str
    source: str
    kind: str
    file: str
    state: str
    done: bool = False
    withdrawn: dict[str, int] = {}
    """Records that nobody says any more, by table."""
    stays: dict[str, int] = {}
    """Records that other imports said too."""
    replaced_since: dict[str, int] = {}
    """Records in whose place something else stands by now: that stays as it is."""
    kept_from: str = ""
    """The first day whose calls are kept ([retention]); "" when all are."""
    gone: int = 0
    """Records of it that are not kept any more: they cannot be withdrawn, and what was counted of them stays."""
    lost: list[Lost] = []
    activities: int = 0
    """Calls and proposals that are counted anew."""
    days: int = 0
    managers: list[str] = []
    first_day: str = ""
    last_day: str = ""
    rejects: int = 0
    """Its rejected rows, which are of no interest any more."""
    reopened: int = 0
    """Rejected rows of others, and gaps, that it had resolved."""
    seconds: float = 0.0

    @property
    def is_empty(self) -> bool:
        says_nothing = not (self.withdrawn or self.stays or self.rejects or self.reopened)
        return says_nothing and (not self.lost or self.state == UNDONE)


Send = Callable[[Topic, Record], None]


class _KeptFrom(msgspec.Struct):
    day: str


_KEPT_FROM = (
    "SELECT toString(toDate(max(first), '{zone}')) AS day FROM retained_from FINAL WHERE what = 'legs' AND is_done"
    " HAVING count() > 0"
)
_OF_DAYS = frozenset({"calls", "session"})
"""Kinds of imports whose records [retention] takes away."""


class _WithdrawnOf(msgspec.Struct):
    import_id: str
    n: int


class _Touched(msgspec.Struct):
    activity_id: str
    day: str
    manager_id: str


def find_import(store: Store, import_id: str) -> Import:
    """The import, or a session of a live listener. Raises Terminal when there is no such, or when it still runs."""
    which = f"import_id IN ({texts([import_id])})"
    found = store.rows(msgspec.json.Decoder(Import), f"SELECT * FROM imports FINAL WHERE {which}")
    if found:
        return found[0]
    for feed in store.rows(
        msgspec.json.Decoder(Feed), f"SELECT * FROM feeds FINAL WHERE session IN ({texts([import_id])})"
    ):
        running = feed.state not in (FeedState.STOPPED, FeedState.FAILED)
        return Import(
            import_id=import_id,
            source=feed.source,
            kind="session",
            file=feed.door,
            profile="",
            started_at=feed.started_at,
            records=feed.records,
            rejected=feed.rejects,
            state="running" if running else "stored",
            version=feed.version,
        )
    raise Terminal(f"no import {import_id}: `callfunnel imports` lists them")


def check_undoable(of: Import, *, interrupted: bool) -> None:
    """Raises Terminal where taking it back makes no sense now."""
    if of.kind == UNDO:
        raise Terminal(f"{of.import_id} took {of.file} back: load that file again to have it back")
    if of.state == "running" and of.kind == "session":
        raise Terminal(f"{of.import_id} is the session of {of.file} of {of.source}, which still runs: stop it first")
    if of.state == "running" and not interrupted:
        raise Terminal(
            f"{of.import_id} ({of.file}) is still being loaded: wait until it is done. If that load was stopped or"
            " killed, take back what arrived with --interrupted, or load the file again"
        )


def preview(of: Import, store: Store, zone: str) -> Undo:
    """What taking it back would do. Changes nothing."""
    return withdrawals(of, store, zone, lambda topic, record: None)


def withdrawals(of: Import, store: Store, zone: str, send: Send, undo_id: str = "") -> Undo:
    """Give `send` every record that takes it back, and tell what they do."""
    return _Undoing(of, store, zone, _begin(of, undo_id)).through(send)


def undo(
    of: Import, endpoints: Endpoints, store: Store, zone: str, waiting: Waiting, clock: Clock = wall_clock
) -> Undo:
    """Take it back, and return once everything that follows is stored. Raises Trouble; repeating it is always safe."""
    started = time.monotonic()
    done = _begin(of)
    keep = _Keeping(of, done.undo_id, store, clock)
    keep.running()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with Segments(endpoints, waiting) as sender:
                done = withdrawals(of, store, zone, sender.send, done.undo_id)
                sender.store()
            break
        except Transient as error:
            if attempt == _ATTEMPTS:
                raise
            waiting.note(f"{error}; once more from the beginning ({attempt + 1} of {_ATTEMPTS})")
            time.sleep(error.retry_after_s)
    done.done = True
    done.seconds = round(time.monotonic() - started, 3)
    keep.stored(done)
    return done


def _begin(of: Import, undo_id: str = "") -> Undo:
    undo_id = undo_id or f"{as_datetime(wall_clock()):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    return Undo(import_id=of.import_id, undo_id=undo_id, source=of.source, kind=of.kind, file=of.file, state=of.state)


class _Undoing:
    """One look through everything that the import said, page by page."""

    def __init__(self, of: Import, store: Store, zone: str, undo: Undo) -> None:
        self._of = of
        self._store = store
        self._zone = zone
        self._undo = undo
        self._lost: Counter[str] = Counter()
        self._activities: set[str] = set()
        self._days: set[str] = set()
        self._managers: set[str] = set()

    def through(self, send: Send) -> Undo:
        """Send what takes it back, and tell what that does."""
        for record, kind in KINDS.items():
            rows: msgspec.json.Decoder[Any] = msgspec.json.Decoder(record)
            for page in self._stored_rows(kind, rows):
                self._report(kind, page)
                for row in page:
                    send(_TOPICS[kind.table], self._back(row, row.version))
            for claims in self._claims(kind):
                for row, version in self._of_claims(kind, rows, claims):
                    send(_TOPICS[kind.table], self._back(row, version))
            self._count_withdrawn_by_it(kind)
        for reject in self._rejects():
            send(REJECTED, reject)
        undo = self._undo
        for kept in self._store.rows(msgspec.json.Decoder(_KeptFrom), _KEPT_FROM.format(zone=self._zone)):
            undo.kept_from = kept.day
            found = (*undo.withdrawn.values(), *undo.stays.values(), *undo.replaced_since.values())
            undo.gone = max(0, self._of.records - sum(found)) if self._of.kind in _OF_DAYS else 0
        undo.lost = self._named(self._lost)
        undo.activities, undo.days = len(self._activities), len(self._days)
        undo.managers = sorted(self._managers - {""})
        undo.first_day, undo.last_day = min(self._days, default=""), max(self._days, default="")
        return undo

    def _back(self, row: Any, version: int) -> Any:
        return taking_back(row, version, self._of.import_id, self._undo.undo_id)

    def _stored_rows(self, kind: ClaimKind, rows: msgspec.json.Decoder[Any]) -> Iterator[list[Any]]:
        """Its records that stand."""
        columns = ", ".join(kind.columns)
        sql = (
            f"SELECT * FROM {kind.table} FINAL WHERE import_id IN ({texts([self._of.import_id])}) {{after}}"
            f" ORDER BY {columns} LIMIT {PAGE}"
        )
        yield from pages(self._store, rows, sql, lambda row: f"AND ({columns}) > ({values_of(kind, row)})")

    def _claims(self, kind: ClaimKind) -> Iterator[list[Provenance]]:
        """Its claims that are not rows."""
        sql = (
            f"SELECT * FROM {TABLE} FINAL WHERE what = '{kind.table}'"
            f" AND import_id IN ({texts([self._of.import_id])}) {{after}} ORDER BY identity LIMIT {PAGE}"
        )
        yield from pages(self._store, _CLAIMS, sql, lambda claim: f"AND identity > {tuple_of([claim.identity])[1:-1]}")

    def _of_claims(
        self, kind: ClaimKind, rows: msgspec.json.Decoder[Any], claims: Sequence[Provenance]
    ) -> Iterator[tuple[Any, int]]:
        """The record that stands in the place of each claim, and the claim's version."""
        column, index = FOUND_BY[kind.table]
        keys = {claim.identity.split("\x1f")[index] for claim in claims}
        sql = newest(kind.table, ", ".join(kind.columns), f"{column} IN ({texts(keys)})")
        found = {kind.identity(row): row for row in self._store.rows(rows, sql)}
        for claim in claims:
            row = found.get(claim.identity)
            if row is None or row.import_id == self._of.import_id:
                continue
            same = not row.retracted and claim.digest == digest(row)
            result = self._undo.stays if same else self._undo.replaced_since
            result[kind.table] = result.get(kind.table, 0) + 1
            yield row, claim.version

    def _report(self, kind: ClaimKind, page: Sequence[Any]) -> None:
        """Which of these records stay, which are withdrawn, and what they had replaced."""
        identities = {kind.identity(row): row for row in page}
        others: dict[str, list[Provenance]] = {}
        sql = (
            f"SELECT * FROM {TABLE} FINAL PREWHERE what = '{kind.table}' AND identity IN ({texts(identities)})"
            f" WHERE import_id NOT IN ({texts([self._of.import_id])})"
        )
        for claim in self._store.rows(_CLAIMS, sql):
            others.setdefault(claim.identity, []).append(claim)
        stay = 0
        for identity, claims in others.items():
            wanted = digest(identities[identity])
            if any(claim.digest == wanted for claim in claims):
                stay += 1
            else:
                self._lost[max(claims, key=lambda claim: claim.version).import_id] += 1
        for result, number in ((self._undo.stays, stay), (self._undo.withdrawn, len(page) - stay)):
            if number:
                result[kind.table] = result.get(kind.table, 0) + number
        if touched := _touched(kind, page):
            sql = (
                f"SELECT activity_id, toString(toDate(at, '{self._zone}')) AS day, manager_id FROM placements FINAL"
                f" WHERE retracted = 0 AND ({touched})"
            )
            for row in self._store.rows(msgspec.json.Decoder(_Touched), sql):
                self._activities.add(row.activity_id)
                self._days.add(row.day)
                self._managers.add(row.manager_id)

    def _count_withdrawn_by_it(self, kind: ClaimKind) -> None:
        """Records of others that it withdrew: a stage that it corrected, what a complete export had no more."""
        if kind.table == "call_legs":
            return
        sql = (
            "SELECT import_id, toUInt32(count()) AS n FROM"
            f" ({newest(kind.table, ', '.join(kind.columns), '1')})"
            f" WHERE retracted = 1 AND cause IN ({texts([self._of.import_id])}) GROUP BY import_id"
        )
        for row in self._store.rows(msgspec.json.Decoder(_WithdrawnOf), sql):
            self._lost[row.import_id] += row.n

    def _rejects(self) -> Iterator[Rejected]:
        """Its rejects, resolved; and those that it had resolved, open again."""
        import_id = texts([self._of.import_id])
        undo_id = self._undo.undo_id
        sql = (
            f"SELECT * FROM rejected FINAL WHERE import_id IN ({import_id}) AND resolved = 0 {{after}}"
            f" ORDER BY rejected_id LIMIT {PAGE}"
        )
        for page in pages(self._store, _REJECTS, sql, _after_reject):
            for row in page:
                self._undo.rejects += 1
                yield _changed(row, resolved=1, resolved_by=undo_id)
        sql = (
            f"SELECT * FROM rejected FINAL WHERE resolved_by IN ({import_id}) AND resolved = 1 {{after}}"
            f" ORDER BY rejected_id LIMIT {PAGE}"
        )
        for page in pages(self._store, _REJECTS, sql, _after_reject):
            for row in page:
                self._undo.reopened += 1
                yield _changed(row, resolved=0, resolved_by="")

    def _named(self, lost: Counter[str]) -> list[Lost]:
        """With the names of their files."""
        which = f"import_id IN ({texts(lost)})"
        found = self._store.rows(msgspec.json.Decoder(Import), f"SELECT * FROM imports FINAL WHERE {which}")
        files = {one.import_id: one.file for one in found}
        return [Lost(import_id, files.get(import_id, ""), count) for import_id, count in lost.most_common()]


def _after_reject(row: Rejected) -> str:
    return f"AND rejected_id > {tuple_of([row.rejected_id])[1:-1]}"


def _changed(row: Rejected, *, resolved: int, resolved_by: str) -> Rejected:
    version = max(wall_clock(), row.version + 1)
    return msgspec.structs.replace(row, resolved=resolved, resolved_by=resolved_by, version=version)


def _touched(kind: ClaimKind, page: Sequence[Any]) -> str:
    """SQL condition on placements: the activities that these records are part of, or give their meaning to."""
    if kind.table == "call_legs":
        return f"activity_id IN ({texts({f'call:{row.source}:{row.call_id}' for row in page})})"
    if kind.table == "proposals":
        return f"activity_id IN ({texts({f'proposal:{row.proposal_id}' for row in page})})"
    if kind.table in ("organisations", "stage_changes"):
        return f"organisation_id IN ({texts({row.organisation_id for row in page})})"
    return f"manager_id IN ({texts({row.manager_id for row in page})})" if kind.table == "managers" else ""


class _Keeping:
    """What `imports` says of both: the import, and its undo."""

    def __init__(self, of: Import, undo_id: str, store: Store, clock: Clock) -> None:
        self._of = of
        self._store = store
        self._clock = clock
        now = clock()
        self._row = Import(
            import_id=undo_id,
            source=of.source,
            kind=UNDO,
            file=of.file,
            profile=f"{UNDO}: {of.import_id}",
            started_at=as_datetime(now),
            loaded_by=this_user(),
            version=now,
        )

    def running(self) -> None:
        self._store.keep("imports", [encode(self._row)])

    def stored(self, done: Undo) -> None:
        now = self._clock()
        row = msgspec.structs.replace(
            self._row,
            finished_at=as_datetime(now),
            records=sum(done.withdrawn.values()),
            state="stored",
            version=max(now, self._row.version + 1),
        )
        of = msgspec.structs.replace(self._of, state=UNDONE, version=max(now, self._of.version + 1))
        self._store.keep("imports", [encode(of), encode(row)])

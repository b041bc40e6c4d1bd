"""The ledger: which blocks of which table an import brought, and which came between imports.

ClickHouse numbers inserted blocks; a part says which numbers it holds, and a merged part holds those of all it was made
of. So a number that was there and that no part holds now is rows that are gone, whichever imports replaced which rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from pipeline.clock import as_datetime, wall_clock
from pipeline.parts.runs import Run, joined, subtract

T = TypeVar("T")

Blocks = Mapping[str, list[Run]]
"""Table -> the blocks that its parts hold."""

_OURS = frozenset(
    {
        *("kept_blocks", "broken_parts", "feeds", "base_calendar", "schema_migrations"),
        *("incidents", "incident_marks", "warning_deliveries", "warning_watch"),
    }
)
"""Made again by whoever writes them: no import brings them."""


class RowReader(Protocol):
    """Rows of a question. Raises Trouble."""

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]: ...


class RowStore(RowReader, Protocol):
    """Rows in and out, as `pipeline.store.Store` does it. Raises Trouble."""

    def keep(self, table: str, lines: Sequence[bytes]) -> None: ...


class BlockRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run of blocks of one table, and the import that brought it."""

    import_id: str = ""
    """"" when no import was on."""
    source: str = ""
    kind: str = ""
    file: str = ""
    """As in the table `imports`."""
    path: str = ""
    """Where the file was, from the root."""
    time_zone: str = ""
    table: str
    first_block: int
    last_block: int
    at: datetime
    version: int

    @property
    def run(self) -> Run:
        return self.first_block, self.last_block


class BrokenPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part that was put aside, or a run of blocks that is gone."""

    table: str
    name: str
    reason: str
    first_block: int
    last_block: int
    found_at: datetime
    settled: int = 0
    version: int

    @property
    def run(self) -> Run:
        return self.first_block, self.last_block


class _ActivePart(msgspec.Struct, frozen=True):
    table: str
    first: int
    last: int


_PARTS = (
    "SELECT table, min_block_number AS first, max_block_number AS last FROM system.parts"
    " WHERE active AND database = currentDatabase()"
)


def present_blocks(store: RowStore) -> Blocks:
    """The blocks that the store has now."""
    found = store.rows(
        msgspec.json.Decoder(_ActivePart),
        _PARTS,
    )
    tables: dict[str, list[Run]] = {}
    for part in found:
        tables.setdefault(part.table, []).append((part.first, part.last))
    return {table: joined(runs) for table, runs in tables.items()}


def has_ledger(store: RowReader) -> bool:
    """The tables of the ledger exist: a store that was never migrated has none."""
    wanted = "SELECT name AS table, 0 AS first, 0 AS last FROM system.tables WHERE database = currentDatabase()"
    found = {one.table for one in store.rows(msgspec.json.Decoder(_ActivePart), wanted)}
    return {"kept_blocks", "broken_parts"} <= found


def ledger_rows(store: RowReader) -> list[BlockRun]:
    """All rows of the ledger."""
    return store.rows(msgspec.json.Decoder(BlockRun), "SELECT * FROM kept_blocks FINAL ORDER BY at")


def added_blocks(now: Blocks, before: Blocks) -> Iterable[tuple[str, Run]]:
    """Table and run of the blocks that have come since."""
    for table, runs in sorted(now.items()):
        if table not in _OURS:
            yield from ((table, run) for run in subtract(runs, before.get(table, [])))


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The import of a file, for the ledger."""

    import_id: str
    source: str
    kind: str
    file: str
    path: str
    time_zone: str


def enter(store: RowStore, imported: Sequence[ImportedFile], before: Blocks) -> None:
    """Write down what has come since `before`: imports that were on side by side brought it together."""
    version = wall_clock()
    runs = list(added_blocks(present_blocks(store), before))
    rows = [
        BlockRun(**msgspec.structs.asdict(one), table=table, first_block=first, last_block=last,
             at=as_datetime(version), version=version)
        for one in imported for table, (first, last) in runs
    ]  # fmt: skip
    store.keep("kept_blocks", [msgspec.json.encode(row) for row in rows])


@contextmanager
def deleting(store: RowStore) -> Iterator[None]:
    """Rows are deleted within, on purpose: blocks that hold none any more are not missed. Raises Trouble."""
    before = present_blocks(store)
    yield
    enter_deleted(store, before)


def enter_deleted(store: RowStore, before: Blocks) -> None:
    """Write down which blocks of `before` ClickHouse has taken away while it ran, or will: parts without rows."""
    empty: dict[str, list[Run]] = {}
    for part in store.rows(msgspec.json.Decoder(_ActivePart), _PARTS + " AND rows = 0"):
        empty.setdefault(part.table, []).append((part.first, part.last))
    there, version = present_blocks(store), wall_clock()
    rows = [
        BrokenPart(table=table, name=f"blocks {first} to {last}", reason="deleted", first_block=first, last_block=last,
                   found_at=as_datetime(version), settled=1, version=version)
        for table in sorted({*before, *empty} - _OURS)
        for first, last in joined([*subtract(before.get(table, []), there.get(table, [])), *empty.get(table, [])])
    ]  # fmt: skip
    store.keep("broken_parts", [msgspec.json.encode(row) for row in rows])


class LiveLedger:
    """Enters what comes between imports, a row a day for each table. One for a store, in one thread."""

    def __init__(self, store: RowStore) -> None:
        self._store = store
        self._day = ""
        self._before: Blocks = {}
        self._entered: list[tuple[str, Run]] = []
        self._seen: Blocks = {}

    def enter(self) -> None:
        """Write down what has come since the day began. Raises Trouble."""
        if not has_ledger(self._store):
            return
        version = wall_clock()
        at = as_datetime(version)
        if self._day != f"{at:%Y-%m-%d}":
            self._begin(f"{at:%Y-%m-%d}")
        enter_deleted(self._store, self._seen)  # a store that runs loses no part, unless its rows were deleted
        self._seen = present_blocks(self._store)
        runs = list(added_blocks(self._seen, self._before))
        rows = [
            BlockRun(table=table, first_block=run[0], last_block=run[1], at=at, version=version)
            for table, run in runs
            if (table, run) not in self._entered
        ]
        self._store.keep("kept_blocks", [msgspec.json.encode(row) for row in rows])
        self._entered = runs

    def _begin(self, day: str) -> None:
        """What the ledger has already is not entered again, unless it was lost: those numbers are given anew."""
        lost = self._store.rows(
            msgspec.json.Decoder(_ActivePart),
            "SELECT table, first_block AS first, last_block AS last FROM broken_parts FINAL",
        )
        known: dict[str, list[Run]] = {}
        for row in ledger_rows(self._store):
            known.setdefault(row.table, []).append(row.run)
        self._before = {
            table: subtract(runs, [(one.first, one.last) for one in lost if one.table == table])
            for table, runs in known.items()
        }
        self._day, self._entered = day, []

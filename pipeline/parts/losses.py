"""What of the store is broken or gone, which files brought it, and whether it is mended."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.clock import as_datetime, wall_clock
from pipeline.parts.block_ledger import (
    BlockRun,
    Blocks,
    BrokenPart,
    RowReader,
    RowStore,
    has_ledger,
    ledger_rows,
    present_blocks,
)
from pipeline.parts.runs import Run, meet, subtract
from schemas.errors import Terminal

_GONE = "gone: no part holds these rows any more"
_UNENTERED = "gone: the record of what this import stored"
_STORED, _RUNNING = "stored", "running"
SETTLE = "callfunnel parts --settle"


class LostFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to load again."""

    import_id: str
    source: str
    kind: str
    file: str
    path: str
    time_zone: str
    again: str = ""
    """The import that has brought it again since; "" while none has."""

    @property
    def command(self) -> str:
        """What loads it, as a shell takes it."""
        command = ["callfunnel", "load", _where(self.path) or self.file, "--source", self.source, "--kind", self.kind]
        return shlex.join([*command, *(["--tz", self.time_zone] if self.time_zone else [])])


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Something broken, and how to mend it."""

    broken: BrokenPart
    files: list[LostFile]
    days: list[str]
    """Days on which listeners brought some of it: that is in no file that was loaded."""

    @property
    def is_mended(self) -> bool:
        return not self.days and all(file.again for file in self.files)


class _DetachedPart(msgspec.Struct, frozen=True):
    table: str
    name: str
    reason: str
    first: int
    last: int


class _ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    import_id: str
    source: str
    kind: str
    file: str
    time_zone: str
    started_at: datetime
    state: str


def find_losses(store: RowStore) -> list[Loss]:
    """Compare the parts with the ledger, write down what is new, and return what is not closed. Raises Trouble.

    To be asked before anything is written after a start: a number that is gone may be given again.
    """
    if not has_ledger(store):
        return []
    ledger, known = ledger_rows(store), found_parts(store)
    version = wall_clock()
    new = _put_aside(store, known, version)
    new += _gone(ledger, present_blocks(store), [*known, *new], version)
    new += _unentered(store, ledger, [*known, *new], version)
    store.keep("broken_parts", [msgspec.json.encode(one) for one in new])
    imports = _imports(store)
    return [_loss(one, ledger, imports) for one in (*known, *new) if not one.settled]


def open_losses(store: RowReader) -> list[Loss]:
    """What was found and is not closed; nothing is looked for. Raises Trouble."""
    open_ = [one for one in found_parts(store) if not one.settled] if has_ledger(store) else []
    if not open_:
        return []
    ledger, imports = ledger_rows(store), _imports(store)
    return [_loss(one, ledger, imports) for one in open_]


def close_losses(store: RowStore, *, anyway: bool) -> list[Loss]:
    """Close what is mended, or all of it; returns what was closed. Raises Terminal, and closes nothing,
    when something is not mended.
    """
    losses = open_losses(store)
    if not anyway and (left := [loss for loss in losses if not loss.is_mended]):
        mend = "load these first; --anyway when it was done in another way, or to give up what is gone"
        raise Terminal(f"{describe_losses(left)}\nnothing is settled: {mend}")
    now = wall_clock()
    store.keep(
        "broken_parts",
        [
            msgspec.json.encode(
                msgspec.structs.replace(one.broken, settled=1, version=max(now, one.broken.version + 1))
            )
            for one in losses
        ],
    )
    return losses


def found_parts(store: RowReader) -> list[BrokenPart]:
    """All that was ever found, closed or not."""
    return store.rows(
        msgspec.json.Decoder(BrokenPart), "SELECT * FROM broken_parts FINAL ORDER BY found_at, table, name"
    )


def _imports(store: RowReader) -> list[_ImportRow]:
    """Files that were loaded, the latest last."""
    return store.rows(
        msgspec.json.Decoder(_ImportRow),
        "SELECT import_id, source, kind, file, time_zone, started_at, state FROM imports FINAL ORDER BY started_at",
    )


def describe_losses(losses: Sequence[Loss]) -> str:
    """For people: what is broken, and the commands that mend it; each file once."""
    lines = []
    for loss in losses:
        one = loss.broken
        lines.append(f"table {one.table}, {one.name}: {one.reason}, found {one.found_at:%Y-%m-%d %H:%M} UTC")
    files = {file.command: file for loss in losses for file in loss.files if not file.again}
    if files:
        lines.append("load again, which counts nothing twice:")
        lines += [f"  {command}" for command in files]
    if days := sorted({day for loss in losses for day in loss.days}):
        span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        lines.append(f"what listeners brought on {span} (UTC): load the exchange's own export of it")
    if mended := [loss for loss in losses if loss.is_mended]:
        lines.append(f"loaded again already: {len(mended)} of {len(losses)}")
    return "\n".join(lines)


def _put_aside(store: RowStore, known: Sequence[BrokenPart], version: int) -> list[BrokenPart]:
    """Parts that ClickHouse found broken as it started, or that somebody detached."""
    aside = store.rows(
        msgspec.json.Decoder(_DetachedPart),
        "SELECT table, name, ifNull(reason, '') AS reason, ifNull(min_block_number, 0) AS first,"
        " ifNull(max_block_number, 0) AS last FROM system.detached_parts WHERE database = currentDatabase()"
        " ORDER BY table, name",
    )
    names = {(one.table, one.name) for one in known}
    return [
        BrokenPart(table=one.table, name=f"part {one.name}", reason=f"put aside ({one.reason or 'by somebody'})",
               first_block=one.first, last_block=one.last, found_at=as_datetime(version), version=version)
        for one in aside if (one.table, f"part {one.name}") not in names
    ]  # fmt: skip


def _gone(ledger: Sequence[BlockRun], there: Blocks, known: Sequence[BrokenPart], version: int) -> list[BrokenPart]:
    """Blocks in the ledger that no part holds, beyond those that were found before."""
    new = []
    for table in sorted({row.table for row in ledger}):
        missing: set[Run] = set()
        for row in ledger:
            if row.table == table:
                earlier = [one.run for one in known if one.table == table and one.found_at >= row.at]
                missing.update(subtract([row.run], [*there.get(table, []), *earlier]))
        for first, last in subtract(missing, []):
            new.append(BrokenPart(table=table, name=f"blocks {first} to {last}", reason=_GONE, first_block=first,
                              last_block=last, found_at=as_datetime(version), version=version))  # fmt: skip
    return new


def _unentered(
    store: RowStore, ledger: Sequence[BlockRun], known: Sequence[BrokenPart], version: int
) -> list[BrokenPart]:
    """Imports that the ledger does not name, though it was kept already: a part of the ledger is gone."""
    entered = {row.import_id for row in ledger} | {one.name.removeprefix("import ") for one in known}
    since = _since(store)
    return [
        BrokenPart(table="kept_blocks", name=f"import {one.import_id}", reason=_UNENTERED, first_block=0, last_block=0,
               found_at=as_datetime(version), version=version)
        for one in _imports(store)
        if one.state == _STORED and since is not None and one.started_at > since and one.import_id not in entered
    ]  # fmt: skip


class _Opened(msgspec.Struct, frozen=True):
    at: datetime


def _since(store: RowStore) -> datetime | None:
    """When the ledger was begun."""
    rows = store.rows(
        msgspec.json.Decoder(_Opened),
        "SELECT max(applied_at) AS at FROM schema_migrations FINAL WHERE name LIKE '%_kept_blocks' HAVING count() > 0",
    )
    return rows[0].at if rows else None


def _loss(broken: BrokenPart, ledger: Sequence[BlockRun], imports: Sequence[_ImportRow]) -> Loss:
    """Who brought it: the imports that were on when it came; else whoever came that day."""
    if broken.table == "kept_blocks":
        named = [one for one in imports if f"import {one.import_id}" == broken.name]
        return Loss(broken=broken, files=[_file(one, imports, broken.found_at) for one in named], days=[])
    rows = [
        row for row in ledger if row.table == broken.table and row.at <= broken.found_at and meet(row.run, broken.run)
    ]
    taken_back = {one.import_id for one in imports if one.state not in (_STORED, _RUNNING)}
    brought = [row for row in rows if row.import_id and row.import_id not in taken_back]
    files = {row.import_id: _kept_file(row, imports, broken.found_at) for row in brought}
    outside = subtract([broken.run], [row.run for row in rows if row.import_id])
    days = {f"{row.at:%Y-%m-%d}" for row in rows if not row.import_id and any(meet(row.run, run) for run in outside)}
    if not rows:
        days.add(f"{broken.found_at:%Y-%m-%d}")
    if days:  # it may be from before there was a ledger
        entered = {row.import_id for row in ledger} | taken_back
        early = [one for one in imports if one.import_id not in entered and one.started_at <= broken.found_at]
        files |= {one.import_id: _file(one, imports, broken.found_at) for one in early}
    return Loss(broken=broken, files=list(files.values()), days=sorted(days))


def _kept_file(row: BlockRun, imports: Sequence[_ImportRow], since: datetime) -> LostFile:
    return LostFile(
        import_id=row.import_id, source=row.source, kind=row.kind, file=row.file, path=row.path,
        time_zone=row.time_zone, again=_again(row.source, row.kind, row.file, imports, since),
    )  # fmt: skip


def _file(one: _ImportRow, imports: Sequence[_ImportRow], since: datetime) -> LostFile:
    return LostFile(
        import_id=one.import_id, source=one.source, kind=one.kind, file=one.file, path="", time_zone=one.time_zone,
        again=_again(one.source, one.kind, one.file, imports, since),
    )  # fmt: skip


def _again(source: str, kind: str, file: str, imports: Sequence[_ImportRow], since: datetime) -> str:
    """The import of the same file that began after the loss was found."""
    later = (
        one.import_id
        for one in imports
        if (one.source, one.kind, one.file, one.state) == (source, kind, file, _STORED) and one.started_at > since
    )
    return next(later, "")


def _where(path: str) -> str:
    """Where the file lies now: a dropped one went to done/ when it was stored. "" when it is at neither place."""
    here = Path(path)
    for file in (here, *here.parents):  # a table may be inside of a file
        for one in (file, file.parent / "done" / file.name):
            if one.is_file():
                return str(one / here.relative_to(file))
    return ""

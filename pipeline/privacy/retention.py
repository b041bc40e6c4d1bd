"""What is kept longer than [retention] says goes; what was counted stays.

Facts of a day go in this order: records of that day are refused from now on, what is on the wire is stored, the day is
marked as done (nothing recounts its cells any more), and only then the facts go. Dying anywhere is safe: the next run
goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.embedded.gate import Gate
from pipeline.endpoints import Endpoints
from pipeline.privacy.file_folders import FileFolder, Holds
from pipeline.privacy.key import keyed_token, make_key, read_key
from pipeline.privacy.new_files import forget_in
from pipeline.privacy.tables import TextTables
from pipeline.settings import Retention
from pipeline.store import Store, connect
from pipeline.transport import Transport, wait_until_stored
from schemas.errors import Terminal

_IDLE_S = 180.0
_TOKENS = "privacy_tokens"
_CLEAR = "NOT startsWith({}, '+888') AND {} != ''"
_NUMBER_IN_JSON = r"'\"\\+([0-79]|8[0-79]|88[0-79])[0-9]{4,}\"'"
"""A number in clear in the JSON of a restatement."""
_PAGE = 50_000


class Removal(msgspec.Struct, frozen=True):
    """What goes, or went: rows of a table, or files of a folder."""

    what: str
    """The setting."""
    before: date
    """What is of a day before it."""
    where: str
    count: int


def first_days(retention: Retention, today: date) -> dict[str, date]:
    """Setting -> the first day that is kept. Pure."""
    kept = {name: getattr(retention, name) for name in retention.__struct_fields__}
    return {name: today - timedelta(days=days) for name, days in kept.items() if days is not None}


class RetentionRun:
    """One run. Raises Transient or Terminal; repeating it is safe."""

    def __init__(
        self,
        endpoints: Endpoints,
        zone: ZoneInfo,
        key: Path | None,
        folders: Sequence[FileFolder],
        say: Callable[[str], None],
        clock: Clock = wall_clock,
    ) -> None:
        self._endpoints = endpoints
        self._zone = zone
        self._key_file = key
        self._folders = folders
        self._say = say
        self._clock = clock
        client = connect(endpoints.clickhouse)
        self._tables = TextTables(client)
        self._store = Store(client)

    def run(self, retention: Retention, *, write: bool) -> list[Removal]:
        """What goes (nothing does unless `write`)."""
        today = as_datetime(self._clock()).astimezone(self._zone).date()
        first = first_days(retention, today)
        gone = [one for name in ("legs", "raw_numbers") if name in first for one in self._facts(name, first[name])]
        found = list(gone)
        if "rejects" in first:
            found += self._count("rejects", first["rejects"], {"rejected": f"at < {self._moment(first['rejects'])}"})
        files = list(self._old_files(first))
        found += _by_folder(files)
        if write:
            self._take_away(first, {one.what for one in gone}, found, [path for _, _, path in files])
        again = forget_in(self._endpoints, self._store, [Path(one.folder) for one in self._folders], write=write)
        if again:
            found.append(Removal("forgotten", today, "files that hold forgotten numbers", len(again)))
        return found

    def _take_away(self, first: dict[str, date], facts: set[str], found: Sequence[Removal], files: list[Path]) -> None:
        if "raw_numbers" in facts and self._key_file is None:
            raise Terminal("name the file of the key in CALLFUNNEL_PRIVACY_KEY: docs/privacy.md")
        tables = sorted({one.where for one in found if one.what in ("legs", "raw_numbers", "rejects")})
        with ExitStack() as stack:
            if self._endpoints.data:
                gate = stack.enter_context(closing(Gate(Path(self._endpoints.data))))
                gate.enter()
            stack.enter_context(self._tables.cleaning_quickly())
            for name in ("legs", "raw_numbers"):  # what is gone needs no other name
                if name in facts:
                    self._close(name, first[name])
                    self._delete_facts(first[name]) if name == "legs" else self._hide_numbers(first[name])
            if any(one.what == "rejects" and one.where == "rejected" for one in found):
                before = self._moment(first["rejects"])
                self._tables.command(f"ALTER TABLE rejected DELETE WHERE at < {before}", mutations_sync=2)
            self._tables.clean([table for table in tables if "/" not in table])
        for path in files:
            path.unlink(missing_ok=True)

    def _close(self, name: str, first: date) -> None:
        """Refuse records of days before, and wait for those that were taken already."""
        self._mark(name, first, is_done=0)
        self._say(f"{name}: records of days before {first} are refused; waiting until what is on the wire is stored")
        with closing(Transport(self._endpoints)) as transport:
            wait_until_stored(transport, {}, transport.topic_ids(), idle_s=_IDLE_S)
        self._mark(name, first, is_done=1)

    def _mark(self, name: str, first: date, *, is_done: int) -> None:
        now = self._clock()
        row = {"what": name, "first": self._start(first).isoformat(), "is_done": is_done, "version": now}
        self._tables.insert("retained_from", [{**row, "at": as_datetime(now).isoformat()}])

    def _facts(self, name: str, first: date) -> list[Removal]:
        if name == "legs":
            return self._count(name, first, self._old_facts(first))
        return self._count(name, first, self._clear_numbers(first))

    def _old_facts(self, first: date) -> dict[str, str]:
        """Table -> condition."""
        of_cells = f"kind = 'call' AND bucket < {self._bucket(first)}"
        return {"call_legs": f"started_at < {self._moment(first)}", "placements": of_cells, "activities": of_cells}

    def _delete_facts(self, first: date) -> None:
        for table, condition in self._old_facts(first).items():
            self._tables.command(f"ALTER TABLE {table} DELETE WHERE {condition}", mutations_sync=2)

    def _clear_numbers(self, first: date) -> dict[str, str]:
        clear, bucket = _CLEAR.format("contact", "contact"), self._bucket(first)
        raw = f"{clear} OR match(contact_raw, '[0-9]{{7}}') AND NOT startsWith(contact_raw, '+888')"
        return {
            "call_legs": f"started_at < {self._moment(first)} AND ({raw})",
            "placements": f"bucket < {bucket} AND {clear}",
            "activities": f"bucket < {bucket} AND {clear}",
            "manager_activity": f"bucket < {bucket} AND arrayExists(x -> {_CLEAR.format('x', 'x')}, contacts)",
            "restatements": f"bucket < {bucket} AND match(concat(before, after), {_NUMBER_IN_JSON})",
        }

    def _hide_numbers(self, first: date) -> None:
        """Each number gets the one token that the key makes of it, so that distinct numbers stay distinct."""
        conditions = self._clear_numbers(first)
        ((database,),) = self._tables.query("SELECT currentDatabase()")  # a mutation has none of its own
        token = f"joinGet('{database}.{_TOKENS}', 'token', {{x}})"
        new = f"if({token} = '', {{x}}, {token})"
        contact = f"contact = {new.format(x='contact')}"
        recording = "recording = if(length(contact) > 7 AND position(recording, right(contact, 7)) > 0, '', recording)"
        sets = {
            "call_legs": f"{contact}, contact_raw = if(contact = '', '', {new.format(x='contact')}), {recording}",
            "placements": f"{contact}, {recording}",
            "activities": f"{contact}, {recording}",
            "manager_activity": (f"contacts = arraySort(arrayDistinct(arrayMap(x -> {new.format(x='x')}, contacts)))"),
            "restatements": ", ".join(
                f"{name} = replaceRegexpAll({name}, {_NUMBER_IN_JSON}, '\"+888\"')" for name in ("before", "after")
            ),
        }
        with self._tokens(conditions):
            for table, changed in sets.items():
                self._tables.command(
                    f"ALTER TABLE {table} UPDATE {changed} WHERE {conditions[table]}", mutations_sync=2
                )

    @contextmanager
    def _tokens(self, conditions: dict[str, str]) -> Iterator[None]:
        """Number -> token, in memory only."""
        assert self._key_file is not None  # seen before anything went
        key = read_key(self._key_file) or make_key(self._key_file)
        self._tables.command(f"DROP TABLE IF EXISTS {_TOKENS} SYNC")
        self._tables.command(
            f"CREATE TABLE {_TOKENS} (number String, token String) ENGINE = Join(ANY, LEFT, number)"
            " SETTINGS persistent = 0"
        )
        try:
            numbers = {
                row[0]
                for table, column in (
                    ("call_legs", "contact"),
                    ("placements", "contact"),
                    ("activities", "contact"),
                    ("manager_activity", "arrayJoin(contacts)"),
                )
                for row in self._tables.query(f"SELECT DISTINCT {column} AS n FROM {table} WHERE {conditions[table]}")
                if row[0] and not row[0].startswith("+888")
            }
            rows: list[dict[str, object]] = [{"number": one, "token": keyed_token(key, one)} for one in sorted(numbers)]
            for page in range(0, len(rows), _PAGE):
                self._tables.insert(_TOKENS, rows[page : page + _PAGE])
            yield
        finally:
            self._tables.command(f"DROP TABLE IF EXISTS {_TOKENS} SYNC")

    def _count(self, name: str, first: date, conditions: dict[str, str]) -> list[Removal]:
        counted = (
            Removal(name, first, table, int(self._tables.query(f"SELECT count() FROM {table} WHERE {condition}")[0][0]))
            for table, condition in conditions.items()
        )
        return [one for one in counted if one.count]

    def _old_files(self, first: dict[str, date]) -> Iterator[tuple[str, date, Path]]:
        """(setting, its first day, file) of the files that are older."""
        for kept in self._folders:
            folder = Path(kept.folder)
            places = {Holds.REJECTS: {"rejects": folder}}.get(kept.holds, {})
            if kept.holds is Holds.DROPPED:
                yield from _older(folder / "done", "files_done", first, self._start)
                for name in ("rejected", "rejected-rows"):
                    yield from _older(folder / name, "rejects", first, self._start)
            for setting, reject_folder in places.items():
                yield from _older(reject_folder, setting, first, self._start)

    def _start(self, first: date) -> datetime:
        """The first moment of a local day."""
        return datetime.combine(first, time(), self._zone).astimezone(UTC)

    def _moment(self, first: date) -> str:
        return f"fromUnixTimestamp64Milli({int(self._start(first).timestamp()) * 1000}, 'UTC')"

    def _bucket(self, first: date) -> str:
        return f"toDateTime({int(self._start(first).timestamp())}, 'UTC')"


def _older(
    folder: Path, setting: str, first: dict[str, date], start: Callable[[date], datetime]
) -> Iterator[tuple[str, date, Path]]:
    if setting not in first or not folder.is_dir() or folder.is_symlink():
        return
    before = start(first[setting]).timestamp()
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and path.lstat().st_mtime < before:
            yield setting, first[setting], path


def _by_folder(files: Sequence[tuple[str, date, Path]]) -> list[Removal]:
    counts: dict[tuple[str, date, str], int] = {}
    for setting, first, path in files:
        group = (setting, first, str(path.parent))
        counts[group] = counts.get(group, 0) + 1
    return [Removal(setting, first, folder, count) for (setting, first, folder), count in counts.items()]

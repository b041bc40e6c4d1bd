"""What the store has lost is found from block numbers, whichever rows replaced which, and is said until settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.parts import losses
from pipeline.parts.block_ledger import ImportedFile, LiveLedger, deleting, enter, present_blocks
from pipeline.parts.damaged import put_aside_damaged
from pipeline.parts.losses import close_losses, describe_losses, find_losses, open_losses
from pipeline.parts.runs import Run, joined, subtract
from pipeline.store import Store, connect
from schemas.errors import Terminal

T = TypeVar("T")

RUNS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda run: (run[0], run[0] + run[1])), max_size=6)


def numbers(runs: Sequence[Run]) -> set[int]:
    return {number for first, last in runs for number in range(first, last + 1)}


@given(RUNS, RUNS)
def test_runs_are_sets_of_numbers(runs: list[Run], taken: list[Run]) -> None:
    assert numbers(joined(runs)) == numbers(runs)
    assert numbers(subtract(runs, taken)) == numbers(runs) - numbers(taken)
    kept = joined(runs)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(kept))


class Memory:
    """A store's tables and parts. Answers the questions of `pipeline.parts`, told apart by the table they name."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Run]] = {}
        self.empty: dict[str, list[Run]] = {}
        """Of `parts`: those without rows."""
        self.detached: list[dict[str, Any]] = []
        self.imports: list[dict[str, Any]] = []
        self.kept: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.found: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        table = sql.split(" FROM ")[1].split()[0]
        answers: dict[str, Sequence[dict[str, Any]]] = {
            "system.tables": [{"table": name, "first": 0, "last": 0} for name in ("kept_blocks", "broken_parts")],
            "system.parts": [
                {"table": name, "first": first, "last": last}
                for name, runs in (self.empty if "rows = 0" in sql else self.parts).items()
                for first, last in runs
            ],
            "system.detached_parts": self.detached,
            "imports": sorted(self.imports, key=lambda one: str(one["started_at"])),
            "kept_blocks": sorted(self.kept.values(), key=lambda one: str(one["at"])),
            "broken_parts": [
                one | {"first": one["first_block"], "last": one["last_block"]}
                for one in sorted(self.found.values(), key=lambda one: str(one["found_at"]))
            ],
            "schema_migrations": [{"at": datetime(2026, 1, 1, tzinfo=UTC)}],
        }
        return [msgspec.convert(row, decoder.type, strict=False) for row in answers[table]]

    def keep(self, table: str, lines: Sequence[bytes]) -> None:
        for line in lines:
            row = msgspec.json.decode(line)
            if table == "kept_blocks":
                self.kept[row["import_id"], row["table"], row["first_block"]] = row
            else:
                self.found[row["table"], row["name"], row["found_at"]] = row

    def load(self, import_id: str, blocks: dict[str, Run], file: str = "", state: str = "stored") -> None:
        """An import that inserts these blocks, an hour after the one before."""
        before = present_blocks(self)
        row = len(self.imports) + 1  # an import is a row itself
        for table, run in {**blocks, "imports": (row, row)}.items():
            self.parts.setdefault(table, []).append(run)
        name = file or f"{import_id}.csv"
        source = {"import_id": import_id, "source": "office", "kind": "calls", "file": name, "time_zone": "UTC"}
        enter(self, [ImportedFile(**source, path=f"/exports/{name}")], before)
        self.imports.append({**source, "started_at": self.now, "state": state})


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()

    def clock() -> int:
        memory.now += timedelta(minutes=10)
        return int(memory.now.timestamp() * 1e9)

    monkeypatch.setattr("pipeline.parts.block_ledger.wall_clock", clock)
    monkeypatch.setattr("pipeline.parts.losses.wall_clock", clock)
    return memory


def files(store: Memory) -> list[list[str]]:
    return [[file.file for file in loss.files] for loss in open_losses(store)]


def test_a_store_that_has_everything_says_nothing(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3), "placements": (1, 2)})
    store.load("two", {"call_legs": (4, 9)})
    assert find_losses(store) == []
    store.parts["call_legs"] = [(1, 9)]  # merged
    assert find_losses(store) == []


def test_lost_blocks_name_the_file_that_brought_them_and_the_command(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.load("two", {"call_legs": (4, 9), "placements": (1, 1)})
    store.parts["call_legs"] = [(1, 3)]
    (loss,) = find_losses(store)
    assert (loss.broken.table, loss.broken.run) == ("call_legs", (4, 9))
    assert [file.file for file in loss.files] == ["two.csv"]
    assert "callfunnel load two.csv --source office --kind calls --tz UTC" in describe_losses([loss])
    assert find_losses(store) == open_losses(store) == [loss]  # found once, said until it is settled


def test_a_merged_part_that_is_lost_takes_all_whose_blocks_it_held(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.load("two", {"call_legs": (4, 9)})
    store.parts["call_legs"] = []
    find_losses(store)
    assert files(store) == [["one.csv", "two.csv"]]


def test_what_was_loaded_again_since_can_be_settled_and_nothing_else(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.load("before", {}, file="one.csv")  # again, but before it was lost: that mends nothing
    store.parts["call_legs"] = []
    find_losses(store)
    with pytest.raises(Terminal, match=r"load one\.csv .*\n.*nothing is settled"):
        close_losses(store, anyway=False)
    store.load("again", {"call_legs": (4, 6)}, file="one.csv")
    assert len(close_losses(store, anyway=False)) == 1
    assert open_losses(store) == find_losses(store) == []


def test_what_cannot_be_mended_is_given_up_by_a_word_of_its_own(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.parts["call_legs"] = []
    find_losses(store)
    close_losses(store, anyway=True)
    assert open_losses(store) == find_losses(store) == []


def test_numbers_that_are_given_again_and_lost_again_are_found_again(store: Memory) -> None:
    """ClickHouse counts on from the highest number that it finds."""
    store.load("one", {"call_legs": (1, 3)})
    store.parts["call_legs"] = []
    find_losses(store)
    store.load("again", {"call_legs": (1, 3)}, file="one.csv")
    close_losses(store, anyway=False)
    store.parts["call_legs"] = []
    (loss,) = find_losses(store)
    assert loss.broken.run == (1, 3)
    assert not loss.is_mended


def test_a_part_that_was_put_aside_is_said_with_its_reason_and_not_as_gone_too(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.parts["call_legs"] = []
    name = "broken-on-start_all_1_3_1"
    store.detached = [{"table": "call_legs", "name": name, "reason": "broken-on-start", "first": 1, "last": 3}]
    (loss,) = find_losses(store)
    assert loss.broken.name == f"part {name}"
    assert loss.broken.reason == "put aside (broken-on-start)"
    assert [file.file for file in loss.files] == ["one.csv"]


def test_what_live_doors_brought_is_said_with_its_days(store: Memory) -> None:
    daily = LiveLedger(store)
    store.load("one", {"call_legs": (1, 3)})
    daily.enter()
    store.parts["call_legs"] = [(1, 8)]
    daily.enter()
    store.parts["call_legs"] = [(1, 9)]
    daily.enter()
    assert [row["last_block"] for row in store.kept.values() if not row["import_id"]] == [9]  # one row, extended
    store.parts["call_legs"] = [(1, 3)]
    (loss,) = find_losses(store)
    assert (loss.files, loss.days, loss.is_mended) == ([], ["2026-11-01"], False)
    assert "what listeners brought on 2026-11-01" in describe_losses([loss])


def test_live_rows_that_take_lost_numbers_are_entered_too(store: Memory) -> None:
    store.parts["call_legs"] = [(1, 3)]
    LiveLedger(store).enter()
    store.parts["call_legs"] = []
    find_losses(store)
    close_losses(store, anyway=True)
    store.parts["call_legs"] = [(1, 2)]
    LiveLedger(store).enter()
    store.parts["call_legs"] = []
    (loss,) = find_losses(store)
    assert loss.broken.run == (1, 2)


def test_a_loss_from_before_the_books_names_what_was_loaded_then(store: Memory) -> None:
    store.parts["call_legs"] = [(1, 3)]
    old = {"import_id": "old", "source": "office", "kind": "calls", "file": "old.csv", "time_zone": "UTC"}
    store.imports.append({**old, "started_at": datetime(2025, 1, 1, tzinfo=UTC), "state": "stored"})
    LiveLedger(store).enter()
    store.load("new", {"call_legs": (4, 5)})
    store.parts["call_legs"] = [(4, 5)]
    find_losses(store)
    assert files(store) == [["old.csv"]]


def test_what_was_deleted_on_purpose_is_not_missed(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3), "placements": (1, 2)})
    with deleting(store):
        store.parts["call_legs"] = []  # ClickHouse takes parts without rows away, at once
        store.empty["placements"] = [(1, 2)]
    store.parts["placements"] = []  # or later
    store.empty = {}
    assert find_losses(store) == []
    store.load("two", {"call_legs": (1, 2)})  # the numbers are given again
    store.parts["call_legs"] = []
    assert [loss.broken.run for loss in find_losses(store)] == [(1, 2)]


def test_a_store_that_runs_loses_parts_by_deleting_only(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    ledger = LiveLedger(store)
    ledger.enter()
    store.parts["call_legs"] = []
    ledger.enter()
    assert find_losses(store) == []


def test_an_import_that_was_taken_back_is_not_to_be_loaded_again(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)}, state="undone")
    store.parts["call_legs"] = []
    find_losses(store)
    assert files(store) == [[]]


def test_books_that_are_gone_are_noticed(store: Memory) -> None:
    store.load("one", {"call_legs": (1, 3)})
    store.load("two", {"call_legs": (4, 5)})
    store.kept = {key: row for key, row in store.kept.items() if row["import_id"] != "one"}
    find_losses(store)
    assert files(store) == [["one.csv"]]


def test_a_dropped_file_is_found_in_done(tmp_path: Path) -> None:
    (tmp_path / "done").mkdir()
    dropped = tmp_path / "done" / "calls.zip"
    dropped.write_bytes(b"")
    assert losses._where(str(tmp_path / "calls.zip" / "a.csv")) == str(dropped / "a.csv")
    assert losses._where(str(tmp_path / "other.csv")) == ""


def test_a_store_s_own_numbers_know_what_was_deleted(store_dsn: str) -> None:
    """The real engine: rows, and a partition, that are deleted on purpose. Lost ones: tests/stack/test_lost_parts."""
    client = connect(store_dsn)
    real = Store(client)
    client.command("TRUNCATE TABLE call_legs")
    source = {"import_id": "real", "source": "parts", "kind": "calls", "file": "real.csv", "time_zone": ""}

    def load(version: int) -> None:
        before = present_blocks(real)
        client.command(f"INSERT INTO call_legs (source, record_id, version) VALUES ('parts', '{version}', {version})")
        enter(real, [ImportedFile(**source, path="/exports/real.csv")], before)

    load(1)
    with deleting(real):
        client.command("ALTER TABLE call_legs DELETE WHERE source = 'parts'", settings={"mutations_sync": 2})
    assert "call_legs" not in {loss.broken.table for loss in find_losses(real)}
    load(2)
    load(3)
    client.command("OPTIMIZE TABLE call_legs FINAL")
    assert "call_legs" not in {loss.broken.table for loss in find_losses(real)}
    client.command("ALTER TABLE call_legs DROP PARTITION tuple()")
    assert "call_legs" not in {loss.broken.table for loss in find_losses(real)}, "an empty part keeps the numbers"


def test_a_changed_byte_is_found_by_reading_everything_and_its_part_put_aside(store_dsn: str) -> None:
    client = connect(store_dsn)
    real = Store(client)
    client.command("TRUNCATE TABLE call_legs")
    before = present_blocks(real)
    rows = "SELECT 'parts', toString(number), 1 FROM numbers(999)"
    client.command(f"INSERT INTO call_legs (source, record_id, version) {rows}")
    source = {"import_id": "damaged", "source": "parts", "kind": "calls", "file": "damaged.csv", "time_zone": ""}
    enter(real, [ImportedFile(**source, path="")], before)
    assert put_aside_damaged(real, client.command) == []
    data = (
        Path(str(client.command("SELECT path FROM system.parts WHERE table = 'call_legs' AND active AND rows")))
        / "data.bin"
    )
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 0xFF
    data.write_bytes(content)
    (part,) = put_aside_damaged(real, client.command)
    assert part.reason.startswith("damaged, put aside (Code: 40. DB::Exception: Checksum mismatch")
    assert client.command("SELECT count() FROM call_legs") == 0
    (loss,) = [loss for loss in find_losses(real) if loss.broken.table == "call_legs"]
    assert [file.file for file in loss.files] == ["damaged.csv"]
    close_losses(real, anyway=True)
    client.command("ALTER TABLE call_legs DROP DETACHED PARTITION ALL", settings={"allow_drop_detached": 1})

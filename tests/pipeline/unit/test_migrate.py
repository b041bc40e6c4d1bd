"""Tables come by numbered files that are history once applied; dying half-way is finished by the next run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from pipeline import doctor
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Endpoints
from pipeline.migrate import CLEANED, DURABLE, Migration, lacking_durability, migrate, migrations, pending, statements
from pipeline.store import connect
from schemas.errors import Terminal
from tests.conftest import STARTS_S, store_process, writer_dsn


class Answer(NamedTuple):
    result_rows: Sequence[tuple[Any, ...]]


class Dead(Exception):
    """The program was killed."""


class Database:
    """The part of ClickHouse that migrating needs: tables by name, the ledger, and a life that may end."""

    def __init__(self) -> None:
        self.tables: list[str] = []
        self.ledger: dict[int, tuple[int, str, str]] = {}
        self.durable: set[str] = set()
        self.lives_for = 10**6
        """Statements until it is killed."""

    def command(self, cmd: str, parameters: dict[str, Any] | None = None) -> None:
        if self.lives_for == 0:
            raise Dead
        self.lives_for -= 1
        if parameters is not None:
            row = (parameters["no"], parameters["name"], parameters["sum"])
            self.ledger[row[0]] = row
            return
        if altered := re.match(r"ALTER TABLE `(\w+)` MODIFY SETTING (.*)", cmd):
            assert altered[2] == ", ".join(f"{name} = {value}" for name, value in (DURABLE | CLEANED).items())
            self.durable.add(altered[1])
            return
        made = re.match(r"\s*CREATE TABLE (IF NOT EXISTS )?(\w+)", cmd)
        assert made, cmd
        if made[2] in self.tables:
            assert made[1], f"table {made[2]} already exists"
        elif made[2] != "schema_migrations":
            self.tables.append(made[2])

    def query(self, query: str) -> Answer:
        if "system.tables" in query:
            return Answer([(table,) for table in self.tables if table not in self.durable])
        return Answer(sorted(self.ledger.values()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_facts.sql").write_text(
        "-- what was said; first\nCREATE TABLE legs (a UInt8);\nCREATE TABLE people (b UInt8);"
    )
    (tmp_path / "0002_counts.sql").write_text("CREATE TABLE counts (c UInt8); -- last\n")
    return tmp_path


def test_everything_is_applied_in_order_and_once(folder: Path) -> None:
    database = Database()
    assert [one.name for one in migrate(database, migrations(folder))] == ["0001_facts", "0002_counts"]
    assert database.tables == ["legs", "people", "counts"]
    assert migrate(database, migrations(folder)) == []
    assert pending(database, migrations(folder)) == []


def test_only_the_new_one_is_applied_to_an_older_database(folder: Path) -> None:
    database = Database()
    migrate(database, migrations(folder))
    (folder / "0003_more.sql").write_text("CREATE TABLE more (d UInt8)")
    assert [one.number for one in pending(database, migrations(folder))] == [3]
    assert database.tables == ["legs", "people", "counts"]  # asking applies nothing
    migrate(database, migrations(folder))
    assert database.tables == ["legs", "people", "counts", "more"]


@pytest.mark.parametrize("lives_for", range(11))
def test_migration_that_died_anywhere_is_finished_by_the_next_run(folder: Path, lives_for: int) -> None:
    """Nine statements: the ledger's table, legs, people, an entry, counts, an entry, and three tables made durable."""
    database = Database()
    database.lives_for = lives_for
    known = migrations(folder)
    try:
        migrate(database, known)
    except Dead:
        assert lives_for < 9
    else:
        assert lives_for >= 9
    assert 1 not in database.ledger or database.tables[:2] == ["legs", "people"]
    assert 2 not in database.ledger or database.tables == ["legs", "people", "counts"]
    database.lives_for = 10**6
    migrate(database, known)
    assert database.tables == ["legs", "people", "counts"]
    assert sorted(database.ledger) == [1, 2]


def test_edited_file_is_refused_even_when_only_a_comment_changed(folder: Path) -> None:
    database = Database()
    migrate(database, migrations(folder))
    first = folder / "0001_facts.sql"
    first.write_text(first.read_text() + "\n-- as it always was")
    with pytest.raises(Terminal, match="0001_facts was edited after it was applied: undo the edit, add a new file"):
        pending(database, migrations(folder))


def test_line_ends_of_a_checkout_are_no_edit(folder: Path) -> None:
    before = migrations(folder)
    first = folder / "0001_facts.sql"
    first.write_bytes(first.read_bytes().replace(b"\n", b"\r\n"))
    assert migrations(folder) == before


def test_database_of_a_newer_version_is_refused(folder: Path) -> None:
    database = Database()
    migrate(database, [*migrations(folder), Migration(3, "0003_of_tomorrow", "abc", ("CREATE TABLE more (d UInt8)",))])
    with pytest.raises(Terminal, match="the database has migration 3, which this version lacks: upgrade callfunnel"):
        pending(database, migrations(folder))


@pytest.mark.parametrize("extra", ["0004_gap.sql", "0002_again.sql", "0000_before.sql"])
def test_numbers_without_gap_or_repeat(folder: Path, extra: str) -> None:
    (folder / extra).write_text("CREATE TABLE x (y UInt8)")
    with pytest.raises(Terminal, match=rf"migrations are not numbered 1\.\.3: .*{extra[:-4]}"):
        migrations(folder)


def test_statements_are_cut_at_semicolons_outside_of_comments() -> None:
    assert statements("-- a; b\nCREATE TABLE x (y UInt8); -- c;\n\n;CREATE TABLE z (y UInt8)\n") == (
        "CREATE TABLE x (y UInt8)",
        "CREATE TABLE z (y UInt8)",
    )


_CHANGES_ENGINE = (
    r"DROP TABLE (IF EXISTS )?retracting$|TRUNCATE TABLE kept_blocks$|EXCHANGE TABLES retracting AND \w+$"
    r"|ALTER TABLE retracting ATTACH PARTITION tuple\(\) FROM \w+$"
)
"""A death within it is tried below."""


def test_own_files_only_create_what_a_second_run_leaves_alone() -> None:
    """A migration that died half-way is applied again whole, so each statement must bear that."""
    for migration in migrations():
        assert migration.statements
        for statement in migration.statements:
            if statement.startswith("CREATE TABLE") or re.match(_CHANGES_ENGINE, statement):
                continue
            table, *changes = re.split(r"\s+(?=(?:ADD|MODIFY)\s)", statement)
            assert re.fullmatch(r"ALTER TABLE \w+", table), statement
            assert changes, statement
            for change in changes:
                column = r"ADD (COLUMN|INDEX) IF NOT EXISTS|MODIFY COLUMN \w+ \S+,?$"
                assert re.match(column + r"|MODIFY SETTING (\w+ = \d+(,\s+|$))+$", change), statement


# On a real store of its own, where nothing was migrated yet.


@pytest.fixture(scope="module")
def bare_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port(0, "--store-port")
    store = store_process(tmp_path_factory.mktemp("bare-store"), port)
    store.start()
    try:
        store.wait_ready(STARTS_S)
        yield writer_dsn(port)
    finally:
        store.stop(15)


@pytest.fixture(scope="module")
def bare_store(bare_dsn: str) -> Client:
    return connect(bare_dsn)


@pytest.fixture
def client(bare_store: Client) -> Client:
    for table in tables(bare_store):
        bare_store.command(f"DROP TABLE {table}")
    return bare_store


def tables(client: Client) -> set[str]:
    rows = client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_rows
    return {row[0] for row in rows}


def test_store_gets_every_table_and_a_second_run_changes_nothing(client: Client) -> None:
    assert [one.number for one in migrate(client)] == [one.number for one in migrations()]
    made = tables(client)
    assert {"call_legs", "placements", "manager_activity", "schema_migrations"} <= made
    assert migrate(client) == []
    assert tables(client) == made


def test_store_where_a_migration_died_half_way_is_finished_and_keeps_its_rows(client: Client) -> None:
    first = migrations()[0]
    client.command(first.statements[0])
    client.command("INSERT INTO call_legs (source, version) VALUES ('office', 7)")
    assert [one.number for one in migrate(client)] == [one.number for one in migrations()]
    assert client.command("SELECT version FROM call_legs") == 7


def test_store_of_an_older_version_keeps_its_rows_through_a_power_cut_from_now_on(client: Client) -> None:
    first = migrations()[0]
    client.command(first.statements[0])
    client.command("INSERT INTO call_legs (source, version) VALUES ('office', 7)")
    assert lacking_durability(client) == ["call_legs"]
    migrate(client)
    assert lacking_durability(client) == []
    assert "fsync_after_insert = 1" in str(client.command("SHOW CREATE TABLE schema_migrations"))


def test_doctor_is_unwell_while_a_power_cut_could_take_stored_rows(bare_dsn: str, client: Client) -> None:
    migrate(client)
    endpoints = Endpoints("nowhere:1", bare_dsn)
    assert doctor.tables(endpoints).well
    client.command("ALTER TABLE call_legs RESET SETTING fsync_after_insert")
    check = doctor.tables(endpoints)
    assert not check.well
    assert "rows that were reported as stored: call_legs" in check.found
    migrate(client)
    assert doctor.tables(endpoints).well


def test_store_refuses_an_edited_file_and_a_newer_database(client: Client) -> None:
    known = migrations()
    migrate(client, known)
    edited = [known[0]._replace(checksum="0" * 64), *known[1:]]
    with pytest.raises(Terminal, match=f"{known[0].name} was edited"):
        migrate(client, edited)
    with pytest.raises(Terminal, match=f"has migration {known[-1].number}, which this version lacks"):
        migrate(client, known[:-1])


def test_filled_store_gets_closed_sets_as_numbers_and_says_the_same_rows(client: Client) -> None:
    known = migrations()
    last = next(one for one in known if one.name.endswith("_closed_sets"))
    migrate(client, known[: last.number - 1])
    client.command(
        "INSERT INTO activities (bucket, manager_id, activity_id, kind, stage, version)"
        " SELECT 300 * (number % 7), concat('m', toString(number % 3)), toString(number % 50), 'call', 'new', number"
        " FROM numbers(100)"
    )
    everything = "SELECT * FROM activities FINAL ORDER BY bucket, manager_id, activity_id"
    before = client.query(everything).result_rows
    assert len(before) > 40
    for _ in range(2):  # whole, and again, as after a death before the ledger knew
        migrate(client, known[: last.number])
        assert client.query(everything).result_rows == before
        client.command(f"DELETE FROM schema_migrations WHERE number = {last.number}")
    types = client.query("SELECT type FROM system.columns WHERE table = 'activities' AND name = 'stage'").result_rows
    assert types == [("LowCardinality(String)",)]
    client.command("INSERT INTO activities (bucket, manager_id, activity_id, version) VALUES (0, 'x', 'x', 1)")
    said = client.query("SELECT direction, disposition, kind FROM activities WHERE activity_id = 'x'").result_rows
    assert said == [("unknown", "unknown", "")]


def test_tables_keep_their_rows_through_a_change_of_engine_that_dies_anywhere(bare_store: Client) -> None:
    *before, change = migrations()[:7]
    bare_store.command("DROP TABLE IF EXISTS schema_migrations")
    for name in [row[0] for row in bare_store.query("SHOW TABLES").result_rows]:
        bare_store.command(f"DROP TABLE {name}")
    migrate(bare_store, before)
    bare_store.command(
        "INSERT INTO stage_changes (organisation_id, stage, changed_at, version)"
        " SELECT toString(number), 'new', '2026-11-02 09:00:00', 1 FROM numbers(1000)"
    )
    bare_store.command(
        "INSERT INTO absences (manager_id, first, last, version) VALUES ('ann', '2026-11-02', '2026-11-03', 1)"
    )
    forget = f"ALTER TABLE schema_migrations DELETE WHERE number = {change.number} SETTINGS mutations_sync = 2"
    for died_after in range(1, len(change.statements), 9):
        for statement in change.statements[:died_after]:
            bare_store.command(re.sub("^CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", statement))
        migrate(bare_store, [*before, change])
        bare_store.command(forget)
        assert bare_store.command("SELECT count() FROM stage_changes FINAL") == 1000
        assert bare_store.command("SELECT count() FROM absences FINAL") == 1
        for name in ("stage_changes", "absences"):
            engine = bare_store.command(f"SELECT engine_full FROM system.tables WHERE name = '{name}'")
            assert str(engine).startswith("ReplacingMergeTree(version, retracted)")

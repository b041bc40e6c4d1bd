"""Grafana's ClickHouse plugin and the embedded store: its client, over HTTP, reads whatever the boards ask for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from grafana.alerts.rules import groups
from grafana.build import EXAMPLE
from pipeline.readouts.department import department_of
from schemas.parameters import Department
from schemas.screens.boards.manager import MANAGER
from schemas.screens.panel import Board, Panel
from schemas.screens.variables import QUERIES
from tests.conftest import required
from tests.grafana.asking import Asker, Row
from tests.grafana.conftest import StoredDepartment
from tests.grafana.expand import at_that_time, expanded
from tests.grafana.test_panels import IDS, PANELS, period_of

pytestmark = pytest.mark.stack
SOURCE = Path(__file__).with_name("plugin")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built once. Skips where there is no Go; fails there in CI (REQUIRE_GO=1)."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    binary = tmp_path_factory.mktemp("plugin") / "plugin"
    if go is None:
        failure = "there is no `go`"
    else:
        built = subprocess.run(
            [go, "build", "-o", str(binary), "."], cwd=SOURCE, capture_output=True, text=True, timeout=900, check=False
        )
        failure = built.stderr if built.returncode else ""
    if failure:
        if required("REQUIRE_GO"):
            pytest.fail(f"the plugin's client is required here: {failure}")
        pytest.skip(f"the plugin's client: {failure}")
    return binary


class Plugin(Asker):
    """Asks as the plugin does."""

    def __init__(self, program: Path, dsn: str, department: Department) -> None:
        super().__init__(dsn, department)
        where = urlsplit(dsn)
        env = {**os.environ, "STORE": f"127.0.0.1:{where.port}", "PASSWORD": where.password or ""}
        self._process = subprocess.Popen(
            [str(program)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        assert self._process.stdin
        assert self._process.stdout
        bound = {name: str(value) for name, value in (parameters or {}).items()}
        self._process.stdin.write(json.dumps({"SQL": sql, "Parameters": bound}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._process.stderr and self._process.stderr.read()
        answer = json.loads(line)
        assert not answer["Error"], (answer["Error"], sql)
        return [dict(zip(answer["Columns"], row, strict=True)) for row in answer["Rows"]]

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def plugin(program: Path, stored_department: StoredDepartment) -> Iterator[Plugin]:
    plugin = Plugin(program, stored_department.reader, department_of(stored_department.settings))
    yield plugin
    plugin.close()


@pytest.fixture(scope="module")
def asker(stored_department: StoredDepartment) -> Asker:
    return Asker(stored_department.reader, department_of(stored_department.settings))


def plain(value: Any) -> Any:
    """A value as both clients can say it: moments as clocks of their column's zone, numbers as numbers."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return pytest.approx(value) if value != int(value) else int(value)
    if not isinstance(value, str):
        return value
    for read in (datetime.fromisoformat, float):
        try:
            found = read(value)
        except ValueError:
            continue
        if isinstance(found, datetime):
            return found.replace(tzinfo=None)
        return found if value[:1].isdigit() and len(value) < 17 else value
    return value


def shown(rows: list[Row]) -> list[Row]:
    """Without moments of another zone than UTC, which no panel shows: at revision 0 a type does not tell its zone."""
    return [{name: plain(value) for name, value in row.items() if not name.startswith("local_")} for row in rows]


def test_it_connects_and_reads_every_column_of_every_table(plugin: Plugin, asker: Asker) -> None:
    columns = asker.rows(
        "SELECT table, name, type FROM system.columns WHERE database = 'default' ORDER BY table, position"
    )
    tables = {row["table"] for row in columns}
    assert len({row["type"] for row in columns}) > 10
    read = 0
    for table in sorted(tables):
        sql = f"SELECT * FROM {table} ORDER BY ALL LIMIT 50"
        rows = plugin.rows(sql)
        assert [plain(row) for row in rows] == [plain(row) for row in asker.rows(sql)], table
        read += bool(rows)
    assert read > 10, "most tables have rows"


def test_parameters_are_bound(plugin: Plugin) -> None:
    sql = "SELECT {n:UInt32} + 1 AS n, {s:String} AS s, {a:Array(String)} AS a"
    assert plugin.rows(sql, {"n": 41, "s": "О'Брайен", "a": "['a','б']"}) == [
        {"n": 42, "s": "О'Брайен", "a": ["a", "б"]}
    ]


def test_an_error_is_an_error_and_not_rows(plugin: Plugin) -> None:
    with pytest.raises(AssertionError, match="UNKNOWN_TABLE"):
        plugin.rows("SELECT * FROM nosuch")
    assert plugin.rows("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_every_panel(plugin: Plugin, asker: Asker, board: Board, panel: Panel) -> None:
    chosen = period_of(board)
    assert panel.query is not None
    found = plugin.as_grafana(panel.query, chosen, board.all_variables)
    assert shown(found) == shown(asker.as_grafana(panel.query, chosen, board.all_variables))


@pytest.mark.parametrize("name", QUERIES)
def test_every_variable(plugin: Plugin, asker: Asker, name: str) -> None:
    found = plugin.as_grafana(QUERIES[name], period_of(MANAGER))
    assert plain(found) == plain(asker.as_grafana(QUERIES[name], period_of(MANAGER)))


def test_every_query_of_the_alert_rules(plugin: Plugin, asker: Asker) -> None:
    queries = [
        query["model"]["rawSql"]
        for _, _, rules in groups(EXAMPLE)
        for made in rules
        for query in made["data"]
        if "rawSql" in query["model"]
    ]
    assert len(queries) >= 9
    until = datetime(2026, 6, 10, 12, tzinfo=UTC)
    for text in queries:
        sql = at_that_time(expanded(text.replace("$$", "$"), until - timedelta(hours=2), until), until)
        # They are ordered by time alone.
        assert sorted(map(str, plain(plugin.rows(sql)))) == sorted(map(str, plain(asker.rows(sql)))), sql

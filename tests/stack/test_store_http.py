"""The store as ClickHouse's clients meet it over HTTP: who may do what, and how much of it."""

from __future__ import annotations

import gzip
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import clickhouse_connect
import lz4.frame
import psutil
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port
from pipeline.embedded.sql_guard import RefusedQuery, guard
from tests.conftest import STARTS_S, store_process
from tests.stack.deployment import wait_for

pytestmark = pytest.mark.stack

READER = {"X-ClickHouse-User": "reader", "X-ClickHouse-Key": "reader"}
WRITER = {"X-ClickHouse-User": "callfunnel", "X-ClickHouse-Key": "writer"}
MOST_BODY, MOST_OF_A_READER = 3 << 20, 1 << 20
AT = datetime(2026, 6, 1, 9, tzinfo=UTC)


class Answer(NamedTuple):
    status: int
    code: str
    """ClickHouse's error code, "" for none."""
    body: bytes


class Store(NamedTuple):
    """A store with small limits: bodies of 3 MB (1 MB of a reader), 100 MB a query, 2 s for a reader."""

    process: StackPart
    port: int

    def ask(
        self, body: bytes | str = b"", headers: dict[str, str] = READER, method: str = "POST", **url: str
    ) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/?{urllib.parse.urlencode(url)}",
            data=data if method == "POST" else None,
            headers=headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, "", answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("X-ClickHouse-Exception-Code", ""), error.read())

    def code_in_time(self, sql: str) -> str:
        """The error's code; asked again while a busy machine reaches the two seconds (159) before anything else."""
        codes: list[str] = []

        def is_settled() -> bool:
            codes.append(self.ask(sql).code)
            return codes[-1] != "159"

        wait_for("limit but the one of time", is_settled)
        return codes[-1]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    port = free_port(0, "")
    limits = ("--max-body-mb", "3", "--max-memory-mb", "100", "--max-seconds", "2")
    process = store_process(tmp_path_factory.mktemp("store"), port, *limits)
    process.start()
    try:
        process.wait_ready(STARTS_S)
        store = Store(process, port)
        assert store.ask("CREATE TABLE kept (a UInt32) ENGINE = MergeTree ORDER BY a", WRITER).status == 200
        assert store.ask("INSERT INTO kept VALUES (1), (2)", WRITER).status == 200
        yield store
    finally:
        process.stop(15)


def test_the_ordinary_client_writes_and_reads_as_the_writer(store: Store) -> None:
    client = clickhouse_connect.get_client(dsn=f"http://callfunnel:writer@127.0.0.1:{store.port}/default")
    client.command(
        "CREATE TABLE mixed (id UInt32, name String, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id"
    )
    client.insert("mixed", [[1, "Ромашка", AT], [2, "it's", AT]], column_names=["id", "name", "at"])
    client.raw_insert("mixed", insert_block=b'{"id":3,"name":"wire"}', fmt="JSONEachRow")
    rows = client.query(
        "SELECT name FROM mixed WHERE id >= {least:UInt32} ORDER BY id", parameters={"least": 1}
    ).result_rows
    assert rows == [("Ромашка",), ("it's",), ("wire",)]
    client.command("DROP TABLE mixed")
    client.close()


def test_the_ordinary_client_reads_as_the_reader_and_cannot_write(store: Store) -> None:
    client = clickhouse_connect.get_client(dsn=f"http://reader:reader@127.0.0.1:{store.port}/default")
    assert client.query("SELECT sum(a) FROM kept").result_rows == [(3,)]
    with pytest.raises(DatabaseError, match="READONLY"):
        client.insert("kept", [[9]], column_names=["a"])
    client.close()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**READER, "X-ClickHouse-Key": "writer"}, id="another's password"),
        pytest.param({**WRITER, "X-ClickHouse-Key": ""}, id="no password"),
        pytest.param({"X-ClickHouse-User": "default", "X-ClickHouse-Key": ""}, id="ClickHouse's default user"),
        pytest.param({"Authorization": "Basic !!"}, id="not Base64"),
        pytest.param({"Authorization": "Bearer reader"}, id="not Basic"),
    ],
)
def test_whoever_is_not_known_is_refused_before_the_sql_is_looked_at(store: Store, headers: dict[str, str]) -> None:
    assert store.ask("SELECT 1", headers)[:2] == (403, "516")
    assert store.ask("no SQL", headers)[:2] == (403, "516")


def test_basic_authorization_and_credentials_in_the_url_are_accepted(store: Store) -> None:
    assert store.ask("SELECT 1", {"Authorization": "Basic cmVhZGVyOnJlYWRlcg=="}).body == b"1\n"  # reader:reader
    assert store.ask("SELECT 1", {}, user="reader", password="reader").body == b"1\n"


@pytest.mark.parametrize(
    ("sql", "codes"),
    [
        ("INSERT INTO kept VALUES (9)", {"164"}),
        ("INSERT INTO kept FORMAT JSONEachRow\n{\"a\":9}", {"164"}),
        ("DROP TABLE kept", {"164"}),
        ("ALTER TABLE kept DELETE WHERE 1", {"164"}),
        ("KILL QUERY WHERE 1", {"164"}),
        ("SELECT 1 SETTINGS max_execution_time = 0", {"164"}),
        ("SELECT 1 SETTINGS readonly = 0", {"164"}),
        ("SELECT * FROM file('/etc/passwd', 'LineAsString')", {"497"}),
        ("SELECT `file`('/etc/passwd')", {"497"}),
        ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", {"497"}),
        ("SELECT * FROM s3('https://s3.test/x')", {"497"}),
        ("SELECT 1 INTO OUTFILE '/tmp/callfunnel-must-not-be'", {"497"}),
        ("SELECT 1 INTO/**/OUTFILE '/tmp/callfunnel-must-not-be'", {"497"}),
        ("DESCRIBE TABLE `file`('/etc/passwd', 'LineAsString')", {"497"}),
    ],
)  # fmt: skip
def test_a_reader_cannot_write_set_or_leave_the_database(store: Store, sql: str, codes: set[str]) -> None:
    answer = store.ask(sql)
    assert (answer.status, {answer.code}) == (403, codes), answer.body
    assert not Path("/tmp/callfunnel-must-not-be").exists()
    assert store.ask("SELECT sum(a) FROM kept").body == b"3\n"


def test_a_reader_cannot_send_settings_but_the_ones_grafana_sends(store: Store) -> None:
    assert store.ask("SELECT 1", max_memory_usage="0")[:2] == (403, "164")
    assert store.ask("SELECT 1", max_execution_time="60").body == b"1\n"


def test_a_setting_cannot_carry_another_one_in_its_name(store: Store) -> None:
    assert store.ask("SELECT 1", WRITER, **{"max_threads = 1, max_memory_usage": "0"}).code == "115"


def test_a_setting_of_one_query_does_not_stay_and_its_limit_comes_back(store: Store) -> None:
    asked = "SELECT getSetting('max_execution_time'), getSetting('max_block_size')"
    for _ in range(8):  # every handle of the writer's pool
        assert store.ask(asked, WRITER, max_execution_time="7", max_block_size="100").body == b"7\t100\n"
    for _ in range(8):
        assert store.ask(asked, WRITER).body == b"600\t65409\n"


_PLAN = """
import sys
from pathlib import Path
from pipeline.embedded.engine import LIMITS, Engine

handle = Engine(Path(sys.argv[1])).open(LIMITS["reader"])
question = "EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(10000000)"
sys.stdout.buffer.write(handle.query(question, "TSVRaw", {}, {}))
"""


def test_files_of_the_folder_that_it_is_started_in_are_not_its_settings(tmp_path: Path) -> None:
    for name in ("config.xml", "clickhouse-local.xml"):
        (tmp_path / name).write_text("<another><program/></another", "utf-8")
    asked = [sys.executable, "-c", _PLAN, "data"]
    said = subprocess.run(asked, stdout=subprocess.PIPE, check=True, timeout=180, cwd=tmp_path)
    assert b"AggregatingTransform" in said.stdout
    assert any((tmp_path / "data").iterdir())


def test_a_reader_is_answered_by_two_threads_however_little_memory_there_is(tmp_path: Path) -> None:
    """The engine is asked itself, in a process of its own: behind its door no reader has EXPLAIN."""
    asked = [sys.executable, "-c", _PLAN, str(tmp_path / "data")]
    said = subprocess.run(asked, stdout=subprocess.PIPE, check=True, timeout=180).stdout.decode()
    assert "AggregatingTransform × 2" in said, said


def test_limits_of_a_reader_hold_inside_of_a_query_too(store: Store) -> None:
    lifted = "max_memory_usage = 0, max_execution_time = 0, max_result_bytes = 0, readonly = 0"
    names = [one.partition(" ")[0] for one in lifted.split(", ")]
    asked = f"SELECT {', '.join(f'getSetting({name!r})' for name in names)}"
    assert store.ask(f"SELECT * FROM ({asked} SETTINGS {lifted})").body == b"100000000\t2\t33554432\t1\n"
    assert store.ask(f"{asked} SETTINGS {lifted}").code == "164"
    large = "SELECT * FROM (SELECT groupArray(number) FROM numbers(100000000) SETTINGS max_memory_usage = 0)"
    assert store.code_in_time(large) == "241"


ODD = {
    "brackets": "SELECT " + "(" * 50_000 + "1" + ")" * 50_000,
    "functions": "SELECT " + "abs(" * 3_000 + "1" + ")" * 3_000,
    "a chain": "SELECT " + " AND ".join(["number = 1"] * 15_000) + " FROM numbers(1)",
    "subqueries": "SELECT * FROM (" * 500 + "SELECT 1" + ")" * 500,
    "a type": f"SELECT CAST([], '{'Array(' * 3_000}Int8{')' * 3_000}')",
    "a long list": f"SELECT 1 IN ({', '.join(map(str, range(100_000)))})",
    "aliases of aliases": "WITH 1 AS a0, " + ", ".join(f"a{n} + a{n} AS a{n + 1}" for n in range(40)) + " SELECT a40",
    "recursion": "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count() FROM t",
    "an array": "SELECT range(400000000)",
    "a text": "SELECT repeat(repeat('a', 1000), 1000000)",
    "a state": "SELECT finalizeAggregation(CAST(unhex('FFFFFFFFFFFFFFFF7F'), 'AggregateFunction(groupArray, UInt64)'))",
    "random rows": "SELECT * FROM generateRandom('a Array(Array(String))', 1, 100000, 100000) LIMIT 100",
    "endless rows": "SELECT * FROM numbers()",
    "endless counting": "SELECT sum(number) FROM numbers(1000000000000)",
    "everything by itself": "SELECT count() FROM numbers(1000000000) AS a CROSS JOIN numbers(1000000000) AS b",
    "sleep": "SELECT sleep(100)",
    "a plan": "EXPLAIN SELECT 1",
    "a width": "SELECT printf('%2147483600d', 1)",
}


def test_odd_questions_are_refused_and_the_process_lives_on(store: Store) -> None:
    for name, sql in ODD.items():
        assert store.ask(sql).status >= 400, name
        assert store.process.is_running, name
    assert store.ask("SELECT 1").body == b"1\n"


def test_every_table_function_of_the_engine_is_known_to_be_harmless_or_is_refused(store: Store) -> None:
    """An engine of another version may have new ways out: this says which."""
    harmless = {
        "dictionary", "format", "fuzzjson", "fuzzquery", "generaterandom", "generateseries", "generate_series",
        "input", "loop", "merge", "null", "numbers", "numbers_mt", "primes", "sqlstandardvalues", "values", "view",
        "viewexplain", "viewifpermitted", "zeros", "zeros_mt",
    }  # fmt: skip
    names = store.ask("SELECT name FROM system.table_functions").body.decode().split()
    assert len(names) > 50
    served = set()
    for name in names:
        try:
            guard(f"SELECT * FROM {name}('x')", reader=True)
            served.add(name.lower())
        except RefusedQuery:
            continue
    of_our_tables = {name for name in served if name.startswith(("mergetree", "timeseries"))}
    assert served - of_our_tables <= harmless


@pytest.mark.parametrize(("who", "most"), [(READER, MOST_OF_A_READER), (WRITER, MOST_BODY)], ids=["reader", "writer"])
def test_a_body_over_the_limit_is_413_however_it_is_packed(store: Store, who: dict[str, str], most: int) -> None:
    large = b"SELECT '" + b"a" * most + b"'"
    for body, encoding in ((large, ""), (gzip.compress(large), "gzip"), (lz4.frame.compress(large), "lz4")):
        answer = store.ask(body, {**who, "Content-Encoding": encoding} if encoding else who)
        assert answer[:2] == (413, "396")
        assert str(most) in answer.body.decode()
    # What is not over it is read, and refused for what it says.
    assert store.ask(large[:most], who).code == "62"
    assert store.ask(b"no frame", {**who, "Content-Encoding": "lz4"})[:2] == (400, "432")


def test_time_and_memory_of_a_query_are_limited(store: Store) -> None:
    assert store.ask("SELECT count() FROM numbers(1000000000000)")[:2] == (503, "159")
    assert store.code_in_time("SELECT uniqExact(toString(number)) FROM numbers(50000000)") == "241"
    assert store.ask("SELECT 1").body == b"1\n"


def test_answers_of_a_gigabyte_are_refused_and_leave_the_store_serving(store: Store) -> None:
    """chDB's limits do not count an answer's buffers: without limits of our own these took 3.7 GB, and stayed."""

    def ask(kind: str) -> str:
        return store.ask(f"SELECT repeat('x', 1000) FROM numbers(1000000) FORMAT {kind}").code

    with ThreadPoolExecutor(6) as clients:
        codes = set(clients.map(ask, ["Native", "TSV", "JSON"] * 4))
    assert codes <= {"241", "396", "159"}
    assert psutil.Process(store.process.pid).memory_info().rss < 2_500_000_000
    assert store.ask("SELECT 1").body == b"1\n"


def test_an_answer_that_breaks_off_is_not_the_beginning_of_the_next_one(store: Store) -> None:
    """chDB keeps what a failed query had answered, and begins the next answer of the connection with it."""
    for kind in ("JSON", "TSV"):
        assert store.code_in_time(f"SELECT throwIf(number = 500000) FROM numbers(1000000) FORMAT {kind}") == "395"
        assert {store.ask("SELECT 1").body for _ in range(8)} == {b"1\n"}


def test_what_grafanas_plugin_sends(store: Store) -> None:
    """clickhouse-go 2.48 over HTTP: a hello in Native, then questions, gzip both ways."""
    headers = {**READER, "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    url = {"default_format": "Native", "enable_http_compression": "1", "max_execution_time": "60"}
    url |= {"client_protocol_version": "54460", "database": "default"}
    hello = store.ask(gzip.compress(b"SELECT displayName(), version(), revision(), timezone()"), headers, **url)
    assert hello.status == 200
    assert hello.body[:10] == b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01", "block info, four columns, one row"
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in hello.body, "not serialized in a way of its own; 0"
    assert hello.body.endswith(b"\x03UTC")
    older = store.ask(gzip.compress(b"SELECT displayName(), version(), revision(), timezone()"), headers,
                      default_format="Native")  # fmt: skip
    assert older.body[:2] == b"\x04\x01", "a client that names no revision gets a plain block"
    # Native: columns, rows, then of each column its name, type and values (little endian).
    seven = store.ask(gzip.compress(b"SELECT toUInt32(7) AS n"), headers, **url)
    assert seven.body == b"\x01\x01\x01n\x06UInt32\x07\x00\x00\x00"
    many = store.ask(gzip.compress(b"SELECT toUInt8(number % 3) AS n FROM numbers(100000)"), headers, **url)
    plain = gzip.decompress(many.body)
    assert len(many.body) < len(plain)
    assert plain.count(b"\x01n\x05UInt8") >= 1


def test_sql_by_get_by_post_and_half_and_half(store: Store) -> None:
    assert store.ask(method="GET", query="SELECT 1 + {n:UInt8}", param_n="2").body == b"3\n"
    assert store.ask("SELECT 1").body == b"1\n"
    assert store.ask("SELECT 1 AS n", default_format="JSONEachRow").body == b'{"n":1}\n'
    assert store.ask(lz4.frame.compress(b"SELECT 1"), {**READER, "Content-Encoding": "lz4"}).body == b"1\n"
    assert store.ask("CREATE TABLE two (a UInt8) ENGINE = Memory", WRITER).status == 200
    assert store.ask('{"a":5}\n{"a":6}', WRITER, query="INSERT INTO two FORMAT JSONEachRow").status == 200
    assert store.ask("SELECT sum(a) FROM two").body == b"11\n"
    assert store.ask("DROP TABLE two", WRITER).status == 200


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [("SELECT (", 500, "62"), ("SELECT nosuch", 500, "47"), ("SELECT * FROM nosuch", 404, "60"), ("", 500, "62")],
)
def test_errors_have_clickhouses_codes(store: Store, sql: str, status: int, code: str) -> None:
    assert store.ask(sql, WRITER)[:2] == (status, code)


def test_two_stores_cannot_open_one_folder(store: Store, tmp_path: Path) -> None:
    second = store_process(Path(store.process.log).parent, free_port(0, ""))
    second.log = tmp_path / "second.log"
    second.start()
    try:
        wait_for("its end", lambda: not second.is_running or "listening" in second.last_log_line(), STARTS_S)
        assert second.exit_code not in (None, 0)
    finally:
        second.stop(5)

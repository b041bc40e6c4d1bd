"""Long queries of one reader leave the board page, commands and workers their turn."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import psutil
import pytest

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port
from tests.conftest import STARTS_S, store_process
from tests.stack.deployment import wait_for

pytestmark = pytest.mark.stack

SECONDS, WAITING, RUNNING = 4, 4, 3
LONG = "SELECT sum(sipHash64(number)) FROM numbers(100000000000)"
LARGE = "SELECT uniqExact(toString(number)) FROM numbers(1000000000)"
PATTERN = "%a_" * 6000
UNENDING = f"SELECT count() FROM (SELECT repeat('a', 200000) AS s FROM numbers(4)) WHERE s LIKE '{PATTERN}b'"
"""One function over one value: no limit of the engine ends it."""


class Answer(NamedTuple):
    status: int
    words: str
    seconds: float


class Store(NamedTuple):
    process: StackPart
    port: int

    def ask(self, user: str, sql: str) -> Answer:
        passwords = {"callfunnel": "writer", "reader": "reader"}
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": passwords.get(user, "inner")}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", sql.encode(), headers)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.read().decode(), time.monotonic() - began)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), time.monotonic() - began)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    port = free_port(0, "")
    limits = ("--max-seconds", str(SECONDS), "--max-waiting", str(WAITING))
    process = store_process(tmp_path_factory.mktemp("store"), port, *limits)
    process.start()
    try:
        process.wait_ready(STARTS_S)
        store = Store(process, port)
        made = store.ask("callfunnel", "CREATE TABLE kept (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
        assert made.status == 200, made
        yield store
    finally:
        process.stop(0)


def at_once(store: Store, clients: ThreadPoolExecutor, sql: str, how_many: int) -> list[Future[Answer]]:
    """Begin so many queries of the reader; return when they are at work, as far as they get to it."""
    asked = [clients.submit(store.ask, "reader", sql) for _ in range(how_many)]
    running = "SELECT count() FROM system.processes WHERE query LIKE '%numbers(%' AND query NOT LIKE '%processes%'"
    wait_for("queries that run", lambda: int(store.ask("report", running).words) >= min(how_many, RUNNING))
    return asked


def assert_others_have_their_turn(store: Store) -> None:
    for user in ("board", "report", "supervisor"):
        answer = store.ask(user, "SELECT count() FROM numbers(100000)")
        assert (answer.status, answer.words, answer.seconds < 2) == (200, "100000\n", True), (user, answer)
    rows = "\n".join(f"{number}\t{'x' * 200}" for number in range(2000))
    inserted = store.ask("callfunnel", f"INSERT INTO kept FORMAT TabSeparated\n{rows}")
    assert (inserted.status, inserted.seconds < 5) == (200, True), inserted


@pytest.mark.parametrize(
    ("sql", "how_many"),
    [pytest.param(LONG, 3, id="three"), pytest.param(LONG, 10, id="ten"), pytest.param(LARGE, 3, id="three large")],
)
def test_long_queries_of_a_reader_leave_the_others_their_turn_and_are_ended(
    store: Store, sql: str, how_many: int
) -> None:
    with ThreadPoolExecutor(how_many) as clients:
        asked = at_once(store, clients, sql, how_many)
        over = max(0, how_many - RUNNING - WAITING)
        wait_for("refusals", lambda: sum(one.done() for one in asked) >= over, 2.0)
        refused = [one for one in asked if one.done()]
        assert_others_have_their_turn(store)
        answers = [one.result() for one in asked]
    assert {answer.status for answer in answers} <= ({503} if sql == LONG else {503, 500}), answers
    assert max(answer.seconds for answer in answers) < 10 + SECONDS + 6, "10 s in the queue, and their time"
    if over:
        assert len(refused) == over, "at once: the first ones were still running"
        for one in refused:
            assert f"too many simultaneous queries of user reader: {RUNNING} run and {WAITING} wait. Ask again" in (
                one.result().words
            )
    assert psutil.Process(store.process.pid).memory_info().rss < 2_500_000_000


def test_a_query_that_the_engine_cannot_end_is_answered_and_holds_its_own_handle_only(store: Store) -> None:
    with ThreadPoolExecutor(1) as clients:
        asked = at_once(store, clients, UNENDING, 1)
        assert_others_have_their_turn(store)
        answer = asked[0].result()
    assert answer.status == 503
    assert f"no answer within {SECONDS} s, the limit of user reader: ask for less" in answer.words
    assert answer.seconds < SECONDS + 8
    assert store.ask("reader", "SELECT 1").words == "1\n", "by another handle"


def test_nobody_is_a_user_of_ours_with_the_readers_password(store: Store) -> None:
    headers = {"X-ClickHouse-User": "board", "X-ClickHouse-Key": "reader"}
    request = urllib.request.Request(f"http://127.0.0.1:{store.port}/", b"SELECT 1", headers)
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(request, timeout=60)
    refused.value.close()

"""What tests share: an empty, migrated store of their own, and Apache Kafka where it is to be had."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from pipeline.migrate import migrate
from pipeline.store import connect
from tests.browser.chromium import Missing as NoBrowser
from tests.browser.chromium import chromium as headless
from tests.databases.servers import Missing as NoServer
from tests.databases.servers import Server, mariadb, postgresql
from tests.kafka.apache import Missing, classpath, format_log_dir

LONG = frozenset({"test_delivery.py", "test_through_product.py"})
"""Files of minutes begin first, so that no core waits for the other's last file."""

SERVERS = frozenset(
    {"store_dsn", "stored_department", "apache_kafka", "mariadb_server", "postgresql_server", "chromium"}
)
"""Fixtures that start a server or a browser."""

STARTS_S = 90.0
"""How long a process of ours may take to start beside other tests; alone it takes seconds."""


PASSWORDS = {
    "CALLFUNNEL_STORE_PASSWORD": "writer",
    "CALLFUNNEL_STORE_READER_PASSWORD": "reader",
    "CALLFUNNEL_STORE_INNER_PASSWORD": "inner",
}
"""Of the stores that tests start."""


def pytest_configure() -> None:
    """Hypothesis never judges by the clock: on a busy machine an example takes what it takes.

    Where a red test refuses a day's work (CI), the examples are the same each time, new ones are looked for elsewhere.
    """
    hypothesis_settings.register_profile(
        "callfunnel",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
        derandomize=required(),
        **({"database": None} if required() else {}),
    )
    hypothesis_settings.load_profile("callfunnel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if SERVERS.intersection(fixtures) or item.get_closest_marker("stack") or item.get_closest_marker("kafka"):
            item.add_marker("servers")


@pytest.fixture(scope="session")
def store_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded store as a process, one for the whole run: tests truncate what they use."""
    folder: Path = tmp_path_factory.mktemp("store")
    port = free_port(0, "--store-port")
    store = store_process(folder, port)
    store.start()
    try:
        store.wait_ready(STARTS_S)
        dsn = writer_dsn(port)
        migrate(connect(dsn))
        yield dsn
    finally:
        store.stop(15)


def store_process(folder: Path, port: int, *options: str) -> StackPart:
    """The embedded store over FOLDER/data, not started. Users: callfunnel:writer, reader:reader, and board:inner."""
    command = [sys.executable, "-m", "pipeline.embedded.store_server", "--data", str(folder / "data")]
    return StackPart(
        "store",
        [*command, "--port", str(port), *options],
        logs=folder,
        env={**os.environ, **PASSWORDS},
        ready=lambda: listens(port),
    )


def writer_dsn(port: int) -> str:
    return f"http://callfunnel:writer@127.0.0.1:{port}/default"


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackPart, str]]:
    """A running Apache Kafka: (its process, its address). Skips where it cannot be had; fails there in CI."""
    try:
        jars = classpath()
    except Missing as missing:
        if required():
            pytest.fail(f"Apache Kafka is required here: {missing}")
        pytest.skip(f"Apache Kafka: {missing}")
    node, address = format_log_dir(tmp_path_factory.mktemp("kafka"), jars)
    node.start()
    try:
        node.wait_ready(STARTS_S)
        yield node, address
    finally:
        node.stop(30)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    yield from _served("MariaDB", mariadb)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    yield from _served("PostgreSQL", postgresql)


def _served(name: str, start: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    """A running database server. Skips where it cannot be had; fails there in CI."""
    try:
        with start() as server:
            yield server
    except NoServer as missing:
        if required("REQUIRE_DATABASES"):
            pytest.fail(f"{name} is required here: {missing}")
        pytest.skip(f"{name}: {missing}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Skips where the machine has none; fails there in CI (REQUIRE_BROWSER=1).

    Of one module: Playwright's loop goes on in this thread until it is stopped, and asyncio.run refuses to start then.
    """
    try:
        with headless() as browser:
            yield browser
    except NoBrowser as missing:
        if required("REQUIRE_BROWSER"):
            pytest.fail(f"a browser is required here: {missing}")
        pytest.skip(f"a browser: {missing}")


def required(variable: str = "REQUIRE_KAFKA") -> bool:
    """CI says so, or whoever wants to be sure (REQUIRE_KAFKA=1, REQUIRE_DATABASES=1, REQUIRE_BROWSER=1)."""
    said = os.environ.get(variable, os.environ.get("CI", ""))
    return said.lower() not in ("", "0", "false", "no")

"""Real databases; a machine without them skips, CI and REQUIRE_DATABASES=1 fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.databases.servers import Missing, Server, mariadb, postgresql


def _served(name: str, start: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    try:
        with start() as server:
            yield server
    except Missing as missing:
        if required():
            pytest.fail(f"{name} is required here: {missing}")
        pytest.skip(f"{name}: {missing}")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    yield from _served("MariaDB", mariadb)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    yield from _served("PostgreSQL", postgresql)


def required() -> bool:
    """CI says so, or whoever wants to be sure (REQUIRE_DATABASES=1)."""
    return any(os.environ.get(name, "").lower() not in ("", "0", "false", "no") for name in ("CI", "REQUIRE_DATABASES"))

"""What tests share: an empty, migrated store of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.embedded.part import Part
from pipeline.embedded.supervise import _listens, free_port
from pipeline.migrate import migrate
from pipeline.store import connect


@pytest.fixture(scope="session")
def store_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded store as a process, one for the whole run: tests truncate what they use."""
    folder: Path = tmp_path_factory.mktemp("store")
    port = free_port(0, "--store-port")
    store = Part(
        "store",
        [sys.executable, "-m", "pipeline.embedded.store_server", "--data", str(folder / "data"), "--port", str(port)],
        logs=folder,
        env={**os.environ, "CALLFUNNEL_STORE_PASSWORD": "writer", "CALLFUNNEL_STORE_READER_PASSWORD": "reader"},
        ready=lambda: _listens(port),
    )
    store.start()
    try:
        store.wait_ready(30)
        dsn = f"http://callfunnel:writer@127.0.0.1:{port}/default"
        migrate(connect(dsn))
        yield dsn
    finally:
        store.stop(15)

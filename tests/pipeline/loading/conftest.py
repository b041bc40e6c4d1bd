"""An office whose files are loaded in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.loading.in_memory import Office
from tests.pipeline.property.tables import Database


@pytest.fixture
def office(store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(Database(store_dsn), tmp_path, monkeypatch)

"""How often a file is opened until its records are read: once for its beginning, once for its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.registry import CALLS
from pipeline.loading.prepare import LoadOptions, prepare_all
from pipeline.settings import read_settings
from tests.connectors.conftest import Write
from tests.connectors.golden import golden
from tests.connectors.rows import many


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found: list[Path] = []
    really = Path.open

    def noted(path: Path, *args: Any, **more: Any) -> Any:
        found.append(path)
        return really(path, *args, **more)

    monkeypatch.setattr(Path, "open", noted)
    return found


def records(path: Path) -> int:
    ((file,), _, failed) = prepare_all(path, LoadOptions(tz="Europe/Moscow"), read_settings({}))
    assert failed == []
    return len(list(file.source.read(path, file.recognised, file.context)))


def test_plain_file_is_opened_twice_although_every_source_is_asked(write: Write, opened: list[Path]) -> None:
    path = write("".join(many(30)))
    opened.clear()
    assert CALLS[-1].profile == "asterisk-csv"  # asked last
    assert records(path) == 30
    assert opened.count(path) == 2


def test_answer_of_a_service_is_opened_twice(opened: list[Path]) -> None:
    path = golden("uis/calls_report.body")
    assert records(path) > 1
    assert opened.count(path) == 2


def test_large_file_is_looked_into_once_more_for_its_zone(write: Write, opened: list[Path]) -> None:
    """And once for how large it is."""
    path = write("".join(many(2_500)))
    opened.clear()
    assert records(path) == 2_500
    assert opened.count(path) == 4

"""Files of calls and tables for the connectors' tests: written from literals, read as `load` reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.reading.sample import Sample
from connectors.reading.source import Context
from connectors.recognise import choose
from schemas.records import Record, Rejected
from schemas.stages import default_stages

LOADED_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
VERSION = 1_795_176_000_000_000_000

Items = list[Record | Rejected]


class Write(Protocol):
    """Write a file into the test's folder."""

    def __call__(self, content: bytes | str, name: str = ...) -> Path: ...


def context(tz: str = "Europe/Moscow", **more: Any) -> Context:
    return Context(
        source="office",
        import_id="import-1",
        version=VERSION,
        zone=None if tz == "auto" else ZoneInfo(tz),
        stages=default_stages(),
        loaded_at=LOADED_AT,
        **more,
    )


def read(path: Path, kind: str = "calls", tz: str = "Europe/Moscow", **more: Any) -> Items:
    """Everything in a file, recognised as `load` does it."""
    loading_context = context(tz, **more)
    sample = Sample(path)
    source, recognised = choose(sample, kind, "auto", loading_context.region)
    zone, _ = source.zone(sample, recognised, loading_context.zone)
    return list(source.read(path, recognised, msgspec.structs.replace(loading_context, zone=zone)))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; text is utf-8 and its line ends stay as they are."""

    def to(content: bytes | str, name: str = "Master.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to

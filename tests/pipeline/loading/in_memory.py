"""`load` with its real store and its real steps; the wire between them is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.endpoints import Endpoints
from pipeline.loading.load import load
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, prepare_all
from schemas.records import Activity, Record
from schemas.topics import Topic
from tests.pipeline.property.memory_wire import MemoryWire, lines, run
from tests.pipeline.property.tables import SETTINGS, Database

CASES = Path(__file__).parent.parent.parent / "cases"


class Progress:
    """Keeps what people are told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def reading(self, *_: object) -> None:
        pass

    def storing(self, *_: object) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def waits(self, text: str) -> None:
        pytest.fail(text)

    def check(self) -> None:
        pass


class Office:
    """A store, and files that are loaded into it."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.folder = folder
        self.progress = Progress()
        database.empty()

        class Segments:
            """Settles what was sent when it is to be stored."""

            def __init__(self, *_: object) -> None:
                self._sent: list[Any] = []

            def __enter__(self) -> Segments:
                return self

            def __exit__(self, *_: object) -> None:
                return None

            def send(self, topic: Topic, record: Record) -> None:
                self._sent.append((topic, record))

            def store(self) -> None:
                wire = MemoryWire()
                wire.send(lines(self._sent))
                self._sent = []
                run(wire, [], database.store, SETTINGS)

        monkeypatch.setattr("pipeline.loading.load.Segments", Segments)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def load(self, kind: str, *paths: Path, **options: Any) -> list[Outcome]:
        """As `callfunnel load --kind`. Raises what it raises."""
        more = {"tz": "Europe/Moscow", "rejects": self.folder / "rejects", **options}
        loading = LoadOptions(kind=kind, **more)
        prepared = []
        for path in paths:
            tables = prepare_all(path, loading, SETTINGS)
            assert not tables.failed, tables.failed
            prepared += tables.prepared
        return load(prepared, Endpoints("", ""), self.database.store, loading, self.progress)

    def case(self, kind: str, *names: str, **options: Any) -> list[Outcome]:
        return self.load(kind, *(CASES / name for name in names), **options)

    def managers(self) -> None:
        self.load("managers", self.write("managers.csv", "id,name,extensions\nm1,Vera,101\nm2,Oleg,102\n"))

    def activities(self) -> list[Activity]:
        assert self.database.differences() == [], "the stream equals the batch"
        return sorted(self.database.tables().activities.values(), key=lambda one: one.at)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.database.store.rows(msgspec.json.Decoder(dict[str, Any]), sql)

    def stages(self, organisation: str) -> list[str]:
        sql = (
            f"SELECT stage FROM stage_changes FINAL WHERE organisation_id = '{organisation}' ORDER BY changed_at, stage"
        )
        return [row["stage"] for row in self.rows(sql)]

    def organisations(self) -> list[str]:
        return [row["organisation_id"] for row in self.rows("SELECT * FROM organisations FINAL ORDER BY ALL")]


def sums_add_up(outcome: Outcome) -> bool:
    """Every row of the file is one thing."""
    return outcome.rows == outcome.records + outcome.deleted_rows + sum(outcome.rejected.values())


def only(found: Sequence[Any]) -> Any:
    (one,) = found
    return one

"""AMI now, CSV tonight: a file fills the gaps of its source that it spans; and rejected rows, mended, are no more."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.doctor import examine
from pipeline.endpoints import Endpoints
from pipeline.loading import sending
from pipeline.loading.load import load
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, prepare
from schemas.codec import encode
from schemas.errors import Transient
from schemas.gaps import Gap
from schemas.records import Reason, Record, Rejected
from schemas.topics import Topic
from tests.connectors.rows import NINE, many
from tests.pipeline.property.tables import SETTINGS, Database


class Nowhere:
    """Kafka, as far as `load` asks: it takes all, and all that follows is stored at once."""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> Nowhere:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send(self, topic: Topic, record: Record) -> None:
        pass

    def flush(self) -> dict[tuple[str, int], int]:
        return {}

    def topic_ids(self) -> dict[str, bytes]:
        return {}

    def close(self) -> None:
        pass


class Silent:
    """Progress that nobody watches."""

    def reading(self, *_: object) -> None:
        pass

    def storing(self, *_: object) -> None:
        pass

    def note(self, words: str) -> None:
        pytest.fail(words)

    def waits(self, words: str) -> None:
        pytest.fail(words)

    def check(self) -> None:
        pass


@pytest.fixture
def database(store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(sending, "Transport", Nowhere)
    monkeypatch.setattr(sending, "FrameSender", Nowhere)
    monkeypatch.setattr(sending, "wait_until_stored", lambda *_, **__: None)
    database = Database(store_dsn)
    database.empty()
    return database


def away(*_: object) -> None:
    raise Transient("kafka: away")


def still_open(database: Database) -> set[str]:
    rows = database.client.query("SELECT rejected_id FROM rejected FINAL WHERE resolved = 0").result_rows
    return {row[0] for row in rows}


def gap(name: str, since: datetime, until: datetime, source: str = "office") -> Rejected:
    return Rejected(
        rejected_id=name,
        source=source,
        reason=Reason.FEED_GAP,
        detail="the connection was lost",
        payload=Gap(since, until).payload,
        origin="ami",
        at=datetime.now(UTC).replace(microsecond=0),
        import_id="session-1",
        version=1,
    )


def loaded(
    database: Database, folder: Path, rows: Sequence[str], source: str = "office", name: str = "Master.csv"
) -> Outcome:
    path = folder / name
    path.write_text("".join(rows), encoding="utf-8")
    wish = LoadOptions(source=source, tz="Europe/Moscow", rejects=folder / "rejects")
    file = prepare(path, wish, SETTINGS)
    (outcome,) = load([file], Endpoints("", ""), database.store, wish, Silent())
    return outcome


def test_file_of_the_day_fills_the_gaps_that_it_spans_and_doctor_names_it(
    database: Database, store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = many(30)
    starts = sorted(NINE + timedelta(minutes=number) for number in range(1, 31))
    minute = timedelta(minutes=1)
    inside = gap("inside", starts[3] + timedelta(seconds=20), starts[7])
    rejects = [
        inside,
        gap("whole", starts[0], starts[-1]),
        gap("begins before", starts[0] - minute, starts[7]),
        gap("ends after", starts[3], starts[-1] + minute),
        gap("of another", starts[3], starts[7], source="branch"),
        msgspec.structs.replace(inside, rejected_id="no gap", reason=Reason.BAD_TIME),
    ]
    database.store.keep("rejected", [encode(one) for one in rejects])
    elsewhere = loaded(database, tmp_path, rows, source="elsewhere")
    assert elsewhere.filled_gaps == []
    outcome = loaded(database, tmp_path, rows)
    assert (outcome.first_call_at, outcome.last_call_at) == (starts[0], starts[-1])
    assert len(outcome.filled_gaps) == 2
    assert still_open(database) == {"begins before", "ends after", "of another", "no gap"}
    assert loaded(database, tmp_path, rows).filled_gaps == []  # again changes nothing
    monkeypatch.setattr("pipeline.doctor.Transport", away)
    (said,) = [one for one in examine(Endpoints("", store_dsn), SETTINGS, None, None) if one.name == "gaps"]
    assert said.well
    assert said.found.startswith("3 open, to be filled by a file of the source that spans them: ")
    assert "2 filled: " in said.found
    assert said.found.count(f"filled by import {outcome.import_id} (Master.csv), whose calls began from ") == 2


def test_file_that_is_given_up_fills_nothing(database: Database, tmp_path: Path) -> None:
    rows = many(30)
    database.store.keep("rejected", [encode(gap("inside", NINE + timedelta(minutes=3), NINE + timedelta(minutes=7)))])
    spoilt = [_spoilt(row) if number % 4 else row for number, row in enumerate(rows)]
    outcome = loaded(database, tmp_path, spoilt)
    assert outcome.stopped
    assert outcome.filled_gaps == []
    assert "inside" in still_open(database)


def test_file_of_rejected_rows_once_stored_leaves_them_shown_no_more(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.loading.outcome._MENDED_AT_ONCE", 2)
    of = "20261102T090000-0a1b2c"
    bad = msgspec.structs.replace(gap("", NINE, NINE), reason=Reason.BAD_TIME, import_id=of)
    rejects = [
        *(msgspec.structs.replace(bad, rejected_id=f"row {number}") for number in range(5)),
        msgspec.structs.replace(bad, rejected_id="of another import", import_id="20261102T090000-0a1b2d"),
        msgspec.structs.replace(bad, rejected_id="of another source", source="branch"),
        msgspec.structs.replace(bad, rejected_id="of an agent", topic="managers"),
    ]
    others = {one.rejected_id for one in rejects[5:]}
    database.store.keep("rejected", [encode(one) for one in rejects])
    assert loaded(database, tmp_path, many(5)).mended == 0
    spoilt = [_spoilt(row) for row in many(30)]
    assert loaded(database, tmp_path, spoilt, name=f"Master.{of}.csv").mended == 0, "given up"
    assert loaded(database, tmp_path, many(5), name=f"rejected-Master.{of}.csv").mended == 5
    assert still_open(database) == others
    assert loaded(database, tmp_path, many(5), name=f"Master.{of}.csv").mended == 0


def _spoilt(row: str) -> str:
    """With a length that is none."""
    out = io.StringIO()
    csv.writer(out).writerow(["x" if cell.isdigit() and len(cell) < 4 else cell for cell in next(csv.reader([row]))])
    return out.getvalue()

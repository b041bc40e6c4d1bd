"""`rejected` shows what is still not understood: by reason, source, import and day; resolved rows are gone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import msgspec
import pytest

from pipeline.cli.rejected import ByReason, RejectListing
from schemas.codec import encode
from schemas.records import Reason, Rejected
from tests.pipeline.property.tables import Database

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
REASONS = (Reason.BAD_TIME, Reason.BAD_PHONE)
SOURCES = ("office", "")
IMPORTS = ("load-1", "load-2")


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _rows() -> list[Rejected]:
    """Two days of each reason, source and import; a second row of each is resolved later."""
    rows = []
    for number, (reason, source, import_id, day) in enumerate(product(REASONS, SOURCES, IMPORTS, range(2))):
        row = Rejected(
            rejected_id=f"r{number}",
            source=source,
            reason=reason,
            field="start",
            detail=f"detail {number}",
            payload="x,y",
            origin=f"calls.csv:{number}",
            at=MIDNIGHT + timedelta(days=day),
            import_id=import_id,
            version=1,
        )
        accepted = msgspec.structs.replace(row, rejected_id=f"accepted-{number}")
        rows += [row, accepted, msgspec.structs.replace(accepted, resolved=1, version=2)]
    return rows


@pytest.mark.parametrize("reasons", [(), (Reason.BAD_TIME,), REASONS], ids=len)
@pytest.mark.parametrize("sources", [(), ("office",), ("",)], ids=str)
@pytest.mark.parametrize("imports", [(), ("load-2",)], ids=len)
@pytest.mark.parametrize("days", [(0, 1), (1, 2), (0, 2), (2, 3)], ids=str)
def test_rejected_rows_are_those_asked_for(
    database: Database,
    reasons: tuple[Reason, ...],
    sources: tuple[str, ...],
    imports: tuple[str, ...],
    days: tuple[int, int],
) -> None:
    database.client.command("TRUNCATE TABLE rejected")
    rows = _rows()
    database.store.keep("rejected", [encode(row) for row in rows])
    start, end = (MIDNIGHT + timedelta(days=day) for day in days)
    asked: dict[str, Any] = {
        "from": f"{start:%F %T}",
        "to": f"{end:%F %T}",
        "reasons": [reason.value for reason in reasons],
        "sources": list(sources),
        "imports": list(imports),
    }
    wanted = [
        row
        for row in rows
        if not row.rejected_id.startswith("accepted")
        and start <= row.at < end
        and (not reasons or row.reason in reasons)
        and (not sources or row.source in sources)
        and (not imports or row.import_id in imports)
    ]
    shown = database.numbers.rows("rejected", RejectListing, {**asked, "limit": 1000})
    assert {one.rejected_id for one in shown} == {row.rejected_id for row in wanted}
    assert [one.at for one in shown] == sorted(f"{row.at:%FT%TZ}" for row in wanted)
    summary = database.numbers.rows("rejected_by_reason", ByReason, asked)
    assert {(one.source, one.reason): one.rejected for one in summary} == Counter(
        (row.source, row.reason.value) for row in wanted
    )

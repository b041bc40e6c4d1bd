"""The calls that are said to be missing of a generated department are those that its exchange did not record."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from pipeline.readouts.department import department_of
from schemas.screens.panel import query
from tests.grafana.asking import Asker, period
from tests.grafana.conftest import OPTIONS, StoredDepartment

pytestmark = pytest.mark.stack


def test_missing_calls_are_those_of_the_dead_feed(stored_department: StoredDepartment) -> None:
    asker = Asker(stored_department.reader, department_of(stored_department.settings))
    first = OPTIONS.last - timedelta(days=OPTIONS.days)
    rows = asker.natively(query("missing_calls"), period(f"{first}T00:00:00", f"{OPTIONS.last}T00:00:00"))
    (dead,) = [one for one in stored_department.truth["planted"] if one["kind"] == "dead_feed"]
    (missing,) = rows
    assert datetime.fromisoformat(missing["local_day"]).date() == date.fromisoformat(dead["first"])
    since, until = (datetime.fromisoformat(missing[name]).replace(tzinfo=UTC) for name in ("since", "until"))
    dies = datetime.combine(date.fromisoformat(dead["first"]), time(dead["since_hour"]), asker.zone)
    # From the last call before it to the closing hour.
    assert timedelta(0) <= dies - since < timedelta(hours=1)
    assert until.astimezone(asker.zone).time() == time(18)

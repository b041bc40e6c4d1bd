"""The tables of an example: emptied before, read after, with versions and origins blank."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import msgspec
from clickhouse_connect.driver.client import Client

from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.verify import Difference, verify
from pipeline.settings import Settings
from pipeline.store import Store, connect
from pipeline.working_calendar import WorkingCalendar
from schemas.records import Activity, CallLeg, ManagerActivity, Rejected
from schemas.stages import default_stages
from tests.pipeline.property.brute import CONVERSATION_S, Tables

SETTINGS = Settings(
    time_zone=ZoneInfo("Europe/Moscow"),
    region="RU",
    conversation_s=CONVERSATION_S,
    calendar=WorkingCalendar(country="RU"),
    sources={},
    stages=default_stages(),
)
ALWAYS = Period(date(2020, 1, 1), date(2040, 1, 1), SETTINGS.time_zone)

_NAMES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name != 'schema_migrations'"
_EPOCH = "* REPLACE(toUnixTimestamp(bucket) AS bucket)"


class Database:
    """The migrated store, and what is in it."""

    def __init__(self, dsn: str) -> None:
        self.client: Client = connect(dsn)
        self.store = Store(self.client)
        self.numbers = Numbers(self.client)
        self._names = [row[0] for row in self.client.query(_NAMES).result_rows]

    def empty(self) -> None:
        """Forget everything but the migrations."""
        for name in self._names:
            self.client.command(f"TRUNCATE TABLE {name}")

    def tables(self) -> Tables:
        """What a reader sees."""
        legs = self.store.rows(msgspec.json.Decoder(CallLeg), "SELECT * FROM call_legs FINAL")
        activities = self.store.rows(msgspec.json.Decoder(Activity), f"SELECT {_EPOCH} FROM activities FINAL")
        cells = self.store.rows(msgspec.json.Decoder(ManagerActivity), f"SELECT {_EPOCH} FROM manager_activity FINAL")
        rejected = self.store.rows(msgspec.json.Decoder(Rejected), "SELECT * FROM rejected FINAL WHERE resolved = 0")
        assert len({activity.activity_id for activity in activities}) == len(activities), "an activity in two cells"
        return Tables(
            {(leg.source, leg.call_id, leg.record_id): leg for leg in legs},
            {a.activity_id: msgspec.structs.replace(a, cause="", caused_at=0, version=0) for a in activities},
            {(c.bucket, c.manager_id): msgspec.structs.replace(c, first_counted_at=0, version=0) for c in cells},
            {one.rejected_id for one in rejected},
        )

    def differences(self) -> list[Difference]:
        """What `callfunnel verify` finds."""
        return verify(self.numbers, ALWAYS, SETTINGS)[1]


def same(expected: Tables, found: Tables) -> None:
    """Fail for the first table that differs; legs without who said them and when."""
    blank = {"version": 0, "import_id": "", "origin": ""}
    assert {k: msgspec.structs.replace(leg, **blank) for k, leg in found.legs.items()} == {
        k: msgspec.structs.replace(leg, **blank) for k, leg in expected.legs.items()
    }
    assert found.activities == expected.activities
    assert found.cells == expected.cells
    assert found.waiting == expected.waiting

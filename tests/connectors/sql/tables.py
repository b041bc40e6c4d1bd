"""Tables as exchanges make them, and rows to put into them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

MOSCOW = ZoneInfo("Europe/Moscow")

# FreePBX cdr:install.php
_NAMES = (80, ("clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata"))
FREEPBX = (
    "CREATE TABLE cdr (calldate {datetime} NOT NULL, "
    + ", ".join(f"{name} varchar({_NAMES[0]}) NOT NULL DEFAULT ''" for name in _NAMES[1])
    + ", duration int NOT NULL DEFAULT 0, billsec int NOT NULL DEFAULT 0, disposition varchar(45) NOT NULL DEFAULT '',"
    " amaflags int NOT NULL DEFAULT 0, accountcode varchar(20) NOT NULL DEFAULT '', uniqueid varchar(32) NOT NULL"
    " DEFAULT '', userfield varchar(255) NOT NULL DEFAULT '', did varchar(50) NOT NULL DEFAULT '', recordingfile"
    " varchar(255) NOT NULL DEFAULT '', cnum varchar(80) NOT NULL DEFAULT '', linkedid varchar(32) NOT NULL DEFAULT '',"
    " sequence int NOT NULL DEFAULT 0)"
)
# Asterisk contrib/ast-db-manage/cdr
ALEMBIC = (
    'CREATE TABLE cdr (accountcode varchar(80), src varchar(80), dst varchar(80), dcontext varchar(80), clid'
    ' varchar(80), channel varchar(80), dstchannel varchar(80), lastapp varchar(80), lastdata varchar(80),'
    ' start {datetime}, answer {datetime}, "end" {datetime}, duration int, billsec int, disposition varchar(45),'
    ' amaflags varchar(45), userfield varchar(256), uniqueid varchar(150), linkedid varchar(150), peeraccount'
    ' varchar(80), sequence int)'
)  # fmt: skip
FUSIONPBX = (
    "CREATE TABLE v_xml_cdr (xml_cdr_uuid uuid PRIMARY KEY, domain_uuid uuid, direction text, caller_id_number text,"
    " caller_destination text, source_number text, destination_number text, start_epoch numeric, start_stamp"
    " timestamptz, answer_epoch numeric, end_epoch numeric, duration numeric, billsec numeric, bridge_uuid text,"
    " leg char(1), originating_leg_uuid uuid, last_app text, voicemail_message boolean, hangup_cause text, json jsonb)"
)


def now() -> datetime:
    """To the second, as exchanges write it."""
    return datetime.now(UTC).replace(microsecond=0)


def call(number: int, at: datetime, seconds: int = 65, start: str = "calldate") -> dict[str, Any]:
    """A row of Asterisk's: an inbound call to 101 that rang 5 s, `number` in its ids."""
    return {
        start: at.astimezone(MOSCOW).replace(tzinfo=None),
        "src": "84950000001",
        "dst": "101",
        "dcontext": "from-trunk",
        "channel": f"PJSIP/provider-{number:08x}",
        "dstchannel": f"PJSIP/101-{number:08x}",
        "lastapp": "Dial",
        "duration": seconds,
        "billsec": seconds - 5,
        "disposition": "ANSWERED",
        "uniqueid": f"{int(at.timestamp())}.{number}",
        "linkedid": f"{int(at.timestamp())}.{number}",
        "sequence": number + 1,
    }


class Table:
    """A table that its exchange writes."""

    def __init__(self, url: str, create: str, name: str, datetime_type: str = "datetime") -> None:
        driver = "mysql+pymysql" if url.startswith("mysql") else "postgresql+psycopg"
        self._engine = sa.create_engine(url.replace(url.partition(":")[0], driver, 1))
        self._name = name
        self.run(f"DROP TABLE IF EXISTS {name}", create.format(datetime=datetime_type))

    def run(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def insert(self, *rows: dict[str, Any]) -> None:
        for row in rows:
            table = sa.table(self._name, *map(sa.column, row))
            with self._engine.begin() as connection:
                connection.execute(sa.insert(table).values(row))

    def close(self) -> None:
        self._engine.dispose()

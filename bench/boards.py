"""Every panel of every board over millions of calls: `python -m bench.boards [CALLS]`.

Two years of a department of 100 managers, made in SQL; each panel is asked for the period that its board opens with, as
the user that Grafana has, three times; the median counts.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from grafana.boards import BOARDS
from grafana.build import EXAMPLE
from grafana.panel import Board, Panel
from grafana.query import Chosen, bind
from pipeline.embedded.part import Part
from pipeline.embedded.ports import free_port, listens
from pipeline.migrate import migrate
from pipeline.store import connect
from schemas import metrics

CALLS = 5_000_000
MANAGERS, ORGANISATIONS, DAYS = 100, 30_000, 730
TO_HOLD_MS = 300
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday, three in the afternoon in Moscow."""
_CHUNK = 500_000
_REPEATS = 3

_MOMENT = (
    f"toDateTime64('2024-11-25 05:30:00', 3, 'UTC') + 86400 * intDiv(number * {DAYS}, {{calls}}) + rand(1) % 36000"
)
_SETUP = (
    f"""INSERT INTO managers (manager_id, name, team, extensions, valid_from, version)
    SELECT concat('m', toString(number)), concat('Manager ', toString(number)), concat('team ', toString(number % 8)),
        [toString(100 + number)], toDateTime64('2020-01-01 00:00:00', 3, 'UTC'), 1 FROM numbers({MANAGERS})""",
    f"""INSERT INTO organisations (organisation_id, name, phones, manager_id, version)
    SELECT concat('o', toString(number)), concat('Organisation ', toString(number)), [],
        concat('m', toString(number % {MANAGERS})), 1 FROM numbers({ORGANISATIONS})""",
    f"""INSERT INTO stage_changes (organisation_id, stage, changed_at, manager_id, version)
    SELECT concat('o', toString(number % {ORGANISATIONS})),
        ['new', 'active', 'development', 'shipment', 'customer', 'disqualified'][1 + intDiv(number, {ORGANISATIONS})],
        toDateTime64('2024-09-01 09:00:00', 3, 'UTC')
            + 86400 * (rand(2) % 90 + 22 * (number % {ORGANISATIONS}) % 700 + 45 * intDiv(number, {ORGANISATIONS})),
        concat('m', toString(number % {MANAGERS})), 1
    FROM numbers({ORGANISATIONS * 6}) WHERE rand(3) % (1 + intDiv(number, {ORGANISATIONS})) < 2""",
    """INSERT INTO base_calendar (day, kind, version)
    SELECT toDate('2024-01-01') + number AS day, if(toDayOfWeek(day) > 5, 'weekend', 'working'), 1
    FROM numbers(1500)""",
    f"""INSERT INTO plans (manager_id, month, working_days, calls_to_potential, general_proposals, individual_proposals,
        version)
    SELECT concat('m', toString(number % {MANAGERS})), formatDateTime(addMonths(toDate('2025-01-01'), month), '%Y-%m'),
        21, 900, 60, 20, 1
    FROM numbers({MANAGERS}) ARRAY JOIN range(24) AS month""",
    """INSERT INTO imports (import_id, source, kind, file, profile, started_at, finished_at, rows, records, state,
        version)
    SELECT concat('i', toString(number)), 'office', 'calls', 'Master.csv', 'p',
        toDateTime64('2024-11-25 18:00:00', 3, 'UTC') + 86400 * number AS at, at + 60, 12000, 12000, 'stored', 1
    FROM numbers(730)""",
)
_ACTIVITIES = f"""INSERT INTO activities (activity_id, kind, bucket, manager_id, team, at, organisation_id, stage,
    contact, extension, source, direction, disposition, talk_s, wait_s, legs, amount, currency, version)
SELECT
    concat(if(is_call, 'call:office:', 'proposal:'), toString(number)),
    multiIf(is_call, 'call', rand(8) % 3 = 0, 'individual', 'general'),
    toStartOfFiveMinutes(at), if(rand(9) % 40 = 0, '', concat('m', toString(rand(4) % {MANAGERS}))),
    concat('team ', toString(rand(4) % {MANAGERS} % 8)), at, organisation,
    if(organisation = '', '', ['', 'new', 'new', 'active', 'active', 'development', 'shipment', 'customer', 'customer',
        'disqualified'][1 + rand(6) % 10]),
    concat('+7495', leftPad(toString(phone), 7, '0')), toString(100 + rand(4) % {MANAGERS}), 'office',
    if(rand(10) % 4 = 0, 'inbound', 'outbound'), if(rand(11) % 10 < 6, 'answered', 'no_answer'),
    if(rand(11) % 10 < 6, toUInt32(rand(12) % 300), 0), rand(13) % 60, 1 + rand(14) % 3,
    toDecimal64(if(is_call, 0, rand(15) % 90000), 2), 'RUB', 1
FROM (
    SELECT
        number, {_MOMENT} AS at, rand(7) % 50 != 0 AS is_call, rand(5) % {ORGANISATIONS * 2} AS phone,
        if(phone < {ORGANISATIONS}, concat('o', toString(phone)), '') AS organisation
    FROM numbers({{start}}, {_CHUNK})
)"""
_LEGS = f"""INSERT INTO call_legs (source, call_id, record_id, started_at, ended_at, direction, disposition, extension,
    contact, import_id, version)
SELECT 'office', toString(number), toString(number), {_MOMENT} AS at, at + 60, 'outbound', 'answered', '101',
    '+74950000001', concat('i', toString(intDiv(number * {DAYS}, {{calls}}))), 1
FROM numbers({{start}}, {_CHUNK})"""
_CELLS = """INSERT INTO manager_activity
SELECT
    bucket, manager_id, max(team), countIf(is_call), countIf(is_call AND direction = 'outbound'),
    countIf(is_call AND disposition = 'answered'),
    countIf(is_call AND disposition = 'answered' AND talk_s >= 30),
    sumIf(talk_s, is_call AND disposition = 'answered'),
    countIf(is_call AND disposition = 'answered' AND talk_s >= 30
        AND stage IN ('new', 'active', 'development')),
    countIf(is_call AND organisation_id = ''),
    arraySort(groupUniqArrayIf(contact, is_call)),
    arraySort(groupUniqArrayIf(organisation_id, is_call AND organisation_id != '')),
    arraySort(groupUniqArrayIf(organisation_id, kind = 'general')),
    countIf(kind = 'individual'), 0, if(countIf(kind = 'individual') > 0, ['RUB'], []),
    if(countIf(kind = 'individual') > 0, [toDecimal64(sumIf(amount, kind = 'individual'), 2)], []),
    toUInt64(toUnixTimestamp(bucket) + 301) * 1000000000, 0, 1
FROM (SELECT *, kind = 'call' AS is_call FROM activities WHERE bucket >= {first:DateTime} AND bucket < {last:DateTime})
GROUP BY bucket, manager_id"""


def fill(client: Client, calls: int) -> None:
    """The department, its calls in order of time as an exchange tells them."""
    for sql in _SETUP:
        client.command(sql)
    for start in range(0, calls, _CHUNK):
        for sql in (_ACTIVITIES, _LEGS):
            client.command(sql.format(start=start, calls=calls))
    first = datetime(2024, 11, 1, tzinfo=UTC)
    while first < NOW + timedelta(days=9):
        last = first + timedelta(days=60)
        client.command(_CELLS, parameters={"first": f"{first:%Y-%m-%d %H:%M:%S}", "last": f"{last:%Y-%m-%d %H:%M:%S}"})
        first = last


def period(board: Board) -> Chosen:
    """What the board opens with; on the Manager board one manager is chosen."""
    start = {
        "now/d": NOW.replace(hour=0) - timedelta(hours=3),
        "now-6M/M": datetime(2026, 4, 30, 21, tzinfo=UTC),
        "now-7d/d": datetime(2026, 11, 16, 21, tzinfo=UTC),
        "now-30d/d": datetime(2026, 10, 24, 21, tzinfo=UTC),
        "now-90d/d": datetime(2026, 8, 25, 21, tzinfo=UTC),
    }[board.start]
    return Chosen(start=start, end=NOW, now=NOW, values={"managers": ("m7",)} if board.single else {})


def measure(client: Client, board: Board, panel: Panel) -> tuple[float, int]:
    """(median milliseconds, rows) of a panel."""
    assert panel.query is not None
    sql, parameters = metrics.text(panel.query.metric), bind(panel.query, EXAMPLE, period(board))
    took = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        rows = client.raw_query(sql, parameters=parameters, fmt="JSONEachRow").count(b"\n")
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), rows


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as folder:
        port = free_port(0, "--store-port")
        store = Part(
            "store",
            [sys.executable, "-m", "pipeline.embedded.store_server", "--data", f"{folder}/data", "--port", str(port)],
            logs=Path(folder),
            env={**os.environ, "CALLFUNNEL_STORE_PASSWORD": "writer", "CALLFUNNEL_STORE_READER_PASSWORD": "reader"},
            ready=lambda: listens(port),
        )
        store.start()
        try:
            store.wait_ready(30)
            writer = connect(f"http://callfunnel:writer@127.0.0.1:{port}/default")
            migrate(writer)
            began = time.monotonic()
            fill(writer, calls)
            cells = writer.query("SELECT count() FROM manager_activity").result_rows[0][0]
            print(f"boards: {calls:,} calls, {cells:,} cells, made in {time.monotonic() - began:.0f} s", flush=True)
            _report(connect(f"http://reader:reader@127.0.0.1:{port}/default"))
        finally:
            store.stop(15)


def _report(client: Client) -> None:
    slow = 0
    for board in BOARDS:
        for panel in board.panels:
            if panel.query is not None:
                took_ms, rows = measure(client, board, panel)
                slow += took_ms > TO_HOLD_MS
                mark = "  over" if took_ms > TO_HOLD_MS else ""
                print(f"  {panel.id:24} {took_ms:7.0f} ms {rows:6} rows{mark}", flush=True)
    print(f"boards: {slow} panels over {TO_HOLD_MS} ms")


if __name__ == "__main__":
    subprocess.run(["git", "log", "-1", "--format=commit %h"], check=False)
    main()

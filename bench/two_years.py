"""Two years of a department of 100 managers, made in SQL: what `bench.boards` asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

CALLS = 5_000_000
MANAGERS, ORGANISATIONS, DAYS = 100, 30_000, 730
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday, three in the afternoon in Moscow."""
_CHUNK = 500_000

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

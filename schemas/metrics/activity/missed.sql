-- Missed calls of [from, to): inbound, in working time (calendar, opens_s to closes_s of the local clock), nobody was
-- bridged, the caller waited `patience_s` seconds or more. recovered: the first later answered call with the same number,
-- either direction, began within `hours` working hours. Those that were not come first, latest first.
-- still_open: that time is not over at `now`. An organisation's manager is who looks after it now.
WITH
    toDate({from:DateTime('UTC')}, {zone:String}) AS first_day,
    toDate({now:DateTime64(3, 'UTC')}, {zone:String}) + 1 AS last_day,
    {closes_s:Int32} - {opens_s:Int32} AS day_s,
    -- include: working_days.part
    -- Working seconds from first_day to the beginning of each day.
    clock AS (
        SELECT day, is_working, day_s * (sum(is_working) OVER (ORDER BY day) - is_working) AS before_s FROM calendar
    ),
    lost AS (
        SELECT
            activity_id, at, contact, organisation_id, queue, did, wait_s,
            toTimeZone(at, {zone:String}) AS here,
            toDate(here) AS day,
            toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) - {opens_s:Int32} AS open_s
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction = 'inbound'
            AND disposition != 'answered' AND wait_s >= {patience_s:UInt32} AND at < {now:DateTime64(3, 'UTC')}
            AND open_s >= 0 AND open_s < day_s
    ),
    -- When each number was answered later. A number is looked up in half the time of a text.
    answered AS (
        SELECT cityHash64(contact) AS caller, groupArray(toUnixTimestamp64Milli(at)) AS calls_ms
        FROM activities FINAL
        -- By if(), so that the rest is compared only where somebody answered.
        WHERE bucket >= {from:DateTime('UTC')}
            AND if(disposition = 'answered', at < {now:DateTime64(3, 'UTC')} AND direction != 'internal' AND contact != '', 0)
        GROUP BY caller
    ),
    -- Each with the first later answered call with the same number; what is named twice is read twice.
    followed AS (
        SELECT
            activity_id, at, day, open_s, contact, organisation_id, queue, wait_s,
            arrayMin(arrayFilter(call_ms -> call_ms > toUnixTimestamp64Milli(at), calls_ms)) AS back_ms,
            back_ms > 0 AS is_called_back,
            fromUnixTimestamp64Milli(back_ms, 'UTC') AS back_at,
            toTimeZone(back_at, {zone:String}) AS back_here,
            toDate(back_here) AS back_day,
            toHour(back_here) * 3600 + toMinute(back_here) * 60 + toSecond(back_here) - {opens_s:Int32} AS back_open_s
        FROM lost LEFT JOIN answered ON answered.caller = cityHash64(lost.contact)
    ),
    people AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL GROUP BY manager_id
    ),
    toTimeZone({now:DateTime64(3, 'UTC')}, {zone:String}) AS now_here,
    toHour(now_here) * 3600 + toMinute(now_here) * 60 + toSecond(now_here) - {opens_s:Int32} AS now_open_s,
    (
        SELECT before_s + is_working * greatest(0, least(day_s, now_open_s)) FROM clock WHERE day = toDate(now_here)
    ) AS now_s
SELECT
    followed.at AS time,
    followed.day AS day,
    followed.contact AS contact, followed.organisation_id AS organisation_id, organisations.name AS organisation,
    organisations.manager_id AS manager_id, people.manager AS manager, followed.queue AS queue, followed.wait_s AS wait_s,
    clock.before_s + followed.open_s AS missed_s,
    is_called_back
        AND back_clock.before_s + back_clock.is_working * greatest(0, least(day_s, followed.back_open_s)) - missed_s
            <= 3600 * {hours:UInt32} AS recovered,
    NOT recovered AND now_s - missed_s <= 3600 * {hours:UInt32} AS still_open,
    if(is_called_back, followed.back_at, NULL) AS called_back_at
FROM followed
INNER JOIN clock ON clock.day = followed.day
LEFT JOIN clock AS back_clock ON back_clock.day = followed.back_day
LEFT JOIN (SELECT organisation_id, name, manager_id FROM organisations FINAL) AS organisations
    ON organisations.organisation_id = followed.organisation_id
LEFT JOIN people ON people.manager_id = organisations.manager_id
WHERE clock.is_working
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, organisations.manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, people.team))
ORDER BY recovered, followed.at DESC, followed.activity_id
LIMIT {limit:UInt32}

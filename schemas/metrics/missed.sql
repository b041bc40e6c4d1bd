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
    answered AS (
        SELECT
            contact, at, manager_id,
            toTimeZone(at, {zone:String}) AS here,
            toDate(here) AS day,
            toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) - {opens_s:Int32} AS open_s
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND at < {now:DateTime64(3, 'UTC')}
            AND disposition = 'answered' AND direction != 'internal' AND contact != ''
    ),
    called_back AS (
        SELECT lost.activity_id AS activity_id, answered.at AS at, answered.manager_id AS manager_id,
            clock.before_s + clock.is_working * greatest(0, least(day_s, answered.open_s)) AS clock_s
        FROM lost ASOF INNER JOIN answered ON answered.contact = lost.contact AND answered.at > lost.at
        INNER JOIN clock ON clock.day = answered.day
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
    formatDateTime(lost.at, '%F %H:%i', {zone:String}) AS local_time,
    lost.day AS day,
    lost.contact AS contact, lost.organisation_id AS organisation_id, organisations.name AS organisation,
    organisations.manager_id AS manager_id, people.manager AS manager, lost.queue AS queue, lost.wait_s AS wait_s,
    clock.before_s + lost.open_s AS missed_s,
    called_back.activity_id != '' AND called_back.clock_s - missed_s <= 3600 * {hours:UInt32} AS recovered,
    NOT recovered AND now_s - missed_s <= 3600 * {hours:UInt32} AS still_open,
    if(called_back.activity_id != '', formatDateTime(called_back.at, '%F %H:%i', {zone:String}), '') AS called_back_at
FROM lost
INNER JOIN clock ON clock.day = lost.day
LEFT JOIN called_back ON called_back.activity_id = lost.activity_id
LEFT JOIN (SELECT organisation_id, name, manager_id FROM organisations FINAL) AS organisations
    ON organisations.organisation_id = lost.organisation_id
LEFT JOIN people ON people.manager_id = organisations.manager_id
WHERE clock.is_working
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, organisations.manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, people.team))
ORDER BY recovered, lost.at DESC, lost.activity_id
LIMIT {limit:UInt32}

-- Who is silent at the end of [from, to) (or at `now`, when that is earlier), and why. A row for everyone on the roster then.
-- calls: since `from`. silent_min: since their last call of these days (14 days back), NULL when there is none.
-- why, the first that holds: away (absence), day_off (calendar), closed (before or after working hours), working (a call in
-- the last quiet_min minutes), feed_dead (nobody at all called in them, or a live door is not live), moved (somebody calls
-- their organisations from an extension that is nobody's), silent.
WITH
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS moment,
    toTimeZone(moment, {zone:String}) AS here,
    toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) AS clock_s,
    toDate(here) AS first_day,
    first_day + 1 AS last_day,
    -- include: working_days.part
    recent AS (
        SELECT * FROM activities FINAL
        WHERE bucket >= moment - 14 * 86400 AND bucket < moment AND at < moment
            AND kind = 'call' AND direction != 'internal'
    ),
    called AS (
        SELECT manager_id, countIf(bucket >= {from:DateTime('UTC')}) AS calls, max(at) AS last_call FROM recent
        GROUP BY manager_id
    ),
    -- Calls of today from extensions that no manager has, by who looks after the organisation that was called.
    strays AS (
        SELECT organisations.manager_id AS manager_id, count() AS calls, max(recent.extension) AS moved_to
        FROM recent
        INNER JOIN (SELECT organisation_id, manager_id FROM organisations FINAL) AS organisations USING organisation_id
        WHERE recent.manager_id = '' AND recent.extension != '' AND recent.at >= toDateTime(first_day, {zone:String})
        GROUP BY manager_id
    ),
    feeds_now AS (
        SELECT countIf(state NOT IN ('live', 'stopped') OR heartbeat_at < moment - 120) > 0 AS is_dead
        FROM feeds FINAL WHERE started_at <= moment AND state != 'stopped'
    ),
    names AS (
        SELECT manager_id, argMax(name, valid_from) AS manager FROM managers FINAL WHERE valid_from <= moment
        GROUP BY manager_id
    )
SELECT
    manager_id, names.manager AS manager, team,
    called.calls AS calls,
    if(called.last_call > toDateTime64(0, 3), formatDateTime(called.last_call, '%F %H:%i', {zone:String}), '') AS last_call,
    if(called.last_call > toDateTime64(0, 3), dateDiff('minute', called.last_call, moment), NULL) AS silent_min,
    multiIf(
        is_away, 'away',
        is_known AND NOT is_working, 'day_off',
        clock_s < {opens_s:Int32} OR clock_s >= {closes_s:Int32}, 'closed',
        silent_min <= {quiet_min:UInt32}, 'working',
        (SELECT max(at) FROM recent) < moment - 60 * {quiet_min:UInt32} OR (SELECT is_dead FROM feeds_now), 'feed_dead',
        strays.calls >= 3, 'moved',
        'silent'
    ) AS why,
    if(why = 'moved', strays.moved_to, '') AS moved_to
FROM roster_days
LEFT JOIN called USING manager_id
LEFT JOIN strays USING manager_id
LEFT JOIN names USING manager_id
WHERE (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
ORDER BY indexOf(['silent', 'moved', 'feed_dead', 'working', 'closed', 'away', 'day_off'], why), silent_min DESC, manager_id

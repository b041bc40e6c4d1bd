-- Who is silent at {moments} (one moment, in epoch seconds), and why. A row for everyone on the roster then.
-- calls: in [from, to), as every panel counts them. silent_min: from their last call (14 days back) to the moment, NULL when
-- there is none.
-- why: away, feed_dead, moved and silent are the warning's (alert_pace, its text), so that both say the same of everybody.
-- Of whom it says nothing, the first that holds: day_off (calendar), closed (before or after working hours; the closing hour itself is the state of a day that is over), working (a
-- call in the last quiet_min minutes), feed_dead (the warning says it of the whole department), quiet: no call in them,
-- which chance may explain.
WITH
    toDateTime({moments:Array(UInt32)}[1], 'UTC') AS moment,
    toTimeZone(moment, {zone:String}) AS here,
    toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) AS clock_s,
    called AS (
        SELECT
            manager_id, countIf(bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}) AS calls,
            maxIf(at, bucket >= moment - 14 * 86400 AND at < moment) AS last_call
        FROM activities FINAL
        WHERE bucket >= least(moment - 14 * 86400, {from:DateTime('UTC')})
            AND bucket < greatest(moment, {to:DateTime('UTC')}) AND at < {now:DateTime64(3, 'UTC')}
            AND kind = 'call' AND direction != 'internal'
        GROUP BY manager_id
    )
SELECT
    manager_id, warned.manager AS manager, warned.team AS team,
    called.calls AS calls,
    if(called.last_call > toDateTime64(0, 3), called.last_call, NULL) AS last_call,
    if(called.last_call > toDateTime64(0, 3), dateDiff('minute', called.last_call, moment), NULL) AS silent_min,
    multiIf(
        warned.why IN ('away', 'feed_dead', 'moved', 'silent', 'day_off'), warned.why,
        clock_s < {opens_s:Int32} OR clock_s > {closes_s:Int32}, 'closed',
        silent_min <= {quiet_min:UInt32}, 'working',
        warned.is_dead, 'feed_dead',
        'quiet'
    ) AS why,
    warned.moved_to AS moved_to
FROM (
    SELECT manager_id, manager, team, why, moved_to, maxIf(why = 'feed_dead', manager_id = '') OVER () AS is_dead
    FROM (
-- include: alert_pace
    )
) AS warned
LEFT JOIN called USING manager_id
WHERE manager_id != ''
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
ORDER BY
    indexOf(['silent', 'moved', 'feed_dead', 'quiet', 'working', 'closed', 'away', 'day_off'], why), silent_min DESC,
    manager_id

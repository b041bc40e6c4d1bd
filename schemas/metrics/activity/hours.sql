-- Calls and conversations of each local hour of [from, to), by manager, from the counted cells. Internal calls and calls
-- without a manager are not in it. Everyone on the roster has a row for each hour from the first to the last one in which
-- anybody called, zeros included. An hour that is not over at `now`, or of which time is lost (`lost_time.part`), has
-- its number in `calls_so_far` and none in `calls`.
WITH
    toDate({from:DateTime('UTC')}, {zone:String}) - 105 AS first_day,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) + 1 AS last_day,
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS known_to,
    -- include: calendar.part
    -- include: lost_steps.part
    -- include: people.part
    counted AS (
        SELECT
            manager_id, toTimeZone(toStartOfHour(bucket, {zone:String}), 'UTC') AS hour,
            sum(manager_activity.calls) AS calls, sum(manager_activity.conversations) AS conversations
        FROM manager_activity FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND manager_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, manager_activity.team))
        GROUP BY manager_id, hour
        HAVING calls > 0
    ),
    span AS (SELECT min(hour) AS first, dateDiff('hour', min(hour), max(hour)) AS hours FROM counted HAVING count() > 0)
SELECT
    grid.time AS time,
    grid.manager_id AS manager_id,
    grid.manager AS manager,
    if(unfinished, NULL, counted.calls) AS calls,
    if(unfinished, counted.calls, NULL) AS calls_so_far,
    counted.conversations AS conversations
FROM (
    SELECT manager_id, manager, time, time + 3600 > {now:DateTime64(3, 'UTC')} OR has(lost_hours, time) AS unfinished
    FROM people CROSS JOIN (
        SELECT first + 3600 * arrayJoin(range(toUInt32(hours) + 1)) AS time, lost_hours
        FROM span CROSS JOIN (
            SELECT arrayDistinct(arrayFlatten(arrayMap(
                (day, steps) -> arrayMap(
                    step -> toStartOfHour(toDateTime(day, {zone:String}) + 300 * step, {zone:String}), steps
                ), mapKeys(all_lost), mapValues(all_lost)
            ))) AS lost_hours
            FROM (SELECT lost AS all_lost)
        ) AS lost_of_period
    ) AS times
) AS grid
LEFT JOIN counted ON counted.manager_id = grid.manager_id AND counted.hour = grid.time
ORDER BY time, manager_id

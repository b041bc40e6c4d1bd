-- What has not been heard of, as of {to}: a row for each live door, and for the calls of each source loaded from files.
-- is_stale: a live door that is not live (`freshness`: nothing for 120 s, or it gave up); a source of files whose latest
-- load of calls ended before a whole working day (opening to closing) that is over, and no live door brings its calls.
WITH
    toDate({to:DateTime('UTC')}, {zone:String}) - 31 AS first_day,
    toDate({to:DateTime('UTC')}, {zone:String}) + 1 AS last_day,
    -- include: working_days.part
    (
        SELECT arraySort(groupArray(
            (toDateTime(day, {zone:String}) + {opens_s:Int32}, toDateTime(day, {zone:String}) + {closes_s:Int32})
        )) FROM calendar WHERE is_working
    ) AS hours
SELECT
    source, door, state, age_s, ifNull(last_seen, '') AS last_seen,
    if(
        door LIKE 'file:%',
        NOT has_live_door AND (
            age_s > 31 * 86400
            OR arrayExists(
                day -> day.1 >= {to:DateTime('UTC')} - toIntervalSecond(age_s) AND day.2 <= {to:DateTime('UTC')}, hours
            )
        ),
        state NOT IN ('live', 'stopped', 'connecting')
    ) AS is_stale
FROM (
    SELECT *, countIf(door NOT LIKE 'file:%' AND state != 'stopped') OVER (PARTITION BY source) > 0 AS has_live_door
    FROM (
-- include: freshness
    )
)
WHERE door NOT LIKE 'file:%' OR door = 'file:calls'
ORDER BY source, door

-- How fresh each source is: per (source, door), when it was last known to be there (`seen_at`), its last event and its
-- state as of {to}. Live doors speak through `feeds`; a source that is loaded from files has the door `file:<kind>`,
-- whose event is its last finished import that was not taken back. `age_s` is {to} - seen_at: the freshness of everything is the greatest age
-- over the doors that are expected to be live. A door that says nothing for 120 s (four heartbeats) is `silent`, whatever
-- it said last, unless it was stopped or gave up; one that says nothing for 30 days is taken for removed and left out.
-- So is what began after {to}.
-- overdue_s: a live door that has not been there for more than 300 s; files, a quarter longer than nine in ten of the latest
-- twenty pauses between loads, so that each has its own rhythm. NULL: fewer than three pauses are known, or it was stopped.
SELECT
    source,
    door,
    multiIf(
        door LIKE 'file:%' OR said IN ('stopped', 'failed') OR dateDiff('second', heartbeat_at, {to:DateTime('UTC')}) <= 120,
        said,
        'silent'
    ) AS state,
    detail,
    formatDateTime(seen_at, '%FT%TZ', 'UTC') AS last_seen,
    formatDateTime(last_event_at, '%FT%TZ', 'UTC') AS last_event,
    formatDateTime(heartbeat_at, '%FT%TZ', 'UTC') AS last_heartbeat,
    greatest(0, dateDiff('second', ifNull(seen_at, heartbeat_at), {to:DateTime('UTC')})) AS age_s,
    records,
    rejects,
    gaps,
    waiting,
    lag_ms,
    multiIf(
        door NOT LIKE 'file:%', if(said = 'stopped', NULL, greatest(0, toInt64(age_s) - 300)),
        pause_s = 0, NULL,
        greatest(0, toInt64(age_s) - toInt64(1.25 * pause_s))
    ) AS overdue_s
FROM (
    SELECT
        source, door, state AS said, detail, seen_at, last_event_at, heartbeat_at,
        toUInt64(records) AS records, toUInt64(rejects) AS rejects, gaps, waiting, lag_ms,
        toInt64(0) AS pause_s
    FROM feeds FINAL
    WHERE started_at <= {to:DateTime('UTC')} AND heartbeat_at > {to:DateTime('UTC')} - INTERVAL 30 DAY
    UNION ALL
    SELECT
        source, concat('file:', kind) AS door, argMax(state, finished_at) AS said, argMax(file, finished_at) AS detail,
        max(finished_at) AS seen_at, max(finished_at) AS last_event_at, assumeNotNull(max(finished_at)) AS heartbeat_at,
        sum(imports.records) AS records, sum(imports.rejected) AS rejects, toUInt32(0) AS gaps, toUInt32(0) AS waiting,
        toUInt32(0) AS lag_ms,
        -- 0 of fewer than three pauses.
        arraySort(arraySlice(arrayPopFront(arrayDifference(arraySort(
            groupArray(toInt64(toUnixTimestamp(assumeNotNull(finished_at))))
        ))), -20))[toInt32(if(count() > 3, ceil(0.9 * least(20, count() - 1)), 0))] AS pause_s
    FROM imports FINAL
    WHERE kind NOT IN ('undo', 'session') AND state != 'undone' AND finished_at IS NOT NULL AND finished_at <= {to:DateTime('UTC')}
    GROUP BY source, kind
)
ORDER BY source, door

-- Whether a source is understood worse than it used to be: the 24 hours before {to} beside the 28 days before those. A row
-- for each source that said anything in them.
-- accepted: legs stored, and records of finished imports of other kinds. rejected: not accepted later either.
-- usual_share: of the 28 days. is_spike: 20 rejects or more, at least 5 % of all and three times the usual share.
WITH
    toDateTime64({to:DateTime('UTC')}, 3, 'UTC') AS now_at,
    now_at - 86400 AS split,
    now_at - 29 * 86400 AS earliest,
    said AS (
        SELECT source, at >= split AS is_recent, toUInt64(1) AS rejected, toUInt64(0) AS accepted
        FROM rejected FINAL WHERE resolved = 0 AND at >= earliest AND at < now_at
        UNION ALL
        SELECT source, version >= toUnixTimestamp64Nano(toDateTime64(split, 9, 'UTC')) AS is_recent, 0, count()
        FROM call_legs
        WHERE retracted = 0 AND version >= toUnixTimestamp64Nano(toDateTime64(earliest, 9, 'UTC'))
            AND version < toUnixTimestamp64Nano(toDateTime64(now_at, 9, 'UTC'))
        GROUP BY source, is_recent
        UNION ALL
        SELECT source, finished_at >= split AS is_recent, 0, records
        FROM imports FINAL WHERE kind NOT IN ('calls', 'undo') AND finished_at >= earliest AND finished_at < now_at
    ),
    counted AS (
        SELECT
            source,
            sumIf(said.rejected, is_recent) AS rejects, sumIf(said.accepted, is_recent) AS records,
            sumIf(said.rejected, NOT is_recent) AS rejects_before, sumIf(said.accepted, NOT is_recent) AS records_before
        FROM said GROUP BY source
    )
SELECT
    source, rejects AS rejected, records AS accepted,
    if(rejects + records > 0, round(rejects / (rejects + records), 4), 0) AS share,
    if(rejects_before + records_before > 0, round(rejects_before / (rejects_before + records_before), 4), 0) AS usual_share,
    rejects >= 20 AND share >= 0.05 AND share >= 3 * usual_share AS is_spike
FROM counted
ORDER BY source

-- How long after a five-minute cell had ended it was first counted, by local hour of [from, to): median and 95th percentile,
-- of the cells that were counted within a day. late_cells: counted later, as loaded history is. Hours without a cell have
-- no row: nothing was counted. A cell that is counted before it ends has no lag.
SELECT
    toTimeZone(toStartOfHour(bucket, {zone:String}), 'UTC') AS time,
    quantileExactInclusiveOrNullIf(0.5)(lag, lag <= 86400) AS median_lag_s,
    quantileExactInclusiveOrNullIf(0.95)(lag, lag <= 86400) AS p95_lag_s,
    countIf(lag > 86400) AS late_cells,
    count() AS cells
FROM (
    SELECT
        bucket,
        greatest(0, toInt64(intDiv(first_counted_at, 1000000000)) - toInt64(toUnixTimestamp(bucket)) - 300) AS lag
    FROM manager_activity FINAL
    WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
)
GROUP BY time
ORDER BY time

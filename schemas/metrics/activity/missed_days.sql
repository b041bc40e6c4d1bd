-- Missed calls of each local day of [from, to) (`missed`): called back in time, not called back, and those whose time is not
-- over. Every day has a row.
WITH missed AS (
-- include: missed
    ),
    toDate({from:DateTime('UTC')}, {zone:String}) AS from_day,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) + 1 AS to_day
SELECT
    toTimeZone(toDateTime(days.day, {zone:String}), 'UTC') AS time,
    counted.recovered AS recovered, counted.lost AS not_recovered, counted.open AS still_open
FROM (SELECT from_day + arrayJoin(range(toUInt32(to_day - from_day))) AS day) AS days
LEFT JOIN (
    SELECT
        missed.day AS day, countIf(missed.recovered) AS recovered, countIf(missed.still_open) AS open,
        countIf(NOT missed.recovered AND NOT missed.still_open) AS lost
    FROM missed GROUP BY day
) AS counted USING day
ORDER BY time

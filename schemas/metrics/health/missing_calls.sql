-- Calls that are missing because nothing is known of a time (`lost_time.part`): of each source and local day of [from, to), up to
-- `now`, since when, until when, and how many calls are usual in these hours beside those that were counted.
-- goes_on: it is still so at `now`, or at the end of the day where that is before.
WITH
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS known_to,
    toDate({from:DateTime('UTC')}, {zone:String}) AS from_day,
    from_day - 105 AS first_day,
    toDate(greatest(known_to, {from:DateTime('UTC')}) - 1, {zone:String}) + 1 AS last_day,
    -- include: calendar.part
    -- include: lost_time.part
    1 AS done
SELECT
    source, toDateTime(day, {zone:String}) AS local_day, toTimeZone(local_day, 'UTC') AS of_day,
    toDateTime(midnight_s + 300 * lost_steps[1], 'UTC') AS since,
    toDateTime(least(toInt64(toUnixTimestamp(known_to)), midnight_s + 300 * (lost_steps[-1] + 1)), 'UTC') AS until,
    toUInt32(round(expected - counted)) AS missing,
    midnight_s + 300 * (lost_steps[-1] + 1) >= toInt64(toUnixTimestamp(known_to)) AS goes_on
FROM lost_days
WHERE day >= from_day
ORDER BY day, source

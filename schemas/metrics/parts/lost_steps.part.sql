    -- include: lost_time.part
    -- Local day -> its five-minute steps since midnight that are without data, of whatever source. Named once where it is used:
    -- ClickHouse works it out again for each time that its name stands somewhere.
    (
        SELECT mapFromArrays(groupArray(lost_day), groupArray(steps_of_day))
        FROM (
            SELECT day AS lost_day, arrayDistinct(groupArrayArray(lost_steps)) AS steps_of_day FROM lost_days GROUP BY day
        )
    ) AS lost,
    (day, bucket) -> toInt32(intDiv(toUnixTimestamp(bucket) - toUnixTimestamp(toDateTime(day, {zone:String})), 300)) AS step_of,

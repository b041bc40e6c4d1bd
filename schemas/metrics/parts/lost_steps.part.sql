    -- include: lost_time.part
    -- (local day, five-minute step since its midnight) of every time without data, of whatever source.
    (
        SELECT arrayDistinct(groupArrayArray(arrayMap(step -> (day, step), lost_steps))) FROM lost_days
    ) AS lost,
    (day, bucket) -> (
        day, toInt32(intDiv(toUnixTimestamp(bucket) - toUnixTimestamp(toDateTime(day, {zone:String})), 300))
    ) AS step_of,

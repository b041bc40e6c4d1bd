    -- Days of [first_day, last_day), which whoever includes this defines: a loaded day wins over the country's.
    -- A day that no calendar has is not worked, and not is_known.
    calendar AS (
        SELECT day, argMax(kind, source) AS kind, kind IN ('working', 'short', 'moved') AS is_working, kind != '' AS is_known
        FROM (
            SELECT first_day + arrayJoin(range(toUInt32(last_day - first_day))) AS day, '' AS kind, 0 AS source
            UNION ALL
            SELECT day, kind, 1 AS source FROM base_calendar FINAL WHERE day >= first_day AND day < last_day
            UNION ALL
            SELECT day, kind, 2 AS source FROM calendar_days FINAL WHERE day >= first_day AND day < last_day
        )
        GROUP BY day
    ),

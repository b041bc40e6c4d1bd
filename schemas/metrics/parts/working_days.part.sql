    -- include: calendar.part
    -- One row for each manager and day of the roster, with the team said last for that day. A manager works on a day
    -- that is_working and not is_away.
    away AS (
        SELECT
            manager_id,
            greatest(first, first_day)
                + arrayJoin(range(toUInt32(least(last + 1, last_day) - greatest(first, first_day)))) AS day
        FROM absences FINAL WHERE withdrawn = 0 AND last >= first_day AND first < last_day AND first <= last
    ),
    roster_days AS (
        SELECT
            manager_id, day, argMax(team, valid_from) AS team,
            any(kind) AS kind, any(is_working) AS is_working, any(is_known) AS is_known,
            (manager_id, day) IN (SELECT manager_id, day FROM away) AS is_away
        FROM managers FINAL CROSS JOIN calendar
        WHERE valid_from < toDateTime(day + 1, {zone:String})
            AND (valid_to IS NULL OR valid_to > toDateTime(day, {zone:String}))
        GROUP BY manager_id, day
    ),

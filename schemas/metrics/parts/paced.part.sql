    -- What each of the roster did and was to be expected to do, at each of {moments} (epoch seconds, at least {step_s}
    -- apart) and at the evaluation before each, {step_s} earlier. Calls are counted in the working hours of the local
    -- clock, in five-minute steps that are over. The manager "" is the whole department, nobody's calls among them.
    --
    -- Packed, since an array of numbers is read in a fraction of the time of an array of tuples:
    --
    --   | number             | bits 32 and above                     | bits 0 to 31 |
    --   | `steps`, each      | step of the day, 1 to steps_of_a_day  | calls in it  |
    --
    -- The tests count the same day by day without packing (tests/alerts/by_hand.py).
    toDateTime(arrayMin({moments:Array(UInt32)}) - {step_s:UInt32}, {zone:String}) AS earliest_evaluation,
    toDateTime(arrayMax({moments:Array(UInt32)}), {zone:String}) AS latest_evaluation,
    toDate(earliest_evaluation) - 105 AS first_day,
    toDate(latest_evaluation) + 1 AS last_day,
    latest_evaluation AS known_to,
    toUInt32(intDiv({closes_s:Int32} - {opens_s:Int32}, 300)) AS steps_of_a_day,
    (steps, passed) -> arraySum(step -> if(step < bitShiftLeft(toUInt64(passed) + 1, 32), bitAnd(step, 4294967295), 0), steps)
        AS reached,
    -- include: working_days.part
    -- include: lost_time.part
    -- The steps of working hours that are lost of a day.
    lost_of_days AS (
        SELECT
            day,
            arrayDistinct(groupArrayArray(arrayFilter(step -> step BETWEEN 1 AND steps_of_a_day, arrayMap(
                elapsed -> toInt32(intDiv(
                    toHour(toDateTime(midnight_s + 300 * elapsed, {zone:String})) * 3600
                        + toMinute(toDateTime(midnight_s + 300 * elapsed, {zone:String})) * 60 - {opens_s:Int32} + 300, 300
                )), lost_steps
            )))) AS lost
        FROM lost_days GROUP BY day
    ),
    cells AS (
        SELECT
            manager_id, toDate(bucket, {zone:String}) AS day, calls,
            intDiv(
                toHour(bucket, {zone:String}) * 3600 + toMinute(bucket, {zone:String}) * 60 - {opens_s:Int32} + 300, 300
            ) AS step
        FROM manager_activity FINAL
        WHERE bucket >= toDateTime(first_day, {zone:String}) AND bucket < toDateTime(last_day, {zone:String})
            AND step BETWEEN 1 AND steps_of_a_day
    ),
    slotted AS (
        SELECT manager_id, day, groupArray(bitShiftLeft(toUInt64(step), 32) + calls) AS steps
        FROM cells WHERE manager_id != '' GROUP BY manager_id, day
        UNION ALL
        SELECT '', day, groupArray(bitShiftLeft(toUInt64(step), 32) + calls_of_all)
        FROM (SELECT day, step, sum(calls) AS calls_of_all FROM cells GROUP BY day, step) GROUP BY day
    ),
    -- Everyone's days, the latest first. is_full: a full working day of theirs; is_missed: one that
    -- they were away on. has_calls: of anybody.
    paced AS (
        SELECT
            manager_id,
            arrayReverseSort(one -> one.day, groupArray(CAST(
                (day, team, is_at_work, is_away, is_full, has_calls, steps, lost, is_missed),
                'Tuple(day Date, team String, is_at_work UInt8, is_away UInt8, is_full UInt8, has_calls UInt8, steps Array(UInt64),
                    lost Array(Int32), is_missed UInt8)'
            ))) AS days
        FROM (
            SELECT
                everyone.manager_id AS manager_id, day, team, is_away, is_working AND NOT is_away AS is_at_work,
                is_at_work AND kind = 'working' AS is_full,
                is_away AND kind = 'working' AS is_missed,
                sum(length(steps)) OVER (PARTITION BY day) > 0 AS has_calls, steps, lost
            FROM (
                SELECT manager_id, day, team, kind, is_working, is_away FROM roster_days
                UNION ALL SELECT '', day, '', kind, is_working, 0 FROM calendar
            ) AS everyone
            LEFT JOIN slotted USING (manager_id, day)
            LEFT JOIN lost_of_days USING day
        )
        GROUP BY manager_id
    ),
    asked AS (
        SELECT
            evaluation, toDate(here) AS today,
            toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) - {opens_s:Int32} AS open_s,
            toUInt32(greatest(0, least(toInt32(steps_of_a_day), intDiv(open_s, 300)))) AS passed
        FROM (
            SELECT
                arrayJoin(arrayDistinct(arrayConcat(
                    {moments:Array(UInt32)}, arrayMap(one -> one - {step_s:UInt32}, {moments:Array(UInt32)})
                ))) AS evaluation,
                toDateTime(evaluation, {zone:String}) AS here
        )
    ),

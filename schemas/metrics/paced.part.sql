    -- What each of the roster did and was to be expected to do, at each of {moments} (epoch seconds, at least {step_s}
    -- apart) and at the evaluation before each, {step_s} earlier. Calls are counted in the working hours of the local
    -- clock, in five-minute steps that are over. The manager "" is the whole department, nobody's calls among them.
    -- A subquery is worked out once; an expression as often as it is named.
    (
        SELECT arrayDistinct(arrayConcat(
            {moments:Array(UInt32)}, arrayMap(one -> one - {step_s:UInt32}, {moments:Array(UInt32)})
        ))
    ) AS evaluations,
    toUInt32(intDiv({closes_s:Int32} - {opens_s:Int32}, 300)) AS slots_of_a_day,
    (SELECT toDate(toDateTime(arrayMin(evaluations), 'UTC'), {zone:String}) - 105) AS first_day,
    (SELECT toDate(toDateTime(arrayMax(evaluations), 'UTC'), {zone:String}) + 1) AS last_day,
    (calls, slots) -> if(slots = 0 OR empty(calls), toUInt32(0), calls[least(toUInt32(slots), toUInt32(length(calls)))])
        AS reached,
    -- include: working_days.part
    -- since_opening[n]: the calls of the first n steps of a day. Of a manager, and of everybody.
    slotted AS (
        SELECT manager_id, day, sumForEach(in_slot) AS total, arrayCumSum(total) AS since_opening
        FROM (
            SELECT
                manager_id, toDate(bucket, {zone:String}) AS day, groupArrayInsertAt(toUInt32(0))(calls, slot) AS in_slot
            FROM (
                SELECT
                    manager_id, bucket, calls,
                    toHour(bucket, {zone:String}) * 3600 + toMinute(bucket, {zone:String}) * 60 AS clock_s,
                    toUInt32(intDiv(clock_s - {opens_s:Int32}, 300)) AS slot
                FROM manager_activity FINAL
                WHERE bucket >= toDateTime(first_day, {zone:String}) AND bucket < toDateTime(last_day, {zone:String})
                    AND clock_s >= {opens_s:Int32} AND clock_s < {opens_s:Int32} + 300 * slots_of_a_day
            )
            GROUP BY manager_id, day
        )
        GROUP BY GROUPING SETS ((manager_id, day), (day))
        HAVING manager_id != '' OR grouping(manager_id) = 1
    ),
    -- Everyone's days, the latest first. is_full: a full working day of theirs. has_calls: of anybody.
    paced AS (
        SELECT
            manager_id,
            arrayReverseSort(one -> one.day, groupArray(CAST(
                (day, team, is_at_work, is_away, is_full, has_calls, since_opening),
                'Tuple(day Date, team String, is_at_work UInt8, is_away UInt8, is_full UInt8, has_calls UInt8, calls Array(UInt64))'
            ))) AS days
        FROM (
            SELECT
                everyone.manager_id AS manager_id, day, team, is_away, is_working AND NOT is_away AS is_at_work,
                is_at_work AND kind = 'working' AS is_full,
                sum(length(since_opening)) OVER (PARTITION BY day) > 0 AS has_calls, since_opening
            FROM (
                SELECT manager_id, day, team, kind, is_working, is_away FROM roster_days
                UNION ALL SELECT '', day, '', kind, is_working, 0 FROM calendar
            ) AS everyone
            LEFT JOIN slotted USING (manager_id, day)
        )
        GROUP BY manager_id
    ),
    asked AS (
        SELECT
            evaluation, toDate(here) AS today,
            toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) - {opens_s:Int32} AS open_s,
            toUInt32(greatest(0, least(toInt32(slots_of_a_day), intDiv(open_s, 300)))) AS slots
        FROM (SELECT arrayJoin(evaluations) AS evaluation, toDateTime(evaluation, {zone:String}) AS here)
    ),

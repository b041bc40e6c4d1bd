    -- Time without data: of each source and local day of [first_day, last_day) the five-minute steps since midnight whose
    -- calls are not known. Whoever includes this defines both days and known_to, after which nothing is known, and
    -- includes `calendar.part` before it.
    --   said: open gaps of live doors; since a door that is down was last there; and, where nothing comes by itself
    --         (files), since the last call. A source that has brought nothing for 14 days is not used any more.
    --   silence: half an hour or more of a full working day's hours without a call of the source (internal ones do not count),
    --         while 8 or more were to be expected and chance does not explain it: six usual days at least, and
    --         P(0) of the expected, times the day's calls + 1, below 0.003 (negative binomial, variance = mu + mu²/10). On a
    --         slow day less is expected: times (the day's calls + 5) / (the usual ones outside of the pause + 5).
    -- expected: the mean of the same steps on the latest eight same weekdays of 15 weeks that were full working days with calls.
    -- Only where 5 calls or more are missing: nobody needs to know of a connection that was lost for seconds.
    greatest(toDateTime(first_day, {zone:String}), toDateTime(0, {zone:String})) AS beats_from,
    least(toDateTime(last_day, {zone:String}), known_to) AS beats_to,
    (
        SELECT groupUniqArray(source) FROM activities
        WHERE bucket >= beats_from AND bucket < beats_to AND kind = 'call' AND direction != 'internal'
    ) AS call_sources,
    -- Of one source the counted cells have all there is, and are read in a fifth of the time. A constant condition leaves the
    -- other one out.
    beats AS (
        SELECT
            source, toDate(bucket, {zone:String}) AS day,
            toInt32(intDiv(toUnixTimestamp(bucket) - toUnixTimestamp(toDateTime(day, {zone:String})), 300)) AS step,
            toUInt32(sum(found.calls)) AS calls
        FROM (
            SELECT call_sources[1] AS source, bucket, calls FROM manager_activity FINAL
            WHERE length(call_sources) = 1 AND bucket >= beats_from AND bucket < beats_to AND calls > 0
            UNION ALL
            SELECT toString(source), bucket, 1 FROM activities FINAL
            WHERE length(call_sources) > 1 AND bucket >= beats_from AND bucket < beats_to
                AND kind = 'call' AND direction != 'internal'
        ) AS found
        GROUP BY source, day, step
    ),
    doors AS (
        SELECT
            source, toInt64(maxIf(toUnixTimestamp(ifNull(seen_at, started_at)), state != 'stopped')) AS seen_s,
            max(state IN ('live', 'connecting') AND heartbeat_at >= known_to - 120) AS is_there
        FROM feeds FINAL WHERE started_at <= known_to GROUP BY source
    ),
    gaps AS (
        SELECT source, groupArray((toInt64(toUnixTimestamp(since)), toInt64(toUnixTimestamp(until)))) AS spans
        FROM (
            SELECT
                source, splitByChar('/', payload) AS ends,
                parseDateTime64BestEffortOrZero(ends[1], 3, 'UTC') AS since,
                parseDateTime64BestEffortOrZero(ends[2], 3, 'UTC') AS until
            FROM rejected FINAL WHERE reason = 'feed_gap' AND resolved = 0
        )
        WHERE since > toDateTime64(0, 3, 'UTC') AND until >= since
        GROUP BY source
    ),
    -- Each source's days, and up to when its silence means anything.
    pulses AS (
        SELECT
            pulse.source AS source, pulse.days AS days, toInt64(toUnixTimestamp(known_to)) AS known_s,
            last_s >= known_s - 14 * 86400 AS is_used,
            if(is_used AND doors.is_there, known_s, last_s) AS judged_to_s,
            arrayConcat(
                gaps.spans, if(is_used AND NOT doors.is_there, [(greatest(last_s, doors.seen_s), known_s)], [])
            ) AS said
        FROM (
            SELECT
                source,
                groupArray(CAST(
                    (day, kind, steps, kind = 'working' AND notEmpty(steps)),
                    'Tuple(day Date, kind String, steps Array(Tuple(Int32, UInt32)), is_usual UInt8)'
                )) AS days,
                max(if(
                    empty(steps), 0,
                    toInt64(toUnixTimestamp(toDateTime(day, {zone:String}))) + 300 * (arrayMax(one -> one.1, steps) + 1)
                )) AS last_s
            FROM (SELECT arrayJoin(call_sources) AS source, day, kind FROM calendar) AS grid
            LEFT JOIN (SELECT source, day, groupArray((step, calls)) AS steps FROM beats GROUP BY source, day) AS beaten
                USING (source, day)
            GROUP BY source
        ) AS pulse
        LEFT JOIN doors ON doors.source = pulse.source
        LEFT JOIN gaps ON gaps.source = pulse.source
    ),
    (pasts, low, high) -> if(
        empty(pasts), 0.,
        arraySum(past -> arraySum(one -> if(one.1 >= low AND one.1 < high, one.2, 0), past), pasts) / length(pasts)
    ) AS expected_in,
    (days, day) -> arrayMap(past -> past.steps, arraySlice(arrayReverseSort(past -> past.day, arrayFilter(
        past -> past.day < day AND (day - past.day) % 7 = 0 AND past.is_usual, days
    )), 1, 8)) AS usual_pasts,
    (expected, calls) -> if(expected >= 8, (calls + 1) * pow(1 + expected / 10, -10) < 0.003, 0) AS is_improbable,
    -- What is lost of each day, as [from, to) of its steps. Level by level: ClickHouse reads an expression again wherever its
    -- name stands beside it.
    days_of_sources AS (
        SELECT
            source, one.day AS day, one.kind AS kind, one.steps AS steps, judged_to_s, said,
            toInt64(toUnixTimestamp(toDateTime(one.day, {zone:String}))) AS midnight_s,
            usual_pasts(days, one.day) AS pasts,
            arraySum(beat -> beat.2, one.steps) AS calls_of_day
        FROM pulses ARRAY JOIN days AS one
    ),
    marked AS (
        SELECT
            source, day, kind, steps, said, midnight_s, pasts, calls_of_day, quiet_end,
            arrayPushFront(arraySort(arrayFilter(
                step -> step >= intDiv({opens_s:Int32}, 300) AND step < quiet_end, arrayMap(beat -> beat.1, steps)
            )), toInt32(intDiv({opens_s:Int32}, 300)) - 1) AS marks
        FROM (
            SELECT
                *, toInt32(least(intDiv({closes_s:Int32}, 300), intDiv(judged_to_s - midnight_s, 300))) AS quiet_end
            FROM days_of_sources
        )
    ),
    paused AS (
        SELECT
            source, day, kind, steps, said, midnight_s, pasts, calls_of_day,
            arrayFilter(pause -> is_improbable(pause.3, calls_of_day), candidates) AS pauses
        FROM (
            SELECT
                *,
                -- With the pace of that day: what was called outside of the pause, beside the usual.
                arrayMap(
                    pause -> (pause.1, pause.2, pause.3 * least(1., (calls_of_day + 5) / (usual_of_day - pause.3 + 5))),
                    measured
                ) AS candidates
            FROM (
                SELECT
                    *, expected_in(pasts, 0, 288) AS usual_of_day,
                    arrayMap(pause -> (pause.1, pause.2, expected_in(pasts, pause.1, pause.2)), pauses_of_day) AS measured
                FROM (
                    SELECT
                        *,
                        if(kind = 'working' AND length(pasts) >= 6, arrayFilter(
                            pause -> pause.2 - pause.1 >= 6,
                            arrayZip(arrayMap(mark -> mark + 1, marks), arrayPushBack(arrayPopFront(marks), quiet_end))
                        ), []) AS pauses_of_day
                    FROM marked
                )
            )
        )
    ),
    spanned AS (
        SELECT
            source, day, kind, steps, midnight_s, pasts,
            arrayConcat(
                arrayMap(pause -> (pause.1, pause.2), pauses),
                arrayFilter(span -> span.1 < span.2, arrayMap(
                    span -> (
                        toInt32(greatest(0, intDiv(span.1 - midnight_s, 300))),
                        toInt32(least(288, intDiv(span.2 - midnight_s + 299, 300)))
                    ),
                    arrayFilter(span -> span.1 < midnight_s + 86400 AND span.2 > midnight_s, said)
                ))
            ) AS spans
        FROM paused
    ),
    -- Steps outside of the hours in which anybody calls are nobody's loss.
    lost_at_first AS (
        SELECT
            source, day, kind, steps, midnight_s,
            if(
                arraySum(past -> arraySum(beat -> if(has(steps_of_spans, beat.1), beat.2, 0), past), pasts)
                    / greatest(1, length(pasts)) >= 5,
                steps_of_spans, []
            ) AS lost_steps
        FROM (
            SELECT *, arrayDistinct(arrayFlatten(arrayMap(span -> range(span.1, span.2), spans))) AS steps_of_spans
            FROM spanned
        )
    ),
    -- The same again beside days of which nothing is lost.
    lost_days AS (
        SELECT source, day, midnight_s, lost_steps, expected, counted
        FROM (
            SELECT
                source, day, midnight_s,
                arraySort(arrayFilter(step -> step >= first_step AND step <= last_step, lost)) AS lost_steps,
                arraySum(past -> arraySum(beat -> if(has(lost, beat.1), beat.2, 0), past), pasts) / greatest(1, length(pasts))
                    AS expected,
                toUInt32(arraySum(beat -> if(has(lost, beat.1), beat.2, 0), steps)) AS counted
            FROM (
                SELECT
                    source, day, steps, lost, midnight_s, pasts,
                    arrayMin(usual_steps) AS first_step, arrayMax(usual_steps) AS last_step
                FROM (
                    SELECT
                        source, day, steps, lost, midnight_s, pasts,
                        arrayFlatten(arrayMap(past -> arrayMap(beat -> beat.1, past), pasts)) AS usual_steps
                    FROM (
                        SELECT
                            source, one.day AS day, one.steps AS steps, one.lost AS lost, one.midnight_s AS midnight_s,
                            usual_pasts(days, one.day) AS pasts
                        FROM (
                            SELECT
                                source,
                                groupArray(CAST(
                                    (
                                        day, steps, lost_steps,
                                        kind = 'working' AND notEmpty(steps) AND empty(lost_steps), midnight_s
                                    ),
                                    'Tuple(day Date, steps Array(Tuple(Int32, UInt32)), lost Array(Int32), is_usual UInt8,
                                        midnight_s Int64)'
                                )) AS days
                            FROM lost_at_first GROUP BY source
                        )
                        ARRAY JOIN days AS one
                        WHERE notEmpty(one.lost)
                    )
                )
            )
        )
        WHERE expected >= counted + 5
    ),

-- Funnel, cohort: of the organisations that entered the first stage in [from, to), how many reached each later one
-- within `window` working days (of the calendar, in `zone`; the day of entry is day 0, the last day counts whole). A day
-- that no calendar has is worked from Monday to Friday.
-- Skipped stages: moved to or through, so a stage is entered with the first change to it or to any later one.
-- Only first entries count: an organisation belongs to one cohort for good. Terminal stages are no part of it.
-- `entered`: organisations that entered this stage in [from, to), by the owner at that entry;
-- `reached` and what follows from it: by the owner at the entry of the first stage.
-- median_days: Kaplan-Meier, from the previous stage; who has not come is censored at `now` or at the window's end.
-- Beside them: immature = organisations whose window is open; step_estimate = Kaplan-Meier's step conversion, where some
-- are: of a mature cohort the step itself is known.
WITH
    arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}) AS funnel,
    -- Enough days for every window: half of them free, and two months more.
    toDate({from:DateTime64(3, 'UTC')}, {zone:String}) AS first_day,
    toDate({to:DateTime64(3, 'UTC')}, {zone:String}) + 2 * {window:UInt32} + 62 AS last_day,
    -- include: calendar.part
    -- For each day from first_day on: the day that a window begun then ends before.
    (
        SELECT arrayMap(
            worked -> if(worked + {window:UInt32} < length(working), working[worked + {window:UInt32} + 1], last_day),
            arrayCumSum(days.2)
        )
        FROM (
            SELECT
                arraySort(groupArray((day, is_working OR NOT is_known AND toDayOfWeek(day) <= 5))) AS told,
                (arrayMap(one -> one.1, told), arrayMap(one -> one.2, told)) AS days,
                arrayFilter((day, is_worked) -> is_worked, days.1, days.2) AS working
            FROM calendar
        )
    ) AS window_ends,
    -- include: owned.part
    -- Every organisation's moves in order: (at, place in the funnel, who it is counted under, whether it is asked for).
    histories AS (
        SELECT
            arraySort(groupArray((
                at,
                indexOf(funnel, stage),
                multiIf({by:String} IN ('manager', 'toucher'), owner, {by:String} = 'team', owner_team, ''),
                (empty({managers:Array(String)}) OR has({managers:Array(String)}, owner))
                AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, owner_team))
            ))) AS moves
        FROM owned WHERE has(funnel, stage) GROUP BY organisation_id
    ),
    -- All that each organisation tells. It is read once: what is named twice is worked out twice.
    followed AS (
        SELECT
            arrayEnumerate(funnel) AS places,
            -- The first move to each stage or through it; a default one where there is none.
            arrayMap(place -> arrayFirst(move -> move.2 >= place, moves), places) AS entries,
            arrayPushFront(arrayPopBack(entries), moves[1]) AS befores,
            entries[1].1 AS entered_at,
            entries[1].4 AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
                AS is_member,
            -- Only of members: others may have entered on a day that is not among them.
            window_ends[toInt32(toDate(entered_at, {zone:String}) - first_day) + 1] AS ends_before,
            toDateTime64(toDateTime(ends_before, {zone:String}), 3) AS ends_at,
            ends_at > {now:DateTime64(3, 'UTC')} AS is_open,
            least(ends_at, {now:DateTime64(3, 'UTC')}) AS seen_until,
            arrayMap((entry, place) -> entry.2 >= place AND entry.1 < ends_at, entries, places) AS has_reached,
            arrayMap(
                (entry, place) -> place > 1 AND entry.2 >= place - 1 AND entry.1 < ends_at, befores, places
            ) AS had_reached
        FROM histories
    ),
    -- Zero is a value: whoever was on the roster in the period, or is found, has a row for each stage.
    told AS (
        SELECT
            said.1 AS who, said.2 AS place, said.3 AS entered, said.4 AS member, said.5 AS asked, said.6 AS reached,
            said.7 AS open, said.8 AS waited_ms
        FROM followed ARRAY JOIN arrayConcat(
            arrayFlatten(arrayMap(
                (entry, stage) -> if(
                    entry.2 >= stage AND entry.4
                    AND entry.1 >= {from:DateTime64(3, 'UTC')} AND entry.1 < {to:DateTime64(3, 'UTC')},
                    arrayMap(place -> (entry.3, place, place = stage, 0, 0, 0, 0, toInt64(0)), places),
                    []
                ),
                entries, places
            )),
            if(
                is_member,
                arrayMap(
                    (entry, before, had, has, place) -> (
                        entries[1].3, place, 0, 1, had, has, is_open,
                        dateDiff('millisecond', before.1, if(has, entry.1, greatest(before.1, seen_until)))
                    ),
                    entries, befores, had_reached, has_reached, places
                ),
                []
            )
        ) AS said
        UNION ALL
        SELECT
            multiIf({by:String} IN ('manager', 'toucher'), manager_id, {by:String} = 'team', team, ''),
            place, 0, 0, 0, 0, 0, 0
        FROM managers FINAL ARRAY JOIN arrayEnumerate(funnel) AS place
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to > {from:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', arrayJoin(arrayEnumerate(funnel)), 0, 0, 0, 0, 0, 0 WHERE {by:String} = ''
    ),
    counted AS (
        SELECT
            who, place, sum(told.entered) AS entered, sum(told.member) AS members, sum(told.asked) AS asked,
            sum(told.reached) AS reached, sum(told.open) AS immature,
            -- Kaplan-Meier: of those still waited for at each moment, the share that has not come yet.
            arraySort(groupArrayIf((told.waited_ms, NOT told.reached), told.asked)) AS waits,
            arrayMap(
                n -> exp(n),
                arrayCumSum(
                    (wait, n) -> if(wait.2, 0, log(1 - 1 / (length(waits) - n + 1))), waits, arrayEnumerate(waits)
                )
            ) AS survivals,
            -- Where exactly half have come, the median is between that moment and the next, as without censoring.
            arrayFirstIndex(survival -> survival <= 0.5 + 1e-9, survivals) AS half,
            arrayFirstIndex(survival -> survival < 0.5 - 1e-9, survivals) AS beyond
        FROM told GROUP BY who, place
    )
SELECT
    who,
    funnel[place] AS stage,
    entered,
    reached,
    if(asked > 0, reached / asked, NULL) AS step_conversion,
    if(members > 0, reached / members, NULL) AS overall_conversion,
    if(half > 0, (waits[half].1 + waits[if(beyond > 0, beyond, half)].1) / 2 / 86400000, NULL) AS median_days,
    immature,
    if(asked > 0 AND immature > 0, 1 - survivals[-1], NULL) AS step_estimate
FROM counted
ORDER BY who, place

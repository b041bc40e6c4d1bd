-- Funnel, cohort: of the organisations that entered the first stage in [from, to), how many reached each later one
-- within `window` working days (Mon-Fri in `zone`; the day of entry is day 0, the last day counts whole).
-- Skipped stages: moved to or through, so a stage is entered with the first change to it or to any later one.
-- Only first entries count: an organisation belongs to one cohort for good. Terminal stages are no part of it.
-- `entered`: organisations that entered this stage in [from, to), by the owner at that entry;
-- `reached` and what follows from it: by the owner at the entry of the first stage.
-- median_days: Kaplan-Meier, from the previous stage; who has not come is censored at `now` or at the window's end.
-- Beside them: immature = organisations whose window is open; step_estimate = Kaplan-Meier's step conversion.
WITH
    arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}) AS funnel,
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
    entries AS (
        SELECT place, arrayFirst(move -> move.2 >= place, moves) AS entry, entry.3 AS who
        FROM histories ARRAY JOIN arrayEnumerate(funnel) AS place
        WHERE entry.2 >= place AND entry.4
            AND entry.1 >= {from:DateTime64(3, 'UTC')} AND entry.1 < {to:DateTime64(3, 'UTC')}
    ),
    -- Days are numbered from a Monday (1970-01-05); the window ends where the working day after its last one begins.
    cohort AS (
        SELECT
            moves, moves[1].1 AS entered_at, moves[1].3 AS who,
            toInt32(toDate(entered_at, {zone:String})) - 3 AS day,
            5 * intDiv(day, 7) + least(day % 7, 5) + {window:UInt32} AS working_day,
            toDateTime64(toDateTime(toDate(4 + 7 * intDiv(working_day, 5) + working_day % 5), {zone:String}), 3) AS ends_at
        FROM histories
        WHERE moves[1].4 AND entered_at >= {from:DateTime64(3, 'UTC')} AND entered_at < {to:DateTime64(3, 'UTC')}
    ),
    steps AS (
        SELECT
            who, place, ends_at > {now:DateTime64(3, 'UTC')} AS is_open,
            arrayFirst(move -> move.2 >= place, moves) AS entry,
            arrayFirst(move -> move.2 >= place - 1, moves) AS before,
            entry.2 >= place AND entry.1 < ends_at AS has_reached,
            place > 1 AND before.2 >= place - 1 AND before.1 < ends_at AS had_reached,
            if(has_reached, entry.1, greatest(before.1, least(ends_at, {now:DateTime64(3, 'UTC')}))) AS seen_until,
            dateDiff('millisecond', before.1, seen_until) AS waited_ms
        FROM cohort ARRAY JOIN arrayEnumerate(funnel) AS place
    ),
    -- Kaplan-Meier: of those still waited for at each moment, the share that has not come yet.
    ranks AS (
        SELECT
            who, place, waited_ms, has_reached,
            count() OVER (PARTITION BY who, place)
            - row_number() OVER (PARTITION BY who, place ORDER BY waited_ms, has_reached DESC) + 1 AS at_risk
        FROM steps WHERE had_reached
    ),
    survivals AS (
        SELECT
            who, place, waited_ms,
            exp(sum(if(has_reached, log(1 - 1 / at_risk), 0)) OVER (
                PARTITION BY who, place ORDER BY at_risk DESC ROWS UNBOUNDED PRECEDING
            )) AS survival
        FROM ranks
    ),
    -- Where exactly half have come, the median is between that moment and the next, as for numbers without censoring.
    medians AS (
        SELECT
            who, place, 1 - min(survival) AS step_estimate,
            minOrNullIf(waited_ms, survival <= 0.5 + 1e-9) AS half_ms,
            minOrNullIf(waited_ms, survival < 0.5 - 1e-9) AS beyond_ms,
            (half_ms + ifNull(beyond_ms, half_ms)) / 2 / 86400000 AS median_days
        FROM survivals GROUP BY who, place
    ),
    -- Zero is a value: whoever was on the roster in the period has rows.
    groups AS (
        SELECT DISTINCT multiIf({by:String} IN ('manager', 'toucher'), manager_id, {by:String} = 'team', team, '') AS who
        FROM managers FINAL
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to > {from:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION DISTINCT SELECT who FROM entries
        UNION DISTINCT SELECT who FROM cohort
        UNION DISTINCT SELECT '' WHERE {by:String} = ''
    ),
    counted AS (
        SELECT
            who, place, count() AS members, countIf(had_reached) AS asked, countIf(has_reached) AS reached,
            countIf(is_open) AS immature
        FROM steps GROUP BY who, place
    ),
    arrived AS (SELECT who, place, count() AS entered FROM entries GROUP BY who, place)
SELECT
    groups.who AS who,
    funnel[place] AS stage,
    arrived.entered AS entered,
    counted.reached AS reached,
    if(asked > 0, reached / asked, NULL) AS step_conversion,
    if(members > 0, reached / members, NULL) AS overall_conversion,
    medians.median_days AS median_days,
    counted.immature AS immature,
    if(asked > 0, step_estimate, NULL) AS step_estimate
FROM (SELECT who, arrayJoin(arrayEnumerate(funnel)) AS place FROM groups) AS groups
LEFT JOIN arrived USING who, place
LEFT JOIN counted USING who, place
LEFT JOIN medians USING who, place
ORDER BY who, place

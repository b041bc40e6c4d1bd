-- Funnel, flow: what moved in [from, to), whoever began when: it mixes cohorts, so a ratio may exceed 1.
-- `entered`: entries of the stage, every time, re-entry and regression included. A repeat of the stage that an
-- organisation is in already is no entry. Skipped stages: moved to or through, so a move from stage 1 to 3 enters 2 and 3,
-- and a first change to 3 enters 1, 2 and 3; back from a terminal stage counts from where the organisation was before.
-- `reached`: entries that came up from the stage before; of the first stage, all.
-- step_conversion = reached / entries of the stage before; overall_conversion = reached / entries of the first stage.
-- Terminal stages: entries only. Each entry belongs to the owner at that entry. No median: see the cohort.
WITH
    arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}) AS funnel,
    arrayConcat(funnel, arrayFilter(code -> has({terminal:Array(String)}, code), {stages:Array(String)})) AS shown,
    -- include: owned.part
    -- Every organisation's moves in order (at, order of the stage): the configured order decides between equal times.
    histories AS (
        SELECT
            arraySort(groupArray((
                at,
                indexOf({stages:Array(String)}, stage),
                indexOf(shown, stage),
                multiIf({by:String} IN ('manager', 'toucher'), owner, {by:String} = 'team', owner_team, ''),
                (empty({managers:Array(String)}) OR has({managers:Array(String)}, owner))
                AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, owner_team))
            ))) AS said,
            arrayFilter((move, n) -> n = 1 OR move.2 != said[n - 1].2, said, arrayEnumerate(said)) AS moves,
            -- Where in the funnel it was before each move; a terminal stage remembers the place before it.
            arrayFill(place -> place > 0, arrayMap(move -> if(move.3 <= length(funnel), move.3, 0), moves)) AS places,
            arrayPopBack(arrayPushFront(places, 0)) AS befores
        FROM owned WHERE has({stages:Array(String)}, stage) AND at < {to:DateTime64(3, 'UTC')} GROUP BY organisation_id
    ),
    entries AS (
        SELECT
            move.4 AS who,
            arrayJoin(if(move.3 > before AND move.3 <= length(funnel), range(before + 1, move.3 + 1), [move.3])) AS place,
            place = 1 OR (move.3 > before AND place <= length(funnel)) AS came_up
        FROM histories ARRAY JOIN moves AS move, befores AS before
        WHERE move.1 >= {from:DateTime64(3, 'UTC')} AND move.5
    ),
    -- Zero is a value: whoever was on the roster in the period, or is found, has a row for each stage.
    -- One pass: what is named twice is read twice.
    told AS (
        SELECT
            who, arrayJoin(arrayEnumerate(shown)) AS place, place = entries.place AS entered,
            entered AND came_up AS came_up
        FROM entries
        UNION ALL
        SELECT multiIf({by:String} IN ('manager', 'toucher'), manager_id, {by:String} = 'team', team, ''), place, 0, 0
        FROM managers FINAL ARRAY JOIN arrayEnumerate(shown) AS place
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to > {from:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', arrayJoin(arrayEnumerate(shown)), 0, 0 WHERE {by:String} = ''
    ),
    grid AS (
        SELECT
            who, place, sum(told.entered) AS entered,
            if(place <= length(funnel), sum(told.came_up), entered) AS reached,
            lagInFrame(entered) OVER by_place AS entered_before,
            first_value(entered) OVER by_place AS entered_first
        FROM told GROUP BY who, place
        WINDOW by_place AS (PARTITION BY who ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    )
SELECT
    who,
    shown[place] AS stage,
    entered,
    reached,
    if(place BETWEEN 2 AND length(funnel) AND entered_before > 0, reached / entered_before, NULL) AS step_conversion,
    if(place <= length(funnel) AND entered_first > 0, reached / entered_first, NULL) AS overall_conversion,
    CAST(NULL, 'Nullable(Float64)') AS median_days
FROM grid
ORDER BY who, place

-- Funnel, flow: what moved in [from, to), whoever began when: it mixes cohorts, so a ratio may exceed 1.
-- `entered`: entries of the stage, every time, re-entry and regression included. A repeat of the stage that an
-- organisation is in already is not an entry. Skipped stages: moved to or through, so a move from stage 1 to 3 enters 2 and 3,
-- and a first change to 3 enters 1, 2 and 3; back from a terminal stage counts from where the organisation was before.
-- `reached`: entries that came up from the stage before; of the first stage, all.
-- step_conversion = reached / entries of the stage before; overall_conversion = reached / entries of the first stage.
-- Terminal stages: entries only. Each entry belongs to the owner at that entry. No median: see the cohort.
WITH
    -- SELECTs of their own make constants of them, which WITH FILL wants.
    (SELECT arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)})) AS funnel,
    (SELECT arrayFilter(code -> has({terminal:Array(String)}, code), {stages:Array(String)})) AS ends,
    arrayConcat(funnel, ends) AS shown,
    -- include: owned.part
    -- include: packed_moves.part
    -- The organisations that moved in [from, to), with all their moves. The configured order decides between equal times.
    -- people: who each is counted under.
    histories AS (
        SELECT
            groupArray(packed_move(at, indexOf({stages:Array(String)}, stage), is_asked)) AS said,
            groupArray(who) AS people
        FROM (
            SELECT
                organisation_id, stage, at,
                -- include: owner.part
            FROM owned
            WHERE has({stages:Array(String)}, stage) AND at < {to:DateTime64(3, 'UTC')} AND organisation_id IN (
                SELECT organisation_id FROM stage_changes
                WHERE changed_at >= {from:DateTime64(3, 'UTC')} AND changed_at < {to:DateTime64(3, 'UTC')}
            )
        )
        GROUP BY organisation_id
    ),
    (SELECT arrayMap(code -> indexOf(shown, code), {stages:Array(String)})) AS places_of_stages,
    entries AS (
        SELECT
            people[indexOf(said, move)] AS who,
            places_of_stages[place_of(move)] AS entered,
            arrayJoin(
                if(entered > before AND entered <= length(funnel), range(before + 1, entered + 1), [entered])
            ) AS place,
            place = 1 OR (entered > before AND place <= length(funnel)) AS came_up
        FROM (
            SELECT
                said, people, arraySort(said) AS in_order,
                arrayFilter(
                    (move, n) -> n = 1 OR place_of(move) != place_of(in_order[n - 1]), in_order, arrayEnumerate(in_order)
                ) AS moves,
                -- Where in the funnel it was before each move; a terminal stage remembers the place before it.
                arrayFill(
                    place -> place > 0,
                    arrayMap(
                        move -> if(places_of_stages[place_of(move)] <= length(funnel), places_of_stages[place_of(move)], 0),
                        moves
                    )
                ) AS places,
                arrayPopBack(arrayPushFront(places, 0)) AS befores
            FROM histories
        )
        ARRAY JOIN moves AS move, befores AS before
        WHERE moved_at_ms(move) >= toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}) AND bitTest(move, 0)
    ),
    told AS (
        SELECT who, place, 1 AS entered, came_up FROM entries
        UNION ALL
        SELECT if({by:String} IN ('manager', 'toucher'), manager_id, if({by:String} = 'team', team, '')), 1, 0, 0
        FROM managers FINAL
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to > {from:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', 1, 0, 0 WHERE {by:String} = ''
    ),
    grid AS (
        SELECT
            who, place, entered, sum(rows_told) OVER by_place AS rows_of_who,
            if(place <= length(funnel), came_up, entered) AS reached,
            lagInFrame(entered) OVER by_place AS entered_before,
            first_value(entered) OVER by_place AS entered_first
        FROM (
            SELECT who, place, count() AS rows_told, sum(told.entered) AS entered, sum(told.came_up) AS came_up
            FROM told GROUP BY who, place
            -- Zero is a value: whoever was on the roster in the period, or is found, has a row for each stage. Of no row at
            -- all it makes rows of "", too.
            ORDER BY who, place WITH FILL FROM 1 TO length(shown) + 1
        )
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
FROM grid WHERE rows_of_who > 0
ORDER BY who, place

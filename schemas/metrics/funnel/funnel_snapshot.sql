-- Funnel, snapshot: organisations that stand in each stage just before `to`, terminal stages included.
-- `entered` and `reached` are both that number. Adjacent ratios are not conversions, so there are none.
-- An organisation belongs to the owner at the entry of the stage it stands in; a repeat of the stage is not an entry.
-- Organisations without a stage change stand in none.
WITH
    -- A SELECT of its own makes it a constant, which WITH FILL wants.
    (
        SELECT arrayConcat(
            arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}),
            arrayFilter(code -> has({terminal:Array(String)}, code), {stages:Array(String)})
        )
    ) AS shown,
    -- include: owned.part
    -- include: packed_moves.part
    -- Every organisation's moves in order, and the last of them that was an entry. people: who each is counted under.
    standing AS (
        SELECT
            groupArray(packed_move(at, indexOf({stages:Array(String)}, stage), is_asked)) AS said,
            groupArray(who) AS people,
            arraySort(said) AS moves,
            arrayLast(
                (move, n) -> n = 1 OR place_of(move) != place_of(moves[n - 1]), moves, arrayEnumerate(moves)
            ) AS entry
        FROM (
            SELECT
                organisation_id, stage, at,
                -- include: owner.part
            FROM owned WHERE has({stages:Array(String)}, stage) AND at < {to:DateTime64(3, 'UTC')}
        )
        GROUP BY organisation_id
    ),
    told AS (
        SELECT
            people[indexOf(said, entry)] AS who, indexOf(shown, {stages:Array(String)}[place_of(entry)]) AS place,
            1 AS organisations
        FROM standing WHERE bitTest(entry, 0)
        UNION ALL
        SELECT if({by:String} IN ('manager', 'toucher'), manager_id, if({by:String} = 'team', team, '')), 1, 0
        FROM managers FINAL
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to >= {to:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', 1, 0 WHERE {by:String} = ''
    )
SELECT
    who,
    shown[place] AS stage,
    entered,
    entered AS reached,
    CAST(NULL, 'Nullable(Float64)') AS step_conversion,
    CAST(NULL, 'Nullable(Float64)') AS overall_conversion,
    CAST(NULL, 'Nullable(Float64)') AS median_days
FROM (
    SELECT *, sum(rows_told) OVER () AS rows_of_all
    FROM (
        SELECT who, place, count() AS rows_told, sum(organisations) AS entered FROM told GROUP BY who, place
        -- Zero is a value: whoever was on the roster then, or is found, has a row for each stage. Of no row at all it makes
        -- rows of "", too.
        ORDER BY who, place WITH FILL FROM 1 TO length(shown) + 1
    )
)
WHERE rows_of_all > 0
ORDER BY who, place

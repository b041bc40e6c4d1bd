-- Funnel, snapshot: organisations that stand in each stage just before `to`, terminal stages included.
-- `entered` and `reached` are both that number. Adjacent ratios are not conversions, so there are none.
-- An organisation belongs to the owner at the entry of the stage it stands in; a repeat of the stage is no entry.
-- Organisations without a stage change stand in none.
WITH
    arrayConcat(
        arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)}),
        arrayFilter(code -> has({terminal:Array(String)}, code), {stages:Array(String)})
    ) AS shown,
    -- include: owned.part
    -- The last move of every organisation, in order of (at, order of the stage).
    standing AS (
        SELECT
            arraySort(groupArray((at, indexOf({stages:Array(String)}, stage), stage, owner, owner_team))) AS said,
            arrayLast((move, n) -> n = 1 OR move.2 != said[n - 1].2, said, arrayEnumerate(said)) AS entry,
            entry.3 AS stands_in,
            multiIf({by:String} IN ('manager', 'toucher'), entry.4, {by:String} = 'team', entry.5, '') AS who
        FROM owned WHERE has({stages:Array(String)}, stage) AND at < {to:DateTime64(3, 'UTC')}
        GROUP BY organisation_id
        HAVING (empty({managers:Array(String)}) OR has({managers:Array(String)}, entry.4))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, entry.5))
    ),
    -- Zero is a value: whoever was on the roster then, or is found, has a row for each stage.
    -- One pass: what is named twice is read twice.
    told AS (
        SELECT who, arrayJoin(shown) AS stage, stage = stands_in AS organisations FROM standing
        UNION ALL
        SELECT multiIf({by:String} IN ('manager', 'toucher'), manager_id, {by:String} = 'team', team, ''), stage, 0
        FROM managers FINAL ARRAY JOIN shown AS stage
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to >= {to:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', arrayJoin(shown), 0 WHERE {by:String} = ''
    )
SELECT
    who,
    stage,
    sum(organisations) AS entered,
    entered AS reached,
    CAST(NULL, 'Nullable(Float64)') AS step_conversion,
    CAST(NULL, 'Nullable(Float64)') AS overall_conversion,
    CAST(NULL, 'Nullable(Float64)') AS median_days
FROM told
GROUP BY who, stage
ORDER BY who, indexOf(shown, stage)

-- How often each organisation was called in [from, to): B with its distribution. A row for everyone on the roster.
-- Calls with known organisations; internal ones are in no number. median_calls: of the calls per organisation.
-- called_once: share of the organisations with one call; most_calls: of the most called one. calls_per_organisation is B.
WITH
    -- include: people.part
    each AS (
        SELECT manager_id, organisation_id, count() AS calls
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction != 'internal'
            AND manager_id != '' AND organisation_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, activities.team))
        GROUP BY manager_id, organisation_id
    ),
    counted AS (
        SELECT
            manager_id, sum(each.calls) AS calls, count() AS organisations, quantileExactInclusive(0.5)(each.calls) AS median,
            countIf(each.calls = 1) AS once, max(each.calls) AS most
        FROM each GROUP BY manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team, calls, organisations,
    if(organisations > 0, round(calls / organisations, 4), NULL) AS calls_per_organisation,
    if(organisations > 0, median, NULL) AS median_calls,
    if(organisations > 0, once / organisations, NULL) AS called_once,
    most AS most_calls
FROM people LEFT JOIN counted USING manager_id
ORDER BY team, manager_id

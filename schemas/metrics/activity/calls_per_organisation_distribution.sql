-- Organisations by how many calls they had in [from, to), from 1 to 10 and more: the distribution behind B.
-- Of all chosen managers together; calls with known organisations, internal ones left out. Every number has a row.
SELECT if(calls = 10, '10+', toString(calls)) AS calls_each, counted.organisations AS organisations
FROM (SELECT toUInt64(arrayJoin(range(1, 11))) AS calls) AS numbers
LEFT JOIN (
    SELECT least(each.calls, 10) AS calls, count() AS organisations
    FROM (
        SELECT organisation_id, count() AS calls
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction != 'internal'
            AND manager_id != '' AND organisation_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        GROUP BY organisation_id
    ) AS each
    GROUP BY calls
) AS counted USING calls
ORDER BY numbers.calls

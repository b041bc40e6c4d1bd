-- Who and what took part in a source's calls in [from, to), the most frequent first, `limit` of each kind: extensions that
-- were taken for phones of people, our own numbers (lines), applications that were taken for machines, numbers as written
-- that are not understood or hidden, and numbers of no organisation. Internal calls are only among machines.
-- names and calls_of_all: of the whole kind. of_nobody: calls at a time when the extension was no manager's.
WITH calls AS (
    SELECT activity_id, at, extension, manager_id, did, contact, organisation_id
    FROM activities FINAL
    WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call'
        AND direction != 'internal' AND source = {source:String}
)
SELECT
    what, name, calls, of_nobody, first, last,
    toUInt32(count() OVER (PARTITION BY what)) AS names,
    toUInt64(sum(calls) OVER (PARTITION BY what)) AS calls_of_all
FROM (
    SELECT
        'phone' AS what, extension AS name, toUInt32(count()) AS calls, toUInt32(countIf(manager_id = '')) AS of_nobody,
        toUInt32(toUnixTimestamp(if(of_nobody = 0, min(at), minIf(at, manager_id = '')))) AS first,
        toUInt32(toUnixTimestamp(if(of_nobody = 0, max(at), maxIf(at, manager_id = '')))) AS last
    FROM calls WHERE extension != '' GROUP BY name
    UNION ALL
    SELECT
        'line', did AS name, toUInt32(count()), 0, toUInt32(toUnixTimestamp(min(at))), toUInt32(toUnixTimestamp(max(at)))
    FROM calls WHERE did != '' GROUP BY name
    UNION ALL
    SELECT
        'stranger', contact AS name, toUInt32(count()), 0,
        toUInt32(toUnixTimestamp(min(at))), toUInt32(toUnixTimestamp(max(at)))
    FROM calls WHERE contact != '' AND organisation_id = '' GROUP BY name
    UNION ALL
    SELECT 'unread', name, toUInt32(count()), 0, toUInt32(min(first_at)), toUInt32(max(first_at))
    FROM (
        SELECT max(contact_raw) AS name, toUnixTimestamp(min(started_at)) AS first_at
        FROM call_legs FINAL
        WHERE source = {source:String} AND concat('call:', source, ':', call_id) IN (
            SELECT activity_id FROM calls WHERE contact = ''
        )
        GROUP BY call_id
    )
    GROUP BY name
    UNION ALL
    SELECT
        'machine', application AS name, toUInt32(uniqExact(call_id)), 0,
        toUInt32(toUnixTimestamp(min(started_at))), toUInt32(toUnixTimestamp(max(started_at)))
    FROM call_legs FINAL
    WHERE source = {source:String} AND disposition = 'machine'
        AND started_at >= {from:DateTime('UTC')} AND started_at < {to:DateTime('UTC')}
    GROUP BY name
)
ORDER BY what, calls DESC, name
LIMIT {limit:UInt32} BY what

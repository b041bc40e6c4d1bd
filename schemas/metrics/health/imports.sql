-- Files that were loaded, and sessions of live doors, that began in [from, to), newest first. repeats: records of calls
-- that are not the standing version of their leg: they were known already, or were corrected since. profile: its name; how
-- the columns were found stands behind it in the table.
SELECT
    imports.started_at AS time,
    imports.source AS source, kind, file, splitByString(': ', imports.profile)[1] AS profile, state, rows, records, rejected,
    if(kind = 'calls', greatest(0, toInt64(records) - toInt64(standing.legs)), NULL) AS repeats,
    dateDiff('second', imports.started_at, finished_at) AS seconds
FROM (
    SELECT * FROM imports FINAL WHERE started_at >= {from:DateTime('UTC')} AND started_at < {to:DateTime('UTC')}
) AS imports
LEFT JOIN (
    SELECT import_id, count() AS legs FROM call_legs FINAL
    WHERE import_id IN (
        SELECT import_id FROM imports WHERE started_at >= {from:DateTime('UTC')} AND started_at < {to:DateTime('UTC')}
    )
    GROUP BY import_id
) AS standing USING import_id
WHERE (empty({sources:Array(String)}) OR has({sources:Array(String)}, imports.source))
ORDER BY imports.started_at DESC, import_id
LIMIT {limit:UInt32}

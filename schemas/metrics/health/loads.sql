-- Imports that began in [from, to), newest first: who loaded what, when, from where, and what became of it. rows are lines of
-- the file, records what was made of them. An undo is a row of its own, of kind `undo`, whose records are those it withdrew.
SELECT
    import_id, kind, source, file, splitByString(': ', profile)[1] AS profile, loaded_by, state,
    formatDateTime(started_at, '%FT%TZ', 'UTC') AS started_at,
    if(finished_at IS NULL, '', formatDateTime(finished_at, '%FT%TZ', 'UTC')) AS finished_at,
    imports.rows AS rows, records, rejected
FROM imports FINAL
WHERE imports.started_at >= {from:DateTime('UTC')} AND imports.started_at < {to:DateTime('UTC')}
    AND (empty({sources:Array(String)}) OR has({sources:Array(String)}, source))
    AND (empty({kinds:Array(String)}) OR has({kinds:Array(String)}, kind))
    AND (empty({states:Array(String)}) OR has({states:Array(String)}, state))
ORDER BY imports.started_at DESC, import_id
LIMIT {limit:UInt32}

-- Numbers of already reported days that changed in [from, to), newest first: whose, of which five minutes, what they were
-- and are, and the import that changed them.
SELECT
    formatDateTime(restatements.at, '%F %H:%i', {zone:String}) AS local_time,
    formatDateTime(bucket, '%F %H:%i', {zone:String}) AS of_time,
    restatements.manager_id AS manager_id, names.manager AS manager, before, after, cause, imports.file AS file
FROM restatements FINAL
LEFT JOIN (
    SELECT manager_id, argMax(name, valid_from) AS manager FROM managers FINAL GROUP BY manager_id
) AS names USING manager_id
LEFT JOIN (SELECT import_id, file FROM imports FINAL) AS imports ON imports.import_id = restatements.cause
WHERE restatements.at >= {from:DateTime('UTC')} AND restatements.at < {to:DateTime('UTC')}
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, restatements.manager_id))
ORDER BY restatements.at DESC, bucket, manager_id, version
LIMIT {limit:UInt32}

-- What could not be understood and was not accepted later, newest last. Filters are sets; an empty set does not filter.
SELECT
    formatDateTime(at, '%FT%TZ', 'UTC') AS at, source, reason, field, detail, origin, payload, topic, import_id,
    rejected_id
FROM rejected FINAL
WHERE resolved = 0
    AND (empty({sources:Array(String)}) OR has({sources:Array(String)}, source))
    AND (empty({reasons:Array(String)}) OR has({reasons:Array(String)}, reason))
    AND (empty({imports:Array(String)}) OR has({imports:Array(String)}, import_id))
    AND rejected.at >= {from:DateTime('UTC')} AND rejected.at < {to:DateTime('UTC')}
ORDER BY rejected.at, import_id, origin, rejected_id
LIMIT {limit:UInt32}

-- How much could not be understood and was not accepted later, by source and reason.
SELECT source, reason, count() AS rejected, max(at) AS latest, argMax(detail, at) AS example
FROM rejected FINAL
WHERE resolved = 0
    AND (empty({sources:Array(String)}) OR has({sources:Array(String)}, source))
    AND (empty({reasons:Array(String)}) OR has({reasons:Array(String)}, reason))
    AND (empty({imports:Array(String)}) OR has({imports:Array(String)}, import_id))
    AND rejected.at >= {from:DateTime('UTC')} AND rejected.at < {to:DateTime('UTC')}
GROUP BY source, reason
ORDER BY rejected DESC, source, reason

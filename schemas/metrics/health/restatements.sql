-- Already reported days whose numbers changed in [from, to): by the load that changed them, local day and manager, the latest
-- change first. Each number is the sum of its changes over the day's five-minute cells; cells: how many of them changed. Only
-- The first load of each kind of each source, in the week after the first of all, is the beginning and not a change. Only
-- what adds up is told: where all are 0, something else changed (organisations, numbers, general proposals, sums).
SELECT
    max(restatements.at) AS time,
    toTimeZone(toStartOfDay(bucket, {zone:String}), 'UTC') AS of_day,
    restatements.manager_id AS manager_id, any(names.manager) AS manager, cause, any(imports.file) AS file,
    uniqExact(bucket) AS cells,
    -- A scan for the name in compact JSON, as agents write it: parsing took six times as long.
    sum(simpleJSONExtractInt(after, 'calls') - simpleJSONExtractInt(before, 'calls')) AS calls_change,
    sum(
        simpleJSONExtractInt(after, 'conversations') - simpleJSONExtractInt(before, 'conversations')
    ) AS conversations_change,
    sum(
        simpleJSONExtractInt(after, 'calls_to_potential') - simpleJSONExtractInt(before, 'calls_to_potential')
    ) AS calls_to_potential_change,
    sum(
        simpleJSONExtractInt(after, 'individual_proposals') - simpleJSONExtractInt(before, 'individual_proposals')
    ) AS individual_proposals_change
FROM restatements FINAL
LEFT JOIN (
    SELECT manager_id, argMax(name, valid_from) AS manager FROM managers FINAL GROUP BY manager_id
) AS names USING manager_id
LEFT JOIN (SELECT import_id, file FROM imports FINAL) AS imports ON imports.import_id = restatements.cause
WHERE restatements.at >= {from:DateTime('UTC')} AND restatements.at < {to:DateTime('UTC')}
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, restatements.manager_id))
    AND restatements.cause NOT IN (
        SELECT first_import FROM (
            SELECT
                argMin(import_id, started_at) AS first_import, min(started_at) AS began_at, min(began_at) OVER () AS beginning
            FROM imports FINAL WHERE kind NOT IN ('session', 'undo') AND state != 'undone' GROUP BY source, kind
        )
        WHERE began_at < beginning + toIntervalDay(7)
    )
GROUP BY cause, of_day, manager_id
ORDER BY time DESC, of_day DESC, manager_id, cause
LIMIT {limit:UInt32}

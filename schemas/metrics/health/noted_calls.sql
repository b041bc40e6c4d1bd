-- A CRM's notes of calls in [from, to), by source: how many are copies of a call that an exchange told of, and do not
-- count; which of those could be of several calls, or share theirs with another note (ambiguous); how many count
-- themselves, and which of those fall into another call of the same number, or within 90 seconds of it (doubtful): by
-- somebody else, of another length, or noted when it had ended.
WITH
    notes AS (
        SELECT activity_id, source, contact, at, copies_of FROM placements FINAL
        PREWHERE activity_id IN (SELECT activity_id FROM placements PREWHERE noted = 1)
        WHERE noted = 1 AND (retracted = 0 OR notEmpty(copies_of))
            AND bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
            AND (empty({sources:Array(String)}) OR has({sources:Array(String)}, source))
    ),
    shared AS (
        SELECT call FROM (SELECT arrayJoin(copies_of) AS call, activity_id FROM notes) GROUP BY call HAVING count() > 1
    ),
    doubtful AS (
        SELECT DISTINCT alone.activity_id FROM (SELECT * FROM notes WHERE empty(copies_of) AND contact != '') AS alone
        INNER JOIN (
            SELECT source, contact, at, wait_s + talk_s AS long_s FROM placements FINAL
            WHERE kind = 'call' AND noted = 0 AND retracted = 0
                AND contact IN (SELECT contact FROM notes WHERE empty(copies_of) AND contact != '')
        ) AS calls ON alone.contact = calls.contact
        WHERE alone.source != calls.source
            AND toUnixTimestamp64Milli(alone.at) - toUnixTimestamp64Milli(calls.at) BETWEEN -90000
                AND 90000 + 1000 * toInt64(calls.long_s)
    )
SELECT
    source, count() AS notes, countIf(notEmpty(copies_of)) AS copies,
    countIf(length(copies_of) > 1 OR hasAny(copies_of, (SELECT groupArray(call) FROM shared))) AS ambiguous,
    countIf(empty(copies_of)) AS counted,
    countIf(activity_id IN (SELECT activity_id FROM doubtful)) AS doubtful
FROM notes
GROUP BY source
ORDER BY source

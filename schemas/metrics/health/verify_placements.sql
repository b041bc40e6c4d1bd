-- Places that were decided and did not reach the facts in [from, to), facts that nobody decided, and facts that are of
-- another version than what was decided.
SELECT
    formatDateTime(bucket, '%F %T', {zone:String}) AS bucket, manager_id, activity_id,
    multiIf(
        facts = 0, 'decided, not among the facts',
        places = 0, 'among the facts, not decided',
        'decided otherwise than it is among the facts'
    ) AS what
FROM (
    SELECT
        bucket, manager_id, activity_id,
        countIf(placed) AS places, countIf(NOT placed) AS facts, uniqExact(version) AS versions
    FROM (
        SELECT bucket, manager_id, activity_id, version, 1 AS placed FROM placements FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND retracted = 0
        UNION ALL
        SELECT bucket, manager_id, activity_id, version, 0 AS placed FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    )
    GROUP BY bucket, manager_id, activity_id
)
WHERE places != facts OR versions > 1
ORDER BY bucket, manager_id, activity_id

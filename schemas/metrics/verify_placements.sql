-- Places that were decided and did not reach the facts in [from, to), and facts that nobody decided.
SELECT formatDateTime(bucket, '%F %T', {zone:String}) AS bucket, manager_id, activity_id,
    if(placed, 'decided, not among the facts', 'among the facts, not decided') AS what
FROM (
    SELECT bucket, manager_id, activity_id, max(placed) AS placed, count() AS tables
    FROM (
        SELECT bucket, manager_id, activity_id, 1 AS placed FROM placements FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND retracted = 0
        UNION ALL
        SELECT bucket, manager_id, activity_id, 0 AS placed FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    )
    GROUP BY bucket, manager_id, activity_id
)
WHERE tables = 1
ORDER BY bucket, manager_id, activity_id

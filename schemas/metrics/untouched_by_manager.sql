-- How many organisations nobody has talked to for `days` days (`untouched`), by who looks after them now, and of them for a year.
SELECT
    manager_id, any(manager) AS manager, any(team) AS team, count() AS organisations, countIf(isNull(silent_days)) AS never,
    max(silent_days) AS longest_days
FROM (
-- include: untouched
)
GROUP BY manager_id
ORDER BY organisations DESC, manager_id

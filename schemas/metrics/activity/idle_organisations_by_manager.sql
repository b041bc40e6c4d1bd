-- How many organisations nobody has talked to for `days` days (`idle_organisations`), by who looks after them now, and of them for a year.
SELECT
    manager_id, any(manager) AS manager, any(team) AS team, count() AS organisations, countIf(isNull(silent_days)) AS never,
    max(silent_days) AS longest_days
FROM (
-- include: idle_organisations
)
GROUP BY manager_id
ORDER BY organisations DESC, manager_id

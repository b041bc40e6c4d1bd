-- Managers with a validity period that overlaps [from, to), each once, with the name and team said last, and all teams.
-- A silent manager is a row of zeros, not a missing one.
SELECT manager_id, argMax(name, valid_from) AS name, argMax(team, valid_from) AS team,
    arraySort(groupUniqArray(managers.team)) AS teams
FROM managers FINAL
WHERE valid_from < {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {from:DateTime('UTC')})
GROUP BY manager_id
ORDER BY manager_id

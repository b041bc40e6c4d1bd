-- Every manager id and team that anything was ever told of: the roster of any time, what was counted, plans, stage changes
-- and organisations. Who is in none of them cannot be asked for. The name is the roster's latest, "" where it has none.
SELECT manager_id, argMax(known.name, valid_from) AS name, arraySort(groupUniqArrayIf(known.team, known.team != '')) AS teams
FROM (
    SELECT manager_id, managers.name AS name, team, valid_from FROM managers FINAL
    UNION ALL SELECT DISTINCT manager_id, '', team, toDateTime64(0, 3, 'UTC') FROM manager_activity
    UNION ALL SELECT DISTINCT manager_id, '', '', toDateTime64(0, 3, 'UTC') FROM plans FINAL
    UNION ALL SELECT DISTINCT manager_id, '', '', toDateTime64(0, 3, 'UTC') FROM stage_changes FINAL
    UNION ALL SELECT DISTINCT manager_id, '', '', toDateTime64(0, 3, 'UTC') FROM organisations FINAL
) AS known
WHERE manager_id != ''
GROUP BY manager_id
ORDER BY manager_id

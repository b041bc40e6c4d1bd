-- Plan and fact (`plan_fact`) by manager, with their names and teams: of each month that [from, to) touches.
-- month_first, month_last: the days of the month. data_until: the same in every row: what is due goes on after it.
SELECT
    names.manager AS manager, names.team AS their_team, fact.*,
    concat(fact.month, '-01') AS month_first, toString(toLastDayOfMonth(toDate(month_first))) AS month_last,
    (
-- include: data_until
    ) AS data_until
FROM (
-- include: plan_fact
) AS fact
LEFT JOIN (
    SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
    FROM managers FINAL GROUP BY manager_id
) AS names USING manager_id
ORDER BY month DESC, their_team, manager_id

-- Plan and fact (`plan_fact`) by manager, with their names and teams: of each month that [from, to) touches.
-- data_until: when the latest call up to `now` began, whoever's, the same in every row: what is due goes on after it.
SELECT
    names.manager AS manager, names.team AS their_team, fact.*,
    (
        SELECT maxOrNull(at) FROM activities
        -- Read backwards from the end of the primary key: some hundred rows. Any further order would read all of them.
        WHERE bucket = (
            SELECT bucket FROM activities
            WHERE bucket <= {now:DateTime('UTC')} AND at <= {now:DateTime('UTC')} AND kind = 'call'
            ORDER BY bucket DESC LIMIT 1
        )
            AND at <= {now:DateTime('UTC')} AND kind = 'call'
    ) AS data_until
FROM (
-- include: plan_fact
) AS fact
LEFT JOIN (
    SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
    FROM managers FINAL GROUP BY manager_id
) AS names USING manager_id
ORDER BY month DESC, their_team, manager_id

-- Missed calls of [from, to) that nobody returned in time (`missed`, its definition), by who looks after the organisation now.
-- A row for everyone on the roster at {to}, and one for calls of numbers without a manager (manager_id "").
-- missed: all of them; overdue: not returned, and the time for it is over.
SELECT
    roster.manager_id AS manager_id, roster.manager AS manager, roster.team AS team,
    found.missed_calls AS missed, found.overdue AS overdue
FROM (
    SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
    FROM managers FINAL
    WHERE valid_from <= {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {to:DateTime('UTC')})
    GROUP BY manager_id
    UNION ALL SELECT '', '', ''
) AS roster
LEFT JOIN (
    SELECT manager_id, count() AS missed_calls, countIf(NOT recovered AND NOT still_open) AS overdue
    FROM (
-- include: missed
    )
    GROUP BY manager_id
) AS found USING manager_id
ORDER BY manager_id

-- Who lives off existing customers, as the warning says it (alert_squeeze, its text and its numbers), at {moment}: of the
-- managers that are asked for, those it names first. The season is everybody's, whoever is asked for.
SELECT * FROM (
-- include: alert_squeeze
)
WHERE (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
ORDER BY is_squeezing DESC, expected_new - new_now DESC, manager_id

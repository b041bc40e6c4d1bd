-- The cohort funnel of [from, to) (`funnel_cohort`) by team, manager or first toucher, with their names; whose funnel had
-- nobody in it is left out. nobody: organisations without an owner, or without any call of a manager.
SELECT
    who, if({by:String} = 'team' OR who = '', who, ifNull(names.name, who)) AS name, stage, entered, reached,
    step_conversion, overall_conversion, immature
FROM (
-- include: funnel_cohort
) AS cohort
LEFT JOIN (
    SELECT manager_id, toNullable(argMax(managers.name, valid_from)) AS name FROM managers FINAL GROUP BY manager_id
) AS names ON names.manager_id = cohort.who
WHERE overall_conversion IS NOT NULL
ORDER BY name, who, indexOf({stages:Array(String)}, stage)

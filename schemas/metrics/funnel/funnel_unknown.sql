-- Stage changes whose code is not configured (any more): the funnel leaves them out, and says so.
SELECT stage, count() AS changes FROM stage_changes FINAL
WHERE NOT has({stages:Array(String)}, stage)
GROUP BY stage ORDER BY stage

-- Which teams can be chosen: those of the roster in [from, to).
SELECT DISTINCT team AS value, team AS text
FROM managers FINAL
WHERE valid_from < {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {from:DateTime('UTC')}) AND team != ''
ORDER BY value

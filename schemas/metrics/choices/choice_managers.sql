-- Who can be chosen: everyone on the roster in [from, to), by name. Names that several have are told apart by their ids.
SELECT manager_id AS value, if(count() OVER (PARTITION BY name) > 1, concat(name, ' (', manager_id, ')'), name) AS text
FROM (
    SELECT manager_id, argMax(managers.name, valid_from) AS name
    FROM managers FINAL
    WHERE valid_from < {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {from:DateTime('UTC')})
        AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
    GROUP BY manager_id
)
ORDER BY text, value

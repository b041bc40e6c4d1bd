    -- Who was on the roster in [from, to), once each, with the name and team said last. Zero is a value: they have rows.
    people AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL
        WHERE valid_from < {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {from:DateTime('UTC')})
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, managers.team))
        GROUP BY manager_id
    ),

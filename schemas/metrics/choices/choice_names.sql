-- What some managers are called, whenever they were on the roster: of those who are chosen although `choice_managers` does
-- not offer them. Names that several of them have are told apart by their ids.
SELECT manager_id AS value, if(count() OVER (PARTITION BY name) > 1, concat(name, ' (', manager_id, ')'), name) AS text
FROM (
    SELECT manager_id, argMax(managers.name, valid_from) AS name
    FROM managers FINAL
    WHERE has({managers:Array(String)}, manager_id)
    GROUP BY manager_id
)
ORDER BY text, value

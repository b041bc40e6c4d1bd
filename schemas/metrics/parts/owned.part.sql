    -- Stage changes with their owner (who made them, else the manager of the organisation) and the team of the owner then;
    -- outside of every period of the owner it is the nearest earlier one, else the earliest.
    -- by = 'toucher': the owner is who had the first call with the organisation, whatever became of it and whenever it was;
    -- of several in the same five minutes always the same one; "" when there is none. From the cells, and by one number: by
    -- facts, or by a tuple, it takes ten times as long. Nobody's cells are passed over in argMinIf: a WHERE would copy the
    -- lists of all others.
    touchers AS (
        SELECT
            organisation_id,
            argMinIf(
                manager_id, toUnixTimestamp(bucket) * 4294967296 + cityHash64(manager_id) % 4294967296, manager_id != ''
            ) AS toucher
        FROM manager_activity FINAL ARRAY JOIN organisations AS organisation_id
        WHERE {by:String} = 'toucher'
        GROUP BY organisation_id
    ),
    periods AS (
        SELECT manager_id AS id, arrayReverseSort(groupArray((valid_from, valid_to, team))) AS known
        FROM managers FINAL GROUP BY id
    ),
    owned AS (
        SELECT
            organisation_id, stage, changed_at AS at,
            if(
                {by:String} = 'toucher', touchers.toucher,
                if(stage_changes.manager_id != '', stage_changes.manager_id, organisations.manager_id)
            ) AS owner,
            arrayConcat(
                arrayFilter(period -> period.1 <= at AND (period.2 IS NULL OR at < period.2), known),
                arrayFilter(period -> period.1 <= at, known),
                arraySlice(known, -1)
            )[1].3 AS owner_team
        FROM stage_changes FINAL
        LEFT JOIN (SELECT organisation_id, manager_id FROM organisations FINAL) AS organisations USING organisation_id
        LEFT JOIN touchers USING organisation_id
        LEFT JOIN periods ON periods.id = owner
    ),

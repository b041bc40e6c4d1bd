    -- Stage changes with their owner (who made them, else the manager of the organisation) and the team of the owner then;
    -- outside of every period of the owner it is the nearest earlier one, else the earliest.
    -- by = 'toucher': the owner is who had the organisation's first answered call, whenever that was; "" when there is none.
    touchers AS (
        SELECT organisation_id, argMin(manager_id, (at, activity_id)) AS toucher
        FROM activities FINAL
        WHERE {by:String} = 'toucher' AND kind = 'call' AND direction != 'internal' AND disposition = 'answered'
            AND organisation_id != '' AND manager_id != ''
        GROUP BY organisation_id
    ),
    periods AS (
        SELECT manager_id AS id, arrayReverseSort(groupArray((valid_from, valid_to, team))) AS known
        FROM managers FINAL GROUP BY id
    ),
    owned AS (
        SELECT
            organisation_id, stage, changed_at AS at,
            multiIf(
                {by:String} = 'toucher', touchers.toucher,
                stage_changes.manager_id != '', stage_changes.manager_id,
                organisations.manager_id
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

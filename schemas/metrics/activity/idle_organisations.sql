-- Organisations that nobody has talked to for `days` days before the end of [from, to) (or before `now`), or for a year
-- (silent_days is NULL then), although they stand in a stage that is worked (not terminal). Longest first. Talked to: an
-- answered call of any length. By who looks after them now. Organisations without a stage are left out.
WITH
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS moment,
    standing AS (
        SELECT
            organisation_id, max(changed_at) AS since,
            argMax(stage_changes.stage, (changed_at, indexOf({stages:Array(String)}, stage_changes.stage))) AS stage
        FROM stage_changes FINAL
        WHERE has({stages:Array(String)}, stage_changes.stage) AND changed_at < moment GROUP BY organisation_id
    ),
    spoken AS (
        SELECT organisation_id, max(at) AS last_at FROM activities FINAL
        -- By if(), so that the rest is compared only where somebody answered.
        WHERE bucket >= moment - 365 * 86400 AND bucket < moment
            AND if(disposition = 'answered', at < moment AND direction != 'internal' AND organisation_id != '', 0)
        GROUP BY organisation_id
    ),
    people AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL WHERE valid_from <= moment GROUP BY manager_id
    )
SELECT
    standing.organisation_id AS organisation_id, organisations.name AS organisation, standing.stage AS stage,
    organisations.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    if(spoken.organisation_id = '', NULL, dateDiff('day', spoken.last_at, moment)) AS silent_days,
    dateDiff('day', since, moment) AS in_stage_days
FROM standing
LEFT JOIN (SELECT organisation_id, name, manager_id FROM organisations FINAL) AS organisations USING organisation_id
LEFT JOIN spoken USING organisation_id
LEFT JOIN people ON people.manager_id = organisations.manager_id
WHERE NOT has({terminal:Array(String)}, standing.stage)
    -- Never: since they entered the stage that they stand in.
    AND if(isNull(silent_days), since, spoken.last_at) < moment - 86400 * {days:UInt32}
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, organisations.manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, people.team))
    AND (empty({in_stages:Array(String)}) OR has({in_stages:Array(String)}, standing.stage))
ORDER BY silent_days DESC NULLS FIRST, in_stage_days DESC, organisation_id
LIMIT {limit:UInt32}

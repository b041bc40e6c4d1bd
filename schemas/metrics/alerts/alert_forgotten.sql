-- Whose organisations nobody talks to, at {moment} (epoch seconds): those in a stage that is worked (not terminal), by who looks
-- after them now. A row for everyone on the roster. Talked to: an answered call of any length, of anybody.
-- forgotten: without one for {days} days, and in their stage for as long. share: of theirs; share_of_others: of all others'.
-- is_forgetful: 10 or more, a fifth of theirs at least, and half as much again as of the others'.
WITH
    toDateTime({moment:UInt32}, 'UTC') AS now_at,
    standing AS (
        SELECT
            organisation_id, max(changed_at) AS since,
            argMax(stage_changes.stage, (changed_at, indexOf({stages:Array(String)}, stage_changes.stage))) AS stage
        FROM stage_changes FINAL
        WHERE has({stages:Array(String)}, stage_changes.stage) AND changed_at < now_at GROUP BY organisation_id
    ),
    spoken AS (
        SELECT DISTINCT organisation_id FROM activities FINAL
        -- By if(), so that the rest is compared only where somebody answered.
        WHERE bucket >= now_at - 86400 * {days:UInt32} - 300 AND bucket < now_at
            AND if(
                disposition = 'answered',
                at >= now_at - 86400 * {days:UInt32} AND at < now_at AND direction != 'internal' AND organisation_id != '', 0
            )
    ),
    by_manager AS (
        SELECT
            looked_after.manager_id AS manager_id, count() AS organisations,
            countIf(since < now_at - 86400 * {days:UInt32} AND organisation_id NOT IN (SELECT * FROM spoken)) AS forgotten
        FROM standing
        INNER JOIN (SELECT organisation_id, manager_id FROM organisations FINAL) AS looked_after USING organisation_id
        WHERE NOT has({terminal:Array(String)}, standing.stage)
        GROUP BY manager_id
    ),
    roster AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL
        WHERE valid_from <= now_at AND (valid_to IS NULL OR valid_to > now_at)
        GROUP BY manager_id
    ),
    shares AS (
        SELECT
            roster.manager_id AS manager_id, roster.manager AS manager, roster.team AS team,
            by_manager.organisations AS organisations, by_manager.forgotten AS forgotten,
            sum(by_manager.organisations) OVER () - by_manager.organisations AS others,
            sum(by_manager.forgotten) OVER () - by_manager.forgotten AS others_forgotten
        FROM roster LEFT JOIN by_manager USING manager_id
    )
SELECT
    {moment:UInt32} AS moment, manager_id, manager, team, organisations, forgotten,
    if(organisations > 0, round(forgotten / organisations, 4), 0) AS share,
    if(others > 0, round(others_forgotten / others, 4), 0) AS share_of_others,
    forgotten >= 10 AND 5 * forgotten >= organisations AND forgotten * others >= 1.5 * others_forgotten * organisations
        AS is_forgetful
FROM shares
ORDER BY manager_id

-- Who lives off existing customers: the 28 days before the end of [from, to) (or before `now`), against up to twelve weeks
-- before them. A row for everyone on the roster in [from, to).
-- new: organisations of a first conversation with the company, in the first stage or in none then, a week.
-- existing: of stages that are neither potential nor terminal; calls_per_existing: calls to them / (existing organisations
-- called, week by week). shipments: first entries into such a stage, by the manager that made them, a week.
-- A week counts when the manager called anybody in it.
-- expected_new = own earlier new x how the other managers' changed (1 when there are none, or fewer than 10 before).
-- is_squeezing: 3 or more expected, new at most half of it, and both calls_per_existing and shipments hold (0.9 of earlier).
WITH
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS moment,
    moment - 28 * 86400 AS split,
    -- include: people.part
    facts AS (
        SELECT *, toInt32(intDiv(dateDiff('second', at, moment) - 1, 604800)) AS weeks_ago, weeks_ago < 4 AS is_recent
        FROM activities FINAL
        WHERE bucket >= moment - 112 * 86400 AND bucket < moment AND at < moment AND at >= moment - 112 * 86400
            AND kind = 'call' AND direction != 'internal' AND manager_id != ''
    ),
    weekly AS (
        SELECT
            manager_id, weeks_ago, any(is_recent) AS is_recent,
            countIf(existing) AS calls_to_existing, uniqExactIf(organisation_id, existing) AS existing_organisations
        FROM (
            SELECT *, stage != '' AND NOT has({potential:Array(String)}, stage) AND NOT has({terminal:Array(String)}, stage)
                AND organisation_id != '' AS existing
            FROM facts
        )
        GROUP BY manager_id, weeks_ago
    ),
    -- The first conversation that anybody had with each organisation, in a year before the sixteen weeks and since.
    known AS (
        SELECT organisation_id FROM activities FINAL
        WHERE bucket >= moment - (112 + 365) * 86400 AND bucket < moment - 112 * 86400 AND at < moment - 112 * 86400
            AND direction != 'internal' AND disposition = 'answered' AND talk_s >= {conversation_s:UInt32}
    ),
    firsts AS (
        SELECT
            organisation_id, argMin((activities.manager_id, stage), at) AS opened, opened.1 AS manager_id,
            min(at) AS first_at
        FROM activities FINAL
        WHERE bucket >= moment - 112 * 86400 - 300 AND bucket < moment AND at >= moment - 112 * 86400 AND at < moment
            AND direction != 'internal' AND disposition = 'answered' AND talk_s >= {conversation_s:UInt32}
            AND organisation_id != '' AND organisation_id NOT IN (SELECT organisation_id FROM known)
        GROUP BY organisation_id HAVING opened.2 IN ('', {stages:Array(String)}[1])
    ),
    shipped AS (
        SELECT organisation_id, argMin(stage_changes.manager_id, changed_at) AS manager_id, min(changed_at) AS first_at
        FROM stage_changes FINAL
        WHERE has({stages:Array(String)}, stage) AND NOT has({potential:Array(String)}, stage)
            AND NOT has({terminal:Array(String)}, stage) AND changed_at < moment
        GROUP BY organisation_id HAVING first_at >= moment - 112 * 86400
    ),
    new_by AS (
        SELECT manager_id, countIf(first_at >= split) AS recent, countIf(first_at < split) AS before
        FROM firsts GROUP BY manager_id
    ),
    shipped_by AS (
        SELECT manager_id, countIf(first_at >= split) AS recent, countIf(first_at < split) AS before
        FROM shipped GROUP BY manager_id
    ),
    by_manager AS (
        SELECT
            manager_id,
            countIf(is_recent) AS weeks_now, countIf(NOT is_recent) AS weeks_before,
            sumIf(calls_to_existing, is_recent) / sumIf(existing_organisations, is_recent) AS per_existing_now,
            sumIf(calls_to_existing, NOT is_recent) / sumIf(existing_organisations, NOT is_recent) AS per_existing_before
        FROM weekly GROUP BY manager_id
    ),
    rates AS (
        SELECT
            manager_id,
            if(weeks_now > 0, new_by.recent / weeks_now, NULL) AS new_now,
            if(weeks_before > 0, new_by.before / weeks_before, NULL) AS new_before,
            if(weeks_now > 0, shipped_by.recent / weeks_now, NULL) AS shipments_now,
            if(weeks_before > 0, shipped_by.before / weeks_before, NULL) AS shipments_before,
            if(isFinite(per_existing_now), per_existing_now, NULL) AS calls_per_existing_now,
            if(isFinite(per_existing_before), per_existing_before, NULL) AS calls_per_existing_before,
            sum(new_by.before) OVER () - new_by.before AS others_before,
            sum(new_now) OVER () - ifNull(new_now, 0) AS others_rate_now,
            sum(new_before) OVER () - ifNull(new_before, 0) AS others_rate_before
        FROM by_manager LEFT JOIN new_by USING manager_id LEFT JOIN shipped_by USING manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    new_before, new_now,
    new_before * if(others_before >= 10 AND others_rate_before > 0, others_rate_now / others_rate_before, 1) AS expected_new,
    calls_per_existing_before, calls_per_existing_now, shipments_before, shipments_now,
    ifNull(
        expected_new * 4 >= 3 AND new_now <= 0.5 * expected_new
        AND calls_per_existing_now >= 0.9 * calls_per_existing_before AND shipments_now >= 0.9 * shipments_before, 0
    ) AS is_squeezing
FROM people LEFT JOIN rates USING manager_id
ORDER BY is_squeezing DESC, new_now / expected_new, manager_id

-- What managers did in [from, to) beside what they did in [before_from, before_to): one row per combination of `by`
-- (manager, team; empty: everybody). Numbers are those of `activity`; `_before` is the earlier period's, `_change` the
-- difference. Zero is a value: whoever was on the roster in [from, to) has a row, and whoever was counted in either period.
-- A manager's row bears the team said last. Calls without a manager are left out.
-- Time that is lost in either period (`lost_time.part`) is in no `_before` and no `_change` of calls: the same hours of the same
-- weekday are left out of the other period, too. The numbers of [from, to) themselves are what was counted.
WITH
    toDate({from:DateTime('UTC')}, {zone:String}) AS from_day,
    toDate({before_from:DateTime('UTC')}, {zone:String}) AS before_day,
    7 * toInt32(round((from_day - before_day) / 7)) AS shift_days,
    before_day - 105 AS first_day,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) + 1 AS last_day,
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS known_to,
    -- include: calendar.part
    -- include: lost_steps.part
    counted AS (
        SELECT
            if(has({by:Array(String)}, 'manager'), cell.manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), cell.team, '') AS team,
            cell.is_now AS is_now,
            sum(cell.calls) AS calls,
            sum(cell.conversations) AS conversations,
            uniqExactArray(cell.organisations) AS organisations,
            if(organisations = 0, NULL, round((calls - unknown_calls) / organisations, 4)) AS calls_per_organisation,
            -- include: indicators.part
            sum(cell.unknown_calls) AS unknown_calls,
            if(calls = 0, NULL, round((calls - unknown_calls) / calls, 4)) AS match_coverage,
            sumIf(cell.calls, cell.is_comparable) AS comparable_calls,
            sumIf(cell.conversations, cell.is_comparable) AS comparable_conversations,
            sumIf(cell.calls_to_potential, cell.is_comparable) AS comparable_calls_to_potential,
            uniqExactArrayIf(cell.organisations, cell.is_comparable) AS comparable_organisations,
            if(comparable_organisations = 0, NULL, round(
                (comparable_calls - sumIf(cell.unknown_calls, cell.is_comparable)) / comparable_organisations, 4
            )) AS comparable_calls_per_organisation
        FROM (
            SELECT
                *, toDate(bucket, {zone:String}) AS day,
                bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AS is_now,
                step_of(day, bucket) AS step,
                NOT has(all_lost[day], step) AND NOT has(all_lost[day + if(is_now, -shift_days, shift_days)], step)
                    AS is_comparable
            FROM (SELECT *, lost AS all_lost FROM manager_activity FINAL)
        ) AS cell
        WHERE (cell.is_now OR cell.bucket >= {before_from:DateTime('UTC')} AND cell.bucket < {before_to:DateTime('UTC')})
            AND cell.manager_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, cell.manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, cell.team))
        GROUP BY 1, 2, 3
    ),
    groups AS (
        SELECT DISTINCT
            if(has({by:Array(String)}, 'manager'), manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), team, '') AS team
        FROM managers FINAL
        WHERE valid_from < {to:DateTime('UTC')} AND (valid_to IS NULL OR valid_to > {from:DateTime('UTC')})
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, managers.team))
        UNION DISTINCT SELECT manager_id, team FROM counted
        UNION DISTINCT SELECT '', '' WHERE empty({by:Array(String)})
    ),
    names AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL GROUP BY manager_id
    )
SELECT
    groups.manager_id AS manager_id,
    names.manager AS manager,
    if(has({by:Array(String)}, 'manager'), names.team, groups.team) AS team,
    now.calls_to_potential AS calls_to_potential,
    past.comparable_calls_to_potential AS calls_to_potential_before,
    toInt64(now.comparable_calls_to_potential) - toInt64(past.comparable_calls_to_potential) AS calls_to_potential_change,
    now.calls_per_organisation AS calls_per_organisation,
    past.comparable_calls_per_organisation AS calls_per_organisation_before,
    round(now.comparable_calls_per_organisation - past.comparable_calls_per_organisation, 4) AS calls_per_organisation_change,
    now.general_proposals AS general_proposals,
    past.general_proposals AS general_proposals_before,
    toInt64(now.general_proposals) - toInt64(past.general_proposals) AS general_proposals_change,
    now.individual_proposals AS individual_proposals,
    past.individual_proposals AS individual_proposals_before,
    toInt64(now.individual_proposals) - toInt64(past.individual_proposals) AS individual_proposals_change,
    now.calls AS calls,
    past.comparable_calls AS calls_before,
    toInt64(now.comparable_calls) - toInt64(past.comparable_calls) AS calls_change,
    now.conversations AS conversations,
    past.comparable_conversations AS conversations_before,
    toInt64(now.comparable_conversations) - toInt64(past.comparable_conversations) AS conversations_change,
    now.organisations AS organisations,
    past.comparable_organisations AS organisations_before,
    toInt64(now.comparable_organisations) - toInt64(past.comparable_organisations) AS organisations_change,
    now.match_coverage AS match_coverage
FROM groups
LEFT JOIN (SELECT * FROM counted WHERE is_now) AS now ON now.manager_id = groups.manager_id AND now.team = groups.team
LEFT JOIN (SELECT * FROM counted WHERE NOT is_now) AS past ON past.manager_id = groups.manager_id AND past.team = groups.team
LEFT JOIN names ON names.manager_id = groups.manager_id
ORDER BY team, manager_id

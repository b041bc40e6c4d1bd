-- Everybody (by: manager), every team (by: team), or all together (by: nobody) in [from, to): A to D, what of the plan falls
-- on these days (`plan_in_period` of `plan_fact`), the earlier period (`period_over_period`), and the usual (`own_baseline`;
-- of several people the sum of theirs: who is away counts with it. B's is a ratio: only a manager has a usual one).
-- The worst first: by A's part of the plan, else of the usual; who did not work on any of these days is last.
-- amount: D's sum in the currency that is planned, or sent, where there is one only; NULL where there are several.
-- course: A of each of the last twenty days, up to the end of the period, on which anybody was counted.
WITH
    toDate(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')) - 1, {zone:String}) AS final_day,
    compared AS (
        SELECT *, if(has({by:Array(String)}, 'team'), team, '') AS of_team FROM (
-- include: period_over_period
        )
    ),
    sums AS (
        SELECT
            manager_id, team, groupArray(sent.currency) AS currencies,
            groupArray(toFloat64(sent.amount)) AS sums_now, groupArray(toFloat64(sent.amount_before)) AS sums_before
        FROM (
-- include: period_over_period_sums
        ) AS sent
        GROUP BY manager_id, team
    ),
    -- A period may touch several months.
    planned AS (
        SELECT
            manager_id, team,
            sum(period_working_days) AS worked_days,
            sumOrNull(calls_to_potential_plan_in_period) AS calls_to_potential,
            sumOrNull(general_proposals_plan_in_period) AS general_proposals,
            sumOrNull(individual_proposals_plan_in_period) AS individual_proposals,
            sumMap(
                arrayMap(one -> one.currency, arrayFilter(one -> isNotNull(one.plan), individual_amount)),
                arrayMap(one -> ifNull(one.plan_in_period, 0), arrayFilter(one -> isNotNull(one.plan), individual_amount)),
                arrayMap(one -> 1, arrayFilter(one -> isNotNull(one.plan), individual_amount))
            ) AS amounts
        FROM (
-- include: plan_fact
        )
        GROUP BY manager_id, team
    ),
    usual AS (
        SELECT
            if(has({by:Array(String)}, 'manager'), base.manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), base.team, '') AS team,
            count() AS people,
            sumOrNull(usual_calls_to_potential) AS calls_to_potential,
            if(people = 1, any(ratio), sum(base.calls_to_potential) / nullIf(calls_to_potential, 0)) AS to_usual,
            if(people = 1, any(usual_calls_per_organisation), NULL) AS calls_per_organisation,
            sumOrNull(usual_general_proposals) AS general_proposals,
            sumOrNull(usual_individual_proposals) AS individual_proposals
        FROM (
-- include: own_baseline
        ) AS base
        GROUP BY 1, 2
    ),
    days AS (
        SELECT arraySort(groupArray(day)) AS all_days
        FROM (
            SELECT DISTINCT toDate(bucket, {zone:String}) AS day FROM manager_activity
            WHERE bucket >= toDateTime(final_day - 60, {zone:String}) AND bucket < toDateTime(final_day + 1, {zone:String})
                AND manager_id != '' AND calls > 0
            ORDER BY day DESC LIMIT 20
        )
    ),
    counted AS (
        SELECT
            if(has({by:Array(String)}, 'manager'), manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), team, '') AS team,
            sumMap([toDate(bucket, {zone:String})], [toUInt64(calls_to_potential)]) AS by_day
        FROM manager_activity FINAL
        WHERE bucket >= toDateTime(final_day - 60, {zone:String}) AND bucket < toDateTime(final_day + 1, {zone:String})
            AND manager_activity.manager_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_activity.manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, manager_activity.team))
        GROUP BY 1, 2
    )
SELECT
    compared.manager_id AS manager_id, compared.manager AS manager, compared.team AS team,
    planned.worked_days AS worked_days,
    compared.calls_to_potential AS calls_to_potential,
    compared.calls_to_potential_before AS calls_to_potential_before,
    compared.calls_to_potential_change AS calls_to_potential_change,
    planned.calls_to_potential AS calls_to_potential_planned,
    round(compared.calls_to_potential / nullIf(planned.calls_to_potential, 0), 4) AS calls_to_potential_done,
    usual.calls_to_potential AS calls_to_potential_usual,
    if(worked_days = 0, NULL, round(usual.to_usual, 4)) AS calls_to_potential_to_usual,
    compared.calls_per_organisation AS calls_per_organisation,
    compared.calls_per_organisation_before AS calls_per_organisation_before,
    compared.calls_per_organisation_change AS calls_per_organisation_change,
    usual.calls_per_organisation AS calls_per_organisation_usual,
    compared.general_proposals AS general_proposals,
    compared.general_proposals_before AS general_proposals_before,
    compared.general_proposals_change AS general_proposals_change,
    planned.general_proposals AS general_proposals_planned,
    round(compared.general_proposals / nullIf(planned.general_proposals, 0), 4) AS general_proposals_done,
    usual.general_proposals AS general_proposals_usual,
    compared.individual_proposals AS individual_proposals,
    compared.individual_proposals_before AS individual_proposals_before,
    compared.individual_proposals_change AS individual_proposals_change,
    planned.individual_proposals AS individual_proposals_planned,
    round(compared.individual_proposals / nullIf(planned.individual_proposals, 0), 4) AS individual_proposals_done,
    usual.individual_proposals AS individual_proposals_usual,
    arrayDistinct(arrayConcat(planned.amounts.1, sums.currencies)) AS currencies,
    if(length(currencies) = 1, currencies[1], '') AS currency,
    if(currency = '', NULL, toNullable(sums.sums_now[1])) AS amount,
    if(currency = '', NULL, toNullable(sums.sums_before[1])) AS amount_before,
    if(currency = '' OR empty(planned.amounts.1), NULL, toNullable(planned.amounts.2[1])) AS amount_planned,
    round(amount / nullIf(amount_planned, 0), 4) AS amount_done,
    arrayMap(day -> by_day.2[indexOf(by_day.1, day)], (SELECT all_days FROM days)) AS course
FROM compared
LEFT JOIN planned ON planned.manager_id = compared.manager_id AND planned.team = compared.of_team
LEFT JOIN usual ON usual.manager_id = compared.manager_id AND usual.team = compared.of_team
LEFT JOIN sums ON sums.manager_id = compared.manager_id AND sums.team = compared.of_team
LEFT JOIN counted ON counted.manager_id = compared.manager_id AND counted.team = compared.of_team
ORDER BY
    worked_days = 0 AND compared.calls_to_potential = 0,
    isNull(calls_to_potential_done) AND isNull(calls_to_potential_to_usual),
    ifNull(calls_to_potential_done, calls_to_potential_to_usual), team, manager_id

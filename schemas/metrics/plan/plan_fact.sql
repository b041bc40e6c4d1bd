-- Plan and fact of every month that [from, to) touches: one row per month and combination of `by` (manager, team).
-- Facts are those of `activity`, up to `now`. Working days: the calendar's, minus absences, only while on the roster;
-- today counts as the part of the working hours (opens_s to closes_s of the local clock) that is over.
-- plan_to_date = plan x working days so far / planned working days, never more than the plan; ratio = fact / plan_to_date.
-- plan_in_period: what of it falls on the days of [from, to), counted in the same way: of a whole month plan_to_date.
-- Planned working days: as the plan says, else the calendar's while on the roster, absences among them.
-- A plan goes along with the manager: in several teams of a month, by the calendar's working days in each.
-- NULL: not planned, or nothing to divide by. without_plan: managers with working days and no plan; their facts count.
-- unknown_days: days of the roster that no calendar has.
WITH
    toStartOfMonth(toDate({from:DateTime('UTC')}, {zone:String})) AS first_day,
    addMonths(toStartOfMonth(toDate({to:DateTime('UTC')} - 1, {zone:String})), 1) AS last_day,
    toDate({now:DateTime('UTC')}, {zone:String}) AS today,
    toTimeZone({now:DateTime('UTC')}, {zone:String}) AS here,
    toHour(here) * 3600 + toMinute(here) * 60 + toSecond(here) - {opens_s:Int32} AS open_s,
    greatest(0, least(1, open_s / ({closes_s:Int32} - {opens_s:Int32}))) AS part_of_today,
    -- include: working_days.part
    months AS (
        SELECT
            manager_id, toStartOfMonth(day) AS month, team,
            countIf(is_working) AS calendar_days,
            sumIf(multiIf(day < today, 1, day = today, part_of_today, 0), is_working AND NOT is_away) AS worked_days,
            sumIf(
                multiIf(day < today, 1, day = today, part_of_today, 0),
                is_working AND NOT is_away AND day >= toDate({from:DateTime('UTC')}, {zone:String})
                    AND day <= toDate({to:DateTime('UTC')} - 1, {zone:String})
            ) AS period_days,
            countIf(NOT is_known) AS unknown_days
        FROM roster_days GROUP BY manager_id, month, team
    ),
    -- A plan is a row beside those of the manager's teams; without any it stays, so that no plan disappears.
    everyone AS (
        SELECT
            manager_id, month, team, calendar_days, worked_days, period_days, unknown_days, 1 AS on_roster,
            NULL AS working_days, NULL AS calls_to_potential, NULL AS general_proposals, NULL AS individual_proposals,
            NULL AS amount, '' AS currency
        FROM months
        UNION ALL
        SELECT
            manager_id, toDate(concat(plans.month, '-01')) AS month, last_known.team, 0, 0, 0, 0, 0,
            working_days, calls_to_potential, general_proposals, individual_proposals, amount, currency
        FROM plans FINAL
        LEFT JOIN (
            SELECT manager_id, argMax(team, valid_from) AS team FROM managers FINAL GROUP BY manager_id
        ) AS last_known USING manager_id
        WHERE month >= first_day AND month < last_day
    ),
    shares AS (
        SELECT
            month, manager_id, team, calendar_days, worked_days, period_days, unknown_days,
            on_roster OR sum(on_roster) OVER whole = 0 AS is_counted,
            min(on_roster) OVER whole = 0 AS has_plan,
            sum(calendar_days) OVER whole AS days_in_all,
            sum(worked_days) OVER whole AS worked_in_all,
            toFloat64(ifNull(max(working_days) OVER whole, days_in_all)) AS planned_days,
            if(days_in_all > 0, calendar_days / days_in_all, 1 / greatest(1, sum(on_roster) OVER whole)) AS share,
            ifNull(worked_days / nullIf(greatest(planned_days, worked_in_all), 0.), 0) AS share_to_date,
            ifNull(period_days / nullIf(greatest(planned_days, worked_in_all), 0.), 0) AS share_in_period,
            max(calls_to_potential) OVER whole AS calls_to_potential,
            max(general_proposals) OVER whole AS general_proposals,
            max(individual_proposals) OVER whole AS individual_proposals,
            max(amount) OVER whole AS amount,
            max(currency) OVER whole AS currency
        FROM everyone WINDOW whole AS (PARTITION BY manager_id, month)
    ),
    targets AS (
        SELECT
            shares.month AS month,
            if(has({by:Array(String)}, 'manager'), shares.manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), shares.team, '') AS team,
            sum(worked_days) AS days_so_far,
            sum(period_days) AS days_in_period,
            sum(planned_days * share) AS days_planned,
            sum(calls_to_potential * share) AS calls_plan,
            sum(calls_to_potential * share_to_date) AS calls_to_date,
            sum(calls_to_potential * share_in_period) AS calls_in_period,
            sum(general_proposals * share) AS general_plan,
            sum(general_proposals * share_to_date) AS general_to_date,
            sum(general_proposals * share_in_period) AS general_in_period,
            sum(individual_proposals * share) AS individual_plan,
            sum(individual_proposals * share_to_date) AS individual_to_date,
            sum(individual_proposals * share_in_period) AS individual_in_period,
            sumMap(
                if(isNull(amount), [], [currency]),
                if(isNull(amount), [], [toFloat64(assumeNotNull(amount)) * share]),
                if(isNull(amount), [], [toFloat64(assumeNotNull(amount)) * share_to_date]),
                if(isNull(amount), [], [toFloat64(assumeNotNull(amount)) * share_in_period]),
                if(isNull(amount), [], [1])
            ) AS planned_sums,
            uniqExactIf(shares.manager_id, NOT has_plan AND calendar_days > 0) AS without_plan,
            sum(unknown_days) AS unknown_days
        FROM shares
        WHERE is_counted
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, shares.manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, shares.team))
        GROUP BY 1, 2, 3
    ),
    facts AS (
        SELECT
            -- include: indicators.part
            toStartOfMonth(cell.day) AS month,
            if(has({by:Array(String)}, 'manager'), cell.manager_id, '') AS manager_id,
            if(has({by:Array(String)}, 'team'), cell.team, '') AS team
        FROM (SELECT *, toDate(bucket, {zone:String}) AS day FROM manager_activity FINAL) AS cell
        WHERE cell.bucket >= toDateTime(first_day, {zone:String}) AND cell.bucket < toDateTime(last_day, {zone:String})
            AND cell.bucket <= {now:DateTime('UTC')} AND cell.manager_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, cell.manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, cell.team))
        GROUP BY month, manager_id, team
    )
SELECT
    substring(toString(month), 1, 7) AS month, manager_id, team,
    round(days_so_far, 4) AS working_days,
    round(days_planned, 4) AS planned_working_days,
    round(days_in_period, 4) AS period_working_days,
    facts.calls_to_potential AS calls_to_potential,
    round(calls_plan, 2) AS calls_to_potential_plan,
    round(calls_to_date, 2) AS calls_to_potential_plan_to_date,
    round(calls_to_potential / nullIf(calls_to_date, 0), 4) AS calls_to_potential_ratio,
    round(calls_in_period, 2) AS calls_to_potential_plan_in_period,
    facts.general_proposals AS general_proposals,
    round(general_plan, 2) AS general_proposals_plan,
    round(general_to_date, 2) AS general_proposals_plan_to_date,
    round(general_proposals / nullIf(general_to_date, 0), 4) AS general_proposals_ratio,
    round(general_in_period, 2) AS general_proposals_plan_in_period,
    facts.individual_proposals AS individual_proposals,
    round(individual_plan, 2) AS individual_proposals_plan,
    round(individual_to_date, 2) AS individual_proposals_plan_to_date,
    round(individual_proposals / nullIf(individual_to_date, 0), 4) AS individual_proposals_ratio,
    round(individual_in_period, 2) AS individual_proposals_plan_in_period,
    -- Sums by currency: (currency, fact, plan, plan_to_date, ratio, plan_in_period).
    CAST(
        arrayMap(
            one -> (
                one,
                if(has(currencies, one), amounts[indexOf(currencies, one)], '0'),
                if(has(planned_sums.1, one), round(planned_sums.2[indexOf(planned_sums.1, one)], 2), NULL),
                if(has(planned_sums.1, one), round(planned_sums.3[indexOf(planned_sums.1, one)], 2), NULL),
                round(
                    if(has(currencies, one), toFloat64(amounts[indexOf(currencies, one)]), 0)
                    / nullIf(planned_sums.3[indexOf(planned_sums.1, one)], 0), 4
                ),
                if(has(planned_sums.1, one), round(planned_sums.4[indexOf(planned_sums.1, one)], 2), NULL)
            ),
            arraySort(arrayDistinct(arrayConcat(currencies, planned_sums.1)))
        ),
        'Array(Tuple(currency String, fact String, plan Nullable(Float64), plan_to_date Nullable(Float64),
            ratio Nullable(Float64), plan_in_period Nullable(Float64)))'
    ) AS individual_amount,
    without_plan,
    unknown_days
FROM targets FULL JOIN facts USING (month, manager_id, team)
ORDER BY month, team, manager_id

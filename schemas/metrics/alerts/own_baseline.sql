-- Each manager in [from, to) up to `now` beside their own usual, by the threshold that was chosen. The usual is taken from
-- the eight weeks before (of a longer period: from as much time before it): stretches of whole weeks, as long as the
-- period, in which the same days and hours count. A manager's day counts where they worked on it (calendar, absences),
-- since the first counted call, and nothing of these hours is lost (`lost_time.part`).
-- `usual_` numbers: of these days, times the manager's working days of the period / theirs; a day that the period has a
-- part of counts as that part of the working hours. So of one day it is the mean of the same weekdays. NULL: there is
-- none. B is a ratio of sums over all of them. Of the period, too, hours that are lost are in nothing usual. `ratio`: A of the
-- same days and hours / usual A. It is NULL for who does not work in the period: a day off or on leave is not a drop.
-- weeks: how many of the earlier ones have such a day. A row for everyone on the roster.
WITH
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS known_to,
    toDate({from:DateTime('UTC')}, {zone:String}) AS of_day,
    toDate(greatest(known_to, {from:DateTime('UTC')} + 1) - 1, {zone:String}) AS until_day,
    7 * intDiv(until_day - of_day + 7, 7) AS stretch_days,
    stretch_days * greatest(1, intDiv(56, stretch_days)) AS days_before,
    of_day - days_before - 105 AS first_day,
    until_day + 1 AS last_day,
    toDateTime(of_day - days_before, {zone:String}) AS cells_from,
    toDateTime(last_day, {zone:String}) AS cells_to,
    -- include: people.part
    -- include: working_days.part
    -- include: lost_steps.part
    -- include: chosen_cells.part
    moment -> toInt32(intDiv(toInt64(toUnixTimestamp(moment))
        - toInt64(toUnixTimestamp(toDateTime(toDate(moment, {zone:String}), {zone:String}))) + 299, 300)) AS step_at,
    -- Days of the period, and each day before it with the day of the period that it stands for: which steps count, and
    -- what part of the working hours they are.
    stood_for AS (
        SELECT
            day, stretch, compared,
            arrayCount(step -> step >= intDiv({opens_s:Int32}, 300) AND step < intDiv({closes_s:Int32}, 300), compared)
                / (intDiv({closes_s:Int32}, 300) - intDiv({opens_s:Int32}, 300)) AS part
        FROM (
            SELECT
                day, stretch, lost_here,
                arrayFilter(step -> step >= first_step AND step < end_step AND NOT has(lost_there, step), steps_of_a_day)
                    AS compared
            FROM (
                SELECT
                    day, stretch, all_lost[day] AS lost_here, all_lost[as_day] AS lost_there,
                    arrayMap(step -> toInt32(step), range(300)) AS steps_of_a_day,
                    -- The period has a part of its first and of its last day.
                    if(as_day = of_day, step_at({from:DateTime('UTC')}), 0) AS first_step,
                    multiIf(
                        as_day < until_day OR toDate(known_to, {zone:String}) > until_day, 300,
                        toDate(known_to, {zone:String}) < until_day, 0, step_at(known_to)
                    ) AS end_step
                FROM (
                    SELECT
                        calendar.day AS day, lost AS all_lost,
                        toInt32(if(calendar.day >= of_day, 0, intDiv(of_day - calendar.day - 1, stretch_days) + 1)) AS stretch,
                        calendar.day + stretch * stretch_days AS as_day
                    FROM calendar
                )
                WHERE day >= of_day - days_before AND as_day <= until_day
            )
        )
        WHERE stretch = 0 OR NOT hasAny(lost_here, compared)
    ),
    worked AS (
        -- Before the opening nothing of the day is over: of one day it does not matter how little counts.
        SELECT manager_id, day, stretch, compared, greatest(part, 1e-6) AS part
        FROM roster_days INNER JOIN stood_for USING day
        WHERE is_working AND NOT is_away
            AND day >= (SELECT toDate(minOrNull(bucket), {zone:String}) FROM manager_activity)
    ),
    counted AS (
        SELECT
            manager_id, stretch,
            -- include: indicators.part
            sum(cell.calls) AS calls, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM chosen_cells AS cell
        INNER JOIN (SELECT manager_id, day, stretch, compared FROM worked) AS days USING (manager_id, day)
        WHERE has(compared, step_of(cell.day, cell.bucket))
        GROUP BY manager_id, stretch
    ),
    -- What was done in the period, whenever: as every other panel counts it.
    done AS (
        SELECT
            manager_id,
            -- include: indicators.part
            sum(cell.calls) AS calls, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM chosen_cells AS cell
        WHERE cell.bucket >= {from:DateTime('UTC')} AND cell.bucket < known_to
        GROUP BY manager_id
    ),
    measured AS (
        SELECT
            manager_id, sumIf(part, stretch = 0) AS part_now, sumIf(part, stretch > 0) AS part_before,
            uniqExactIf(intDiv(of_day - day - 1, 7), stretch > 0) AS weeks
        FROM worked GROUP BY manager_id
    ),
    usual AS (
        SELECT
            manager_id, part_now, weeks,
            if(part_before > 0 AND part_now > 0, part_now / part_before, if(weeks > 0, 1 / weeks, NULL)) AS times,
            past.calls_compared AS calls_compared, past.calls * times AS calls, past.to_potential * times AS calls_to_potential,
            if(past.organisations > 0, past.known_calls / past.organisations, NULL) AS calls_per_organisation, past.general * times AS general_proposals,
            past.individual * times AS individual_proposals
        FROM measured
        LEFT JOIN (
            SELECT
                manager_id, sumIf(counted.calls, stretch > 0) AS calls,
                sumIf(counted.calls_to_potential, stretch > 0) AS to_potential,
                sumIf(counted.calls_to_potential, stretch = 0) AS calls_compared,
                sumIf(toInt64(counted.calls) - counted.unknown, stretch > 0) AS known_calls,
                sumIf(counted.organisations, stretch > 0) AS organisations,
                sumIf(counted.general_proposals, stretch > 0) AS general,
                sumIf(counted.individual_proposals, stretch > 0) AS individual
            FROM counted GROUP BY manager_id
        ) AS past USING manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    done.calls AS calls, if(weeks > 0, usual.calls, NULL) AS usual_calls,
    done.calls_to_potential AS calls_to_potential,
    if(weeks > 0, usual.calls_to_potential, NULL) AS usual_calls_to_potential,
    if(usual.part_now > 1e-6 AND usual_calls_to_potential > 0, usual.calls_compared / usual_calls_to_potential, NULL)
        AS ratio,
    if(done.organisations > 0, round((done.calls - done.unknown) / done.organisations, 4), NULL) AS calls_per_organisation,
    if(weeks > 0, round(usual.calls_per_organisation, 4), NULL)
        AS usual_calls_per_organisation,
    done.general_proposals AS general_proposals,
    if(weeks > 0, usual.general_proposals, NULL) AS usual_general_proposals,
    done.individual_proposals AS individual_proposals,
    if(weeks > 0, usual.individual_proposals, NULL) AS usual_individual_proposals,
    usual.weeks AS weeks
FROM people
LEFT JOIN done USING manager_id
LEFT JOIN usual USING manager_id
ORDER BY team, manager_id

-- Each manager in [from, to) up to `now` beside their own usual, by the threshold that was chosen. The usual is taken from
-- the eight weeks before (of a longer period: from as much time before it): stretches of whole weeks, as long as the
-- period, in which the same days and hours count. A manager's day counts where they worked on it (calendar, absences),
-- since the first counted call, and nothing of these hours is lost (`lost_time.part`).
-- `usual_` numbers: of these days, times the manager's working days of the period / theirs; a day that the period has a
-- part of counts as that part of the working hours. So of one day it is the mean of the same weekdays. NULL: there is
-- none. B is a ratio of sums over all of them. Of the period, too, hours that are lost are in nothing usual and in no
-- ratio. `ratio` is NULL for who does not work in the period: a day off or on leave is not a drop.
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
    -- The steps of the period on its first and on its last day; between them days are whole.
    moment -> toInt32(intDiv(toInt64(toUnixTimestamp(moment))
        - toInt64(toUnixTimestamp(toDateTime(toDate(moment, {zone:String}), {zone:String}))) + 299, 300)) AS step_at,
    (
        SELECT (
            step_at({from:DateTime('UTC')}),
            toInt32(multiIf(
                toDate(known_to, {zone:String}) > until_day, 300, toDate(known_to, {zone:String}) < until_day, 0,
                step_at(known_to)
            ))
        )
    ) AS edges,
    (day, step) -> step >= if(day = of_day, edges.1, 0) AND step < if(day = until_day, edges.2, 300)
        AND NOT has(lost, (day, step)) AS is_compared,
    range(toUInt32(intDiv({opens_s:Int32}, 300)), toUInt32(intDiv({closes_s:Int32}, 300))) AS open_steps,
    -- Days of the period with their part, and each day before it with the day of the period that it stands for.
    stood_for AS (
        SELECT
            calendar.day AS day, toInt32(if(day >= of_day, 0, intDiv(of_day - day - 1, stretch_days) + 1)) AS stretch,
            day + stretch * stretch_days AS as_day,
            arrayCount(step -> is_compared(as_day, toInt32(step)), open_steps) / length(open_steps) AS part
        FROM calendar
        WHERE day >= of_day - days_before AND as_day <= until_day
            AND (stretch = 0 OR NOT arrayExists(one -> one.1 = day AND is_compared(as_day, one.2), lost))
    ),
    worked AS (
        -- Before the opening nothing of the day is over: of one day it does not matter how little counts.
        SELECT manager_id, day, stretch, as_day, greatest(part, 1e-6) AS part
        FROM roster_days INNER JOIN stood_for USING day
        WHERE is_working AND NOT is_away
            AND day >= (SELECT toDate(minOrNull(bucket), {zone:String}) FROM manager_activity)
    ),
    counted AS (
        SELECT
            manager_id, stretch,
            -- include: indicators.part
            sum(cell.calls) AS calls, sum(cell.conversations) AS conversations, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM chosen_cells AS cell
        INNER JOIN (SELECT manager_id, day, stretch, as_day FROM worked) AS days USING (manager_id, day)
        WHERE is_compared(as_day, step_of(cell.day, cell.bucket).2)
        GROUP BY manager_id, stretch
    ),
    -- What was done in the period, whenever: as every other panel counts it.
    done AS (
        SELECT
            manager_id,
            -- include: indicators.part
            sum(cell.calls) AS calls, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations,
            sumIf(cell.calls_to_potential, NOT has(lost, step_of(cell.day, cell.bucket))) AS calls_in_known_time
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
            past.calls * times AS calls, past.to_potential * times AS calls_to_potential,
            if(past.organisations > 0, past.known_calls / past.organisations, NULL) AS calls_per_organisation, past.general * times AS general_proposals,
            past.individual * times AS individual_proposals
        FROM measured
        LEFT JOIN (
            SELECT
                manager_id, sum(counted.calls) AS calls, sum(counted.calls_to_potential) AS to_potential,
                sum(toInt64(counted.calls) - counted.unknown) AS known_calls, sum(counted.organisations) AS organisations,
                sum(counted.general_proposals) AS general, sum(counted.individual_proposals) AS individual
            FROM counted WHERE stretch > 0 GROUP BY manager_id
        ) AS past USING manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    done.calls AS calls, if(weeks > 0, usual.calls, NULL) AS usual_calls,
    done.calls_to_potential AS calls_to_potential,
    if(weeks > 0, usual.calls_to_potential, NULL) AS usual_calls_to_potential,
    if(usual.part_now > 1e-6 AND usual_calls_to_potential > 0, done.calls_in_known_time / usual_calls_to_potential, NULL)
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

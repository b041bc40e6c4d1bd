-- Each manager in [from, to) up to `now` (at most seven days: it is meant for today), beside their own usual: the same days
-- and hours one to eight weeks before, of the weeks since the first counted call in which the day of `from` was a working
-- day of theirs.
-- `usual_` numbers are means over those `weeks`; NULL when there is none. B is a ratio of sums over all of them.
-- `ratio` is NULL for who does not work on the day of `from`: a day off or on leave is not a drop.
-- A row for everyone on the roster. Days off are the calendar's and absences; hours are those of the local clock.
WITH
    toTimeZone({from:DateTime('UTC')}, {zone:String}) AS start,
    toDateTime(
        least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC'), addDays(start, 7)), {zone:String}
    ) AS end,
    toDate(start) AS of_day,
    of_day - 56 AS first_day,
    of_day + 1 AS last_day,
    -- include: people.part
    -- include: working_days.part
    worked AS (
        SELECT manager_id, toInt32(intDiv(of_day - day, 7)) AS week FROM roster_days
        WHERE (of_day - day) % 7 = 0 AND is_working AND NOT is_away
            AND day >= (SELECT toDate(minOrNull(bucket), {zone:String}) FROM manager_activity)
    ),
    counted AS (
        SELECT
            manager_id, intDiv(of_day - cell.day + 6, 7) AS week,
            -- include: indicators.part
            sum(cell.calls) AS calls, sum(cell.conversations) AS conversations, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM (
            SELECT *, toDate(bucket, {zone:String}) AS day FROM manager_activity FINAL
            WHERE bucket >= toTimeZone(addDays(start, -56), 'UTC') AND bucket < end
        ) AS cell
        WHERE cell.manager_id IN (SELECT manager_id FROM people)
            AND cell.bucket >= addDays(start, -7 * week) AND cell.bucket < addDays(end, -7 * week)
        GROUP BY manager_id, week
    ),
    usual AS (
        SELECT
            manager_id, countIf(week > 0) AS weeks, countIf(week = 0) AS is_at_work,
            avgIf(counted.calls, week > 0) AS calls, avgIf(counted.conversations, week > 0) AS conversations,
            avgIf(counted.calls_to_potential, week > 0) AS calls_to_potential,
            sumIf(toInt64(counted.calls) - counted.unknown, week > 0) / sumIf(counted.organisations, week > 0)
                AS calls_per_organisation,
            avgIf(counted.general_proposals, week > 0) AS general_proposals,
            avgIf(counted.individual_proposals, week > 0) AS individual_proposals
        FROM worked LEFT JOIN counted USING (manager_id, week)
        GROUP BY manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    counted.calls AS calls, if(weeks > 0, usual.calls, NULL) AS usual_calls,
    counted.calls_to_potential AS calls_to_potential,
    if(weeks > 0, usual.calls_to_potential, NULL) AS usual_calls_to_potential,
    if(is_at_work AND usual_calls_to_potential > 0, counted.calls_to_potential / usual_calls_to_potential, NULL) AS ratio,
    if(counted.organisations > 0, round((counted.calls - counted.unknown) / counted.organisations, 4), NULL)
        AS calls_per_organisation,
    if(weeks > 0 AND isFinite(usual.calls_per_organisation), round(usual.calls_per_organisation, 4), NULL)
        AS usual_calls_per_organisation,
    counted.general_proposals AS general_proposals,
    if(weeks > 0, usual.general_proposals, NULL) AS usual_general_proposals,
    counted.individual_proposals AS individual_proposals,
    if(weeks > 0, usual.individual_proposals, NULL) AS usual_individual_proposals,
    usual.weeks AS weeks
FROM people
LEFT JOIN (SELECT * FROM counted WHERE week = 0) AS counted USING manager_id
LEFT JOIN usual USING manager_id
ORDER BY team, manager_id

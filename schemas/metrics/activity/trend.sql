-- A, B, C and D day by day in [from, to): of the chosen managers together, of their teams per head, and of the plan.
-- team_: the numbers of everybody on the roster of these teams / those of them at work that day (calendar and absences).
-- plan_: the month's plan / its planned working days (as the plan says, else the calendar's), on the days that they work.
-- Zero is a value: every day has a row. A day that is not over at `now`, or of which time is lost (`lost_time.part`), has its
-- numbers in the `_so_far` columns.
WITH
    toDate({from:DateTime('UTC')}, {zone:String}) AS from_day,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) + 1 AS to_day,
    -- Whole months, since a plan is spread over the working days of its month.
    toStartOfMonth(from_day) - 105 AS first_day,
    addMonths(toStartOfMonth(to_day - 1), 1) AS last_day,
    toDateTime(least({to:DateTime('UTC')}, toDateTime({now:DateTime64(3, 'UTC')}, 'UTC')), 'UTC') AS known_to,
    -- include: working_days.part
    -- include: lost_steps.part
    chosen AS (
        SELECT * FROM roster_days
        WHERE (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
    ),
    peers AS (
        SELECT * FROM roster_days WHERE (day, team) IN (SELECT day, team FROM chosen)
    ),
    heads AS (SELECT day, countIf(is_working AND NOT is_away) AS at_work FROM peers GROUP BY day),
    month_days AS (
        SELECT manager_id, toStartOfMonth(day) AS month, countIf(is_working) AS working FROM roster_days
        GROUP BY manager_id, month
    ),
    planned AS (
        SELECT
            chosen.day AS day,
            sum(plans.calls_to_potential / days) AS calls_to_potential,
            sum(plans.general_proposals / days) AS general_proposals,
            sum(plans.individual_proposals / days) AS individual_proposals
        FROM chosen
        INNER JOIN (
            SELECT *, toDate(concat(plans.month, '-01')) AS of_month FROM plans FINAL
            WHERE of_month >= first_day AND of_month < last_day
        ) AS plans
            ON plans.manager_id = chosen.manager_id AND plans.of_month = toStartOfMonth(chosen.day)
        INNER JOIN (SELECT manager_id, month, working FROM month_days) AS month_days
            ON month_days.manager_id = chosen.manager_id AND month_days.month = toStartOfMonth(chosen.day)
        ARRAY JOIN [ifNull(plans.working_days, month_days.working)] AS days
        WHERE chosen.is_working AND NOT chosen.is_away AND days > 0
        GROUP BY day
    ),
    {from:DateTime('UTC')} AS cells_from,
    {to:DateTime('UTC')} AS cells_to,
    -- include: chosen_cells.part
    cells AS (SELECT * FROM chosen_cells WHERE manager_id != ''),
    own AS (
        SELECT
            -- include: indicators.part
            cell.day AS day, sum(cell.calls) AS calls, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM cells AS cell
        WHERE (empty({managers:Array(String)}) OR has({managers:Array(String)}, cell.manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, cell.team))
        GROUP BY day
    ),
    team AS (
        SELECT
            -- include: indicators.part
            cell.day AS day, sum(cell.calls) AS calls, sum(cell.unknown_calls) AS unknown,
            uniqExactArray(cell.organisations) AS organisations
        FROM cells AS cell WHERE (cell.manager_id, cell.day) IN (SELECT manager_id, day FROM peers)
        GROUP BY day
    ),
    days AS (
        SELECT
            day,
            toDateTime(day + 1, {zone:String}) > {now:DateTime64(3, 'UTC')} OR mapContains(all_lost, day) AS unfinished
        FROM (SELECT lost AS all_lost, from_day + arrayJoin(range(toUInt32(to_day - from_day))) AS day)
    )
SELECT
    toTimeZone(toDateTime(days.day, {zone:String}), 'UTC') AS time,
    days.unfinished AS unfinished,
    if(unfinished, NULL, toNullable(own.calls_to_potential)) AS calls_to_potential,
    if(unfinished, toNullable(own.calls_to_potential), NULL) AS calls_to_potential_so_far,
    if(at_work > 0, team.calls_to_potential / at_work, NULL) AS team_calls_to_potential,
    if(planned.day = toDate(0), NULL, planned.calls_to_potential) AS plan_calls_to_potential,
    if(own.organisations > 0, round((own.calls - own.unknown) / own.organisations, 4), NULL) AS calls_per_organisation,
    if(team.organisations > 0, round((team.calls - team.unknown) / team.organisations, 4), NULL)
        AS team_calls_per_organisation,
    if(unfinished, NULL, toNullable(own.general_proposals)) AS general_proposals,
    if(unfinished, toNullable(own.general_proposals), NULL) AS general_proposals_so_far,
    if(at_work > 0, team.general_proposals / at_work, NULL) AS team_general_proposals,
    if(planned.day = toDate(0), NULL, planned.general_proposals) AS plan_general_proposals,
    if(unfinished, NULL, toNullable(own.individual_proposals)) AS individual_proposals,
    if(unfinished, toNullable(own.individual_proposals), NULL) AS individual_proposals_so_far,
    if(at_work > 0, team.individual_proposals / at_work, NULL) AS team_individual_proposals,
    if(planned.day = toDate(0), NULL, planned.individual_proposals) AS plan_individual_proposals
FROM days
LEFT JOIN own USING day
LEFT JOIN team USING day
LEFT JOIN heads USING day
LEFT JOIN planned USING day
ORDER BY time

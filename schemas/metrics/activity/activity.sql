-- What managers did in [from, to): one row per combination of `by` (manager, team, day, week), from the counted cells.
-- Internal calls are in no number. Calls without a manager (unanswered inbound, extensions without a manager) are left out
-- unless `unassigned` is 1. Distinct contacts and organisations are unions of the cells' sets, never sums.
-- A calls_to_potential: conversations with organisations whose stage as of the call is potential.
-- B calls_per_organisation: calls with known organisations / distinct organisations, of the same rows.
-- C general_proposals: distinct (organisation, day). D individual_proposals and individual_amount, currency as sent.
WITH
    {from:DateTime('UTC')} AS cells_from,
    {to:DateTime('UTC')} AS cells_to,
    -- include: chosen_cells.part
    1 AS done
SELECT
    if(has({by:Array(String)}, 'manager'), cell.manager_id, '') AS manager_id,
    if(has({by:Array(String)}, 'team'), cell.team, '') AS team,
    if(has({by:Array(String)}, 'day'), toString(cell.day), '') AS day,
    if(has({by:Array(String)}, 'week'), toString(toMonday(cell.day)), '') AS week,
    sum(cell.calls) AS calls,
    sum(cell.attempts) AS attempts,
    sum(cell.answered) AS answered,
    sum(cell.conversations) AS conversations,
    sum(cell.talk_s) AS talk_s,
    uniqExactArray(cell.contacts) AS contacts,
    uniqExactArray(cell.organisations) AS organisations,
    if(organisations = 0, NULL, round((calls - unknown_calls) / organisations, 4)) AS calls_per_organisation,
    -- include: indicators.part
    sum(cell.unknown_calls) AS unknown_calls,
    if(calls = 0, NULL, round((calls - unknown_calls) / calls, 4)) AS match_coverage
FROM chosen_cells AS cell
WHERE (cell.manager_id != '' OR {unassigned:UInt8} = 1)
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, cell.manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, cell.team))
GROUP BY 1, 2, 3, 4
ORDER BY 3, 4, 2, 1

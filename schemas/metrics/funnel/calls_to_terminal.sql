-- Calls in [from, to) to organisations whose stage as of the call is terminal (disqualified): time that should be saved.
-- A row for everyone on the roster. share = of their calls with known organisations. talk_s: seconds talked in them.
-- Only calls that the manager made: who is called back cannot be blamed for it.
WITH
    -- include: people.part
    counted AS (
        SELECT
            manager_id,
            countIf(has({terminal:Array(String)}, stage)) AS calls,
            uniqExactIf(organisation_id, has({terminal:Array(String)}, stage)) AS organisations,
            sumIf(activities.talk_s, has({terminal:Array(String)}, stage) AND disposition = 'answered') AS talk_s,
            count() AS attempts
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction = 'outbound'
            AND manager_id != '' AND organisation_id != ''
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, activities.team))
        GROUP BY manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team, calls, organisations, talk_s,
    if(attempts > 0, calls / attempts, NULL) AS share
FROM people LEFT JOIN counted USING manager_id
ORDER BY calls DESC, manager_id

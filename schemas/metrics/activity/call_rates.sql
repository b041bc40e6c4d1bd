-- Calls in [from, to) counted from the facts, so that direction, stage as of the call and the threshold of a conversation
-- can be chosen. A row for everyone on the roster, zeros included. Internal calls are in no number, nor are calls without a manager.
-- effective: distinct (organisation, local day) with a conversation. connect_rate = answered attempts / attempts.
-- contact_rate = contacts (numbers) with a conversation / contacts attempted, both of outbound calls.
-- acd_s = seconds talked / answered calls.
WITH
    -- include: conversation.part
    -- include: people.part
    counted AS (
        SELECT
            manager_id,
            count() AS calls,
            countIf(direction = 'outbound') AS attempts,
            countIf(disposition = 'answered') AS answered,
            countIf(spoke) AS conversations,
            countIf(spoke AND has({potential:Array(String)}, stage)) AS calls_to_potential,
            uniqExactIf(organisation_id, organisation_id != '') AS organisations,
            uniqExactIf((organisation_id, toDate(at, {zone:String})), spoke AND organisation_id != '') AS effective,
            countIf(direction = 'outbound' AND disposition = 'answered') AS connected,
            uniqExactIf(contact, direction = 'outbound' AND contact != '') AS asked,
            uniqExactIf(contact, direction = 'outbound' AND contact != '' AND spoke) AS spoken_to,
            sumIf(facts.talk_s, disposition = 'answered') AS talk_s
        FROM (
            SELECT *, is_conversation(activities.talk_s, disposition) AS spoke
            FROM activities FINAL
            WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
                AND kind = 'call' AND direction != 'internal' AND manager_id != ''
                AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
                AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, activities.team))
                AND (empty({directions:Array(String)}) OR has({directions:Array(String)}, direction))
                AND (empty({in_stages:Array(String)}) OR has({in_stages:Array(String)}, stage))
        ) AS facts
        GROUP BY manager_id
    )
SELECT
    people.manager_id AS manager_id, people.manager AS manager, people.team AS team,
    calls, attempts, answered, conversations, calls_to_potential, organisations, effective,
    if(attempts > 0, connected / attempts, NULL) AS connect_rate,
    if(asked > 0, spoken_to / asked, NULL) AS contact_rate,
    talk_s,
    if(answered > 0, talk_s / answered, NULL) AS acd_s
FROM people LEFT JOIN counted USING manager_id
ORDER BY team, manager_id

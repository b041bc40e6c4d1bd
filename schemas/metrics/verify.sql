-- Stream = batch: cells of [from, to) recounted from the facts, beside what the agents counted; differing ones alone.
-- A second reading of docs/metrics.md, written apart from the agents' (pipeline/count.py).
WITH
    facts AS (
        SELECT * EXCEPT talk_s, talk_s AS talked, kind = 'call' AS is_call, NOT is_call AND withdrawn = 0 AS stands
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
            AND NOT (kind = 'call' AND direction = 'internal')
    ),
    recounted AS (
        SELECT
            bucket, manager_id,
            max(facts.team) AS team,
            countIf(is_call) AS calls,
            countIf(is_call AND direction = 'outbound') AS attempts,
            countIf(is_call AND disposition = 'answered') AS answered,
            countIf(is_call AND disposition = 'answered' AND talked >= {conversation_s:UInt32}) AS conversations,
            sumIf(talked, is_call AND disposition = 'answered') AS talk_s,
            countIf(is_call AND disposition = 'answered' AND talked >= {conversation_s:UInt32}
                AND has({potential:Array(String)}, stage)) AS calls_to_potential,
            countIf(is_call AND organisation_id = '') AS unknown_calls,
            arraySort(groupUniqArrayIf(contact, is_call AND contact != '')) AS contacts,
            arraySort(groupUniqArrayIf(organisation_id, is_call AND organisation_id != '')) AS organisations,
            arraySort(groupUniqArrayIf(organisation_id, stands AND kind = 'general')) AS general_organisations,
            countIf(stands AND kind = 'individual') AS individual_proposals,
            countIf(NOT is_call AND withdrawn = 1) AS withdrawn_proposals,
            -- The ones keep a currency whose amounts add up to nothing: sumMap drops keys that are zero all over.
            sumMapIf([currency], [amount], [1], stands AND kind = 'individual') AS sums
        FROM facts
        GROUP BY bucket, manager_id
    ),
    batch AS (
        SELECT bucket, manager_id, toJSONString(map(
            'team', team, 'calls', toString(calls), 'attempts', toString(attempts), 'answered', toString(answered),
            'conversations', toString(conversations), 'talk_s', toString(talk_s),
            'calls_to_potential', toString(calls_to_potential), 'unknown_calls', toString(unknown_calls),
            'contacts', toString(contacts), 'organisations', toString(organisations),
            'general_organisations', toString(general_organisations),
            'individual_proposals', toString(individual_proposals),
            'withdrawn_proposals', toString(withdrawn_proposals),
            'amounts', toString(mapFromArrays(sums.1, arrayMap(a -> toDecimal64(a, 2), sums.2))))) AS numbers
        FROM recounted
    ),
    stream AS (
        SELECT bucket, manager_id, toJSONString(map(
            'team', team, 'calls', toString(calls), 'attempts', toString(attempts), 'answered', toString(answered),
            'conversations', toString(conversations), 'talk_s', toString(talk_s),
            'calls_to_potential', toString(calls_to_potential), 'unknown_calls', toString(unknown_calls),
            'contacts', toString(contacts), 'organisations', toString(organisations),
            'general_organisations', toString(general_organisations),
            'individual_proposals', toString(individual_proposals),
            'withdrawn_proposals', toString(withdrawn_proposals),
            'amounts', toString(mapFromArrays(currencies, amounts)))) AS numbers
        FROM manager_activity FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    )
SELECT
    formatDateTime(bucket, '%F %T', {zone:String}) AS bucket, manager_id, stream.numbers AS stream, batch.numbers AS batch
FROM batch FULL OUTER JOIN stream USING (bucket, manager_id)
WHERE stream.numbers != batch.numbers
ORDER BY bucket, manager_id

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
    -- What a cell says; written out only where the two differ.
    'Tuple(team String, calls UInt32, attempts UInt32, answered UInt32, conversations UInt32, talk_s UInt32, '
    || 'calls_to_potential UInt32, unknown_calls UInt32, contacts Array(String), organisations Array(String), '
    || 'general_organisations Array(String), individual_proposals UInt32, withdrawn_proposals UInt32, '
    || 'amounts Map(String, Decimal(18, 2)))' AS numbers_of_a_cell,
    batch AS (
        SELECT bucket AS began, manager_id, 1 AS is_there, CAST((
            team, calls, attempts, answered, conversations, talk_s, calls_to_potential, unknown_calls, contacts,
            organisations, general_organisations, individual_proposals, withdrawn_proposals, mapFromArrays(sums.1, sums.2)
        ), numbers_of_a_cell) AS numbers
        FROM recounted
    ),
    stream AS (
        SELECT bucket AS began, manager_id, 1 AS is_there, CAST((
            team, calls, attempts, answered, conversations, talk_s, calls_to_potential, unknown_calls, contacts,
            organisations, general_organisations, individual_proposals, withdrawn_proposals, mapFromArrays(currencies, amounts)
        ), numbers_of_a_cell) AS numbers
        FROM manager_activity FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    ),
    cell -> toJSONString(map(
        'team', cell.team, 'calls', toString(cell.calls), 'attempts', toString(cell.attempts),
        'answered', toString(cell.answered), 'conversations', toString(cell.conversations),
        'talk_s', toString(cell.talk_s), 'calls_to_potential', toString(cell.calls_to_potential),
        'unknown_calls', toString(cell.unknown_calls), 'contacts', toString(cell.contacts),
        'organisations', toString(cell.organisations), 'general_organisations', toString(cell.general_organisations),
        'individual_proposals', toString(cell.individual_proposals),
        'withdrawn_proposals', toString(cell.withdrawn_proposals), 'amounts', toString(cell.amounts))) AS written
SELECT
    began AS time, formatDateTime(began, '%F %T', {zone:String}) AS bucket, manager_id,
    if(stream.is_there, written(stream.numbers), '') AS stream, if(batch.is_there, written(batch.numbers), '') AS batch
FROM batch FULL OUTER JOIN stream USING (began, manager_id)
WHERE stream.is_there != batch.is_there OR stream.numbers != batch.numbers
ORDER BY began, manager_id

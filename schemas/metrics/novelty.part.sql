    -- Conversations with known organisations up to `to`, with what the organisation was then, to the company and to the
    -- manager: new (nobody ever had one, and it stood in the first stage or in none), reactivated (the last one of anybody 180 days ago or more), new_to_manager (not
    -- with this manager in 180 days), repeat. Only organisations with a conversation in [from, to), and those of a manager.
    spoken AS (
        SELECT organisation_id, manager_id, team, stage, at, activity_id
        FROM activities FINAL
        WHERE bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction != 'internal' AND disposition = 'answered'
            AND talk_s >= {conversation_s:UInt32} AND organisation_id != ''
            AND organisation_id IN (
                SELECT organisation_id FROM activities
                WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call'
            )
    ),
    touches AS (
        SELECT
            organisation_id, manager_id, team, stage, at, activity_id,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY organisation_id ORDER BY at, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_of_anybody,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY organisation_id, manager_id ORDER BY at, activity_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_of_manager,
            multiIf(
                last_of_anybody IS NULL AND stage IN ('', {stages:Array(String)}[1]), 'new',
                -- Further than the first stage without a conversation: it was talked to before calls were loaded.
                last_of_anybody IS NULL, 'repeat',
                last_of_anybody <= at - 180 * 86400, 'reactivated',
                last_of_manager IS NULL OR last_of_manager <= at - 180 * 86400, 'new_to_manager',
                'repeat'
            ) AS novelty
        FROM spoken
    ),

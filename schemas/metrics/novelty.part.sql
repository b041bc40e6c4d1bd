    -- Conversations with known organisations up to `to`, with what the organisation was then, to the company and to the
    -- manager: new (nobody had one in 365 days, and it stood in the first stage or in none), reactivated (the last one of
    -- anybody 180 days ago or more), new_to_manager (not with this manager in 180 days), repeat. When managers are
    -- chosen, only organisations that they called in [from, to).
    spoken AS (
        SELECT organisation_id, manager_id, team, stage, at
        FROM activities FINAL
        WHERE bucket >= {from:DateTime('UTC')} - 365 * 86400 AND bucket < {to:DateTime('UTC')}
            -- Only a call is answered; each column that is not read saves a tenth of the time.
            AND direction != 'internal' AND disposition = 'answered'
            AND talk_s >= {conversation_s:UInt32} AND organisation_id != ''
            AND (empty({managers:Array(String)}) OR organisation_id IN (
                SELECT organisation_id FROM activities
                WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call'
                    AND has({managers:Array(String)}, manager_id)
            ))
    ),
    touches AS (
        SELECT
            organisation_id, manager_id, team, stage, at,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY organisation_id ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_of_anybody,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY organisation_id, manager_id ORDER BY at
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_of_manager,
            multiIf(
                ifNull(last_of_anybody <= at - 365 * 86400, 1) AND stage IN ('', {stages:Array(String)}[1]), 'new',
                -- Further than the first stage without a conversation: its history is older than what is looked at.
                last_of_anybody IS NULL, 'repeat',
                last_of_anybody <= at - 180 * 86400, 'reactivated',
                last_of_manager IS NULL OR last_of_manager <= at - 180 * 86400, 'new_to_manager',
                'repeat'
            ) AS novelty
        FROM spoken
    ),

    -- Conversations of (chosen) managers with known organisations in [from, to), with what the organisation was then, to
    -- the company and to the manager: new (nobody had one in 365 days, and it stood in the first stage or in none),
    -- reactivated (the last one of anybody 180 days ago or more), new_to_manager (not with this manager in 180 days), repeat.
    conversations AS (
        SELECT
            -- Numbers are put in order and looked up in half the time of texts. That any two of ten million pairs have one
            -- number is a chance of one to 300,000; one organisation of a week would be miscounted.
            cityHash64(organisation_id) AS organisation, cityHash64(organisation_id, manager_id) AS pair,
            manager_id, team, stage, at, bucket
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
    -- Of the year before `from` only the last ones matter; to put all of it in order takes several times as long. Of a
    -- manager's, 180 days; a bucket begins up to five minutes before its calls.
    before_of_manager AS (
        SELECT pair, toNullable(max(at)) AS at FROM conversations
        WHERE bucket >= {from:DateTime('UTC')} - 180 * 86400 - 300 AND bucket < {from:DateTime('UTC')}
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
        GROUP BY pair
    ),
    spoken AS (
        SELECT
            pair, manager_id, team, stage, at,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY organisation ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_of_anybody,
            lagInFrame(toNullable(at)) OVER (
                PARTITION BY pair ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS previous_of_manager
        FROM (
            SELECT organisation, pair, manager_id, team, stage, at FROM conversations
            WHERE bucket >= {from:DateTime('UTC')}
            UNION ALL
            SELECT organisation, 0, '', '', '', max(at) FROM conversations WHERE bucket < {from:DateTime('UTC')}
            GROUP BY organisation
        )
    ),
    touches AS (
        SELECT
            pair, spoken.at AS at, ifNull(previous_of_manager, before_of_manager.at) AS last_of_manager,
            multiIf(
                ifNull(last_of_anybody <= at - 365 * 86400, 1) AND stage IN ('', {stages:Array(String)}[1]), 'new',
                -- Further than the first stage without a conversation: its history is older than what is looked at.
                last_of_anybody IS NULL, 'repeat',
                last_of_anybody <= at - 180 * 86400, 'reactivated',
                last_of_manager IS NULL OR last_of_manager <= at - 180 * 86400, 'new_to_manager',
                'repeat'
            ) AS novelty
        FROM (
            SELECT * FROM spoken
            WHERE manager_id != ''
                AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
                AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        ) AS spoken
        LEFT ANY JOIN before_of_manager USING pair
    ),

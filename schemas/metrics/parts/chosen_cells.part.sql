    -- Counted cells of [cells_from, cells_to), which whoever includes this defines. Where another threshold of a conversation is
    -- chosen than the one that they were counted with, what depends on it comes from the facts, in rows of its own.
    chosen_cells AS (
        SELECT
            bucket, toDate(bucket, {zone:String}) AS day, manager_id, team, calls, attempts, answered,
            if({conversation_s:UInt32} = {counted_s:UInt32}, manager_activity.conversations, 0) AS conversations,
            talk_s,
            if({conversation_s:UInt32} = {counted_s:UInt32}, manager_activity.calls_to_potential, 0) AS calls_to_potential,
            unknown_calls, contacts, organisations, general_organisations, individual_proposals, currencies, amounts
        FROM manager_activity FINAL WHERE bucket >= cells_from AND bucket < cells_to
        UNION ALL
        SELECT
            bucket, toDate(bucket, {zone:String}), manager_id, max(activities.team), 0, 0, 0,
            toUInt32(count()), 0, toUInt32(countIf(has({potential:Array(String)}, stage))), 0, [], [], [], 0, [], []
        FROM activities FINAL
        WHERE {conversation_s:UInt32} != {counted_s:UInt32} AND bucket >= cells_from AND bucket < cells_to
            AND if(activities.talk_s >= {conversation_s:UInt32}, disposition = 'answered' AND direction != 'internal', 0)
        GROUP BY bucket, manager_id
    ),

-- Who dials much and talks little, at {moment} (epoch seconds): outbound calls of the seven days before it against the eight
-- weeks before those. A row for everyone on the roster. A day counts when the manager dialled on it.
-- conversations: of these calls. expected_conversations: the calls times the own earlier share of conversations, times the
-- season (how the share of all others changed, where it fell). per_number: calls / distinct numbers.
-- is_only_dialling: 20 calls a day or more and no fewer than nine tenths of the earlier pace, 8 conversations or more
-- expected, at most half of them had, and chance explains so few with less than {alpha_dialling}. Who calls less is another rule's.
WITH
    -- include: conversation.part
    -- include: count_model.part
    toDateTime({moment:UInt32}, 'UTC') AS now_at,
    now_at - 7 * 86400 AS split,
    now_at - 63 * 86400 AS earliest,
    dialled AS (
        SELECT
            manager_id,
            countIf(is_recent) AS calls, countIf(NOT is_recent) AS calls_before,
            countIf(is_recent AND is_spoken) AS conversations, countIf(NOT is_recent AND is_spoken) AS conversations_before,
            uniqExactIf(day, is_recent) AS days, uniqExactIf(day, NOT is_recent) AS days_before,
            uniqExactIf(contact, is_recent) AS numbers
        FROM (
            SELECT
                manager_id, contact, at >= split AS is_recent, toDate(at, {zone:String}) AS day,
                is_conversation(talk_s, disposition) AS is_spoken
            FROM activities FINAL
            WHERE bucket >= toStartOfFiveMinutes(earliest) AND bucket < now_at AND at >= earliest AND at < now_at
                AND kind = 'call' AND direction = 'outbound' AND manager_id != ''
        )
        GROUP BY manager_id
    ),
    compared AS (
        SELECT
            *,
            sum(conversations) OVER everybody - conversations AS others_now,
            sum(calls) OVER everybody - calls AS others_calls_now,
            sum(conversations_before) OVER everybody - conversations_before AS others_before,
            sum(calls_before) OVER everybody - calls_before AS others_calls_before,
            if(
                others_before >= 30 AND others_calls_now > 0,
                least(1., (others_now / others_calls_now) / (others_before / others_calls_before)), 1.
            ) AS season
        FROM dialled
        WINDOW everybody AS ()
    ),
    judged AS (
        SELECT
            manager_id, calls, conversations, days, days_before, calls_before, numbers,
            if(days_before >= 15 AND calls_before > 0, calls * conversations_before / calls_before * season, 0.) AS expected,
            0.05 + if(conversations_before > 0, 1 / conversations_before, 0) AS phi
        FROM compared
    ),
    roster AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL
        WHERE valid_from <= now_at AND (valid_to IS NULL OR valid_to > now_at)
        GROUP BY manager_id
    )
SELECT
    {moment:UInt32} AS moment, roster.manager_id AS manager_id, roster.manager AS manager, roster.team AS team,
    judged.calls AS calls, judged.conversations AS conversations, round(judged.expected, 2) AS expected_conversations,
    if(numbers > 0, round(judged.calls / numbers, 2), NULL) AS per_number,
    judged.expected >= 8 AND judged.conversations <= 0.5 * judged.expected AND judged.calls >= 20 * judged.days
        AND judged.calls * judged.days_before >= 0.9 * judged.calls_before * judged.days AS is_little,
    if(is_little, count_tail(if(is_little, judged.conversations, 0), judged.expected, judged.phi), 1.) AS p,
    p < {alpha_dialling:Float64} AS is_only_dialling
FROM roster LEFT JOIN judged USING manager_id
ORDER BY manager_id

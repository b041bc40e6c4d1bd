-- Who lives off existing customers, at {moment} (epoch seconds): the 28 days before it against the twelve weeks before
-- those. A row for everyone on the roster. A day counts when the manager called anybody on it.
-- new: organisations that the manager had the company's first conversation with, in the first stage or in none then.
-- expected_new: of the own earlier new a day, times how the others' changed (the season).
-- calls_per_existing: calls to organisations in a stage neither potential nor terminal / such organisations called, week
-- by week. deals: individual proposals and first entries into such a stage, a day: what revenue is made of.
-- is_squeezing: 8 or more expected, at most half of them came, chance explains so few with less than {alpha_new}, and both
-- calls_per_existing and deals hold (0.9 of earlier): who does less of everything does not squeeze.
WITH
    -- include: conversation.part
    -- include: count_model.part
    toDateTime({moment:UInt32}, 'UTC') AS now_at,
    now_at - 28 * 86400 AS split,
    now_at - 112 * 86400 AS earliest,
    calls AS (
        SELECT
            manager_id, organisation_id, at, activity_id, stage,
            at >= split AS is_recent,
            toUInt32(intDiv({moment:UInt32} - toUnixTimestamp(at) - 1, 604800)) AS week,
            toDate(at, {zone:String}) AS day,
            if(is_conversation(talk_s, disposition), organisation_id != '', 0) AS is_spoken,
            organisation_id != '' AND stage != '' AND NOT has({potential:Array(String)}, stage)
                AND NOT has({terminal:Array(String)}, stage) AS is_existing
        FROM activities FINAL
        WHERE bucket >= toStartOfFiveMinutes(earliest) AND bucket < now_at AND at >= earliest AND at < now_at
            AND kind = 'call' AND direction != 'internal'
    ),
    weekly AS (
        SELECT
            manager_id, week, any(is_recent) AS is_recent, uniqExact(day) AS days,
            countIf(is_existing) AS existing_calls, uniqExactIf(organisation_id, is_existing) AS existing
        FROM calls WHERE manager_id != '' GROUP BY manager_id, week
    ),
    habits AS (
        SELECT
            manager_id, sumIf(days, is_recent) AS days_now, sumIf(days, NOT is_recent) AS days_before,
            sumIf(existing_calls, is_recent) / sumIf(existing, is_recent) AS per_existing_now,
            sumIf(existing_calls, NOT is_recent) / sumIf(existing, NOT is_recent) AS per_existing_before
        FROM weekly GROUP BY manager_id
    ),
    -- Only a call is answered: one condition less saves a quarter of the time. A number is looked up faster than a text.
    spoken_before AS (
        SELECT cityHash64(organisation_id) FROM activities FINAL
        WHERE bucket < earliest AND if(is_conversation(talk_s, disposition), direction != 'internal' AND organisation_id != '', 0)
    ),
    firsts AS (
        SELECT
            argMin((calls.manager_id, stage), (at, activity_id)) AS opening, opening.1 AS manager_id,
            min(at) >= split AS is_recent
        -- By if(), so that only conversations are looked up.
        FROM calls WHERE if(is_spoken, cityHash64(organisation_id) NOT IN (SELECT * FROM spoken_before), 0)
        GROUP BY organisation_id
        HAVING opening.2 IN ('', {stages:Array(String)}[1])
    ),
    new_by AS (
        SELECT manager_id, countIf(is_recent) AS new_now, countIf(NOT is_recent) AS new_before
        FROM firsts GROUP BY manager_id
    ),
    deals_by AS (
        SELECT manager_id, sumIf(deals, is_recent) AS deals_now, sumIf(deals, NOT is_recent) AS deals_before
        FROM (
            SELECT manager_id, bucket >= split AS is_recent, toUInt64(individual_proposals) AS deals
            FROM manager_activity FINAL WHERE bucket >= earliest AND bucket < now_at AND individual_proposals > 0
            UNION ALL
            SELECT
                argMin(stage_changes.manager_id, changed_at) AS manager_id, min(changed_at) >= split AS is_recent,
                toUInt64(1) AS deals
            FROM stage_changes FINAL
            WHERE has({stages:Array(String)}, stage) AND NOT has({potential:Array(String)}, stage)
                AND NOT has({terminal:Array(String)}, stage) AND changed_at < now_at
            GROUP BY organisation_id HAVING min(changed_at) >= earliest
        )
        GROUP BY manager_id
    ),
    roster AS (
        SELECT manager_id, argMax(name, valid_from) AS manager, argMax(managers.team, valid_from) AS team
        FROM managers FINAL
        WHERE valid_from <= now_at AND (valid_to IS NULL OR valid_to > now_at)
        GROUP BY manager_id
    ),
    rates AS (
        SELECT
            manager_id, days_now, days_before, new_now, new_before,
            per_existing_now, per_existing_before,
            deals_now / days_now AS deals_now, deals_before / days_before AS deals_before,
            sum(new_now) OVER everybody - new_now AS others_now,
            sum(new_before) OVER everybody - new_before AS others_before,
            sumIf(days_now, days_before > 0) OVER everybody - if(days_before > 0, days_now, 0) AS others_days_now,
            sum(days_before) OVER everybody - days_before AS others_days_before,
            if(
                others_before >= 10 AND others_days_now > 0,
                (others_now / others_days_now) / (others_before / others_days_before), 1.
            ) AS season,
            if(days_before >= 15, new_before / days_before * days_now * season, 0.) AS expected_new,
            0.05 + if(new_before > 0, 1 / new_before, 0)
                + if(season != 1, 1 / greatest(others_now, 1) + 1 / others_before, 0) AS phi
        FROM habits LEFT JOIN new_by USING manager_id LEFT JOIN deals_by USING manager_id
        WINDOW everybody AS ()
    )
SELECT
    {moment:UInt32} AS moment, roster.manager_id AS manager_id, roster.manager AS manager, roster.team AS team,
    toUInt32(new_now) AS new_now, round(expected_new, 2) AS expected_new,
    round(if(days_before > 0 AND isFinite(per_existing_before), per_existing_before, NULL), 2) AS calls_per_existing_before,
    round(if(days_now > 0 AND isFinite(per_existing_now), per_existing_now, NULL), 2) AS calls_per_existing_now,
    round(if(days_before > 0 AND isFinite(deals_before), deals_before, NULL), 2) AS deals_before,
    round(if(days_now > 0 AND isFinite(deals_now), deals_now, NULL), 2) AS deals_now,
    rates.expected_new >= 8 AND new_now <= 0.5 * rates.expected_new AS is_little,
    if(is_little, count_tail(if(is_little, new_now, 0), rates.expected_new, phi), 1.) AS p,
    ifNull(
        p < {alpha_new:Float64} AND per_existing_now >= 0.9 * per_existing_before
            AND rates.deals_now >= 0.9 * rates.deals_before,
        0
    ) AS is_squeezing
FROM roster LEFT JOIN rates USING manager_id
ORDER BY manager_id

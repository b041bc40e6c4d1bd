    -- Up to three frames of everyone at each evaluation: `today` so far; `before`, their latest full working day, while
    -- today says little yet; `week`, five working days, for those who call seldom. x: calls. usual: the calls of the same
    -- steps on the latest eight same weekdays that were full working days of theirs (not short, moved, away, without
    -- a call of anybody, nor with lost time: lost_time.part), or of the eight weeks of five working days before. quiet_usual: of them, those after this day's
    -- latest call. Who was away on the latest full working day has neither `before` nor
    -- `week`: the day after leave tells nothing of the time before it; and on a day off the week is that of the evening before.
    -- Lost time of today is left out of both; the department's silence tells of it.
    (steps, passed) -> bitShiftRight(
        arrayMax(step -> if(step < bitShiftLeft(toUInt64(passed) + 1, 32) AND bitAnd(step, 4294967295) > 0, step, 0), steps), 32
    ) AS latest_step,
    (days, day) -> arrayMap(
        one -> one.steps, arraySlice(arrayFilter(one -> one.day < day AND (day - one.day) % 7 = 0, days), 1, 8)
    ) AS same_weekdays,
    -- Calls in steps that are not lost.
    (steps, lost) -> arrayFilter(step -> NOT has(lost, toInt32(bitShiftRight(step, 32))), steps) AS known_steps,
    dated AS (
        SELECT
            manager_id, today, evaluations, here, latest, pasts_of_latest, totals,
            known_steps(here.steps, here.lost) AS steps_of_today,
            if(empty(here.lost), all_pasts, arrayMap(past -> known_steps(past, here.lost), all_pasts)) AS pasts,
            if(manager_id = '', all_pasts, pasts) AS quiet_pasts,
            latest_step(latest.steps, steps_of_a_day) AS last_of_latest
        FROM (
            SELECT
                manager_id, today, evaluations, here, latest,
                same_weekdays(full_days, today) AS all_pasts,
                same_weekdays(full_days, latest.day) AS pasts_of_latest,
                arrayMap(
                    one -> reached(one.steps, steps_of_a_day),
                    arraySlice(arrayFilter(one -> one.day < reached_day, full_days), 1, 45)
                ) AS totals
            FROM (
                SELECT
                    manager_id, today, evaluations,
                    arrayFirst(one -> one.day = today, days) AS here,
                    arrayFirst(
                        one -> (one.is_full OR one.is_missed) AND empty(one.lost) AND one.day < today AND one.day >= today - 14,
                        days
                    ) AS latest,
                    arrayFilter(one -> one.is_full AND one.has_calls AND empty(one.lost) AND one.day < today, days) AS full_days,
                    arrayFirst(one -> one.is_at_work AND one.day <= today, days).day AS reached_day
                FROM paced
                CROSS JOIN (SELECT today, groupArray((evaluation, passed)) AS evaluations FROM asked GROUP BY today) AS todays
            )
        )
    ),
    framed AS (
        SELECT
            evaluation, today, manager_id, here.1 AS team, here.2 AS is_on_roster, here.3 AS is_at_work, here.4 AS is_away,
            here.5 AS calls_today, told.1 AS frame, told.2 AS day, told.3 AS x, told.4 AS usual, told.5 AS quiet_usual
        FROM (
            SELECT
                asked.1 AS evaluation, asked.2 AS passed, dated.today AS today, manager_id,
                reached(dated.here.steps, passed) AS so_far, latest_step(dated.here.steps, passed) AS last_of_today,
                (dated.here.team, dated.here.day = today, dated.here.is_at_work, dated.here.is_away, so_far) AS here,
                arrayJoin(arrayFilter(one -> one.1 != '', [
                    (
                        if(dated.here.is_full, 'today', ''), today,
                        reached(steps_of_today, passed),
                        arrayMap(past -> reached(past, passed), pasts),
                        arrayMap(past -> reached(past, passed) - reached(past, last_of_today), quiet_pasts)
                    ),
                    (
                        if(latest.is_full, 'before', ''), latest.day, reached(latest.steps, steps_of_a_day),
                        arrayMap(past -> reached(past, steps_of_a_day), pasts_of_latest),
                        arrayMap(past -> reached(past, steps_of_a_day) - reached(past, last_of_latest), pasts_of_latest)
                    ),
                    (
                        'week', toDate(0), arraySum(arraySlice(totals, 1, 5)),
                        arrayMap(
                            week -> arraySum(arraySlice(totals, 5 * week + 1, 5)),
                            range(1, if(latest.is_missed, toUInt32(1), toUInt32(intDiv(length(totals), 5))))
                        ),
                        []
                    )
                ])) AS told
            FROM dated ARRAY JOIN evaluations AS asked
        )
    ),
    -- Beside everyone: what the managers did together in the same frame.
    together AS (
        SELECT
            *,
            sumIf(spread - own_mu, is_one) OVER alike AS excess_of_all,
            sumIf(own_mu * own_mu, is_one) OVER alike AS square_of_all,
            sumIf(own_x, is_one) OVER alike AS x_of_all,
            sumIf(own_mu, is_one) OVER alike AS mu_of_all,
            sumIf(own_mu, calls_too) OVER alike - if(calls_too, own_mu, 0) AS others_mu,
            countIf(calls_too) OVER alike - calls_too AS others
        FROM (
            SELECT
                evaluation, manager_id, today, team, is_on_roster, is_at_work, is_away, calls_today, frame, day,
                x AS own_x, quiet_usual, length(usual) AS n, n >= 6 AS is_known,
                if(manager_id = '', 0, is_known) AS is_one,
                if(x > 0, is_one, 0) AS calls_too,
                if(n > 0, arrayAvg(usual), 0) AS own_mu,
                if(n > 1, arrayReduce('varSamp', usual), 0) AS spread
            FROM framed
        )
        WINDOW alike AS (PARTITION BY evaluation, frame, day)
    ),
    -- Six to eight references say little of the spread of counts (variance = mu + phi mu²), so a manager's own phi (by
    -- moments, not below Poisson) leans on that of all, which has the weight of three. The department is the sum of its
    -- managers who are at work, whose days rise and fall together by a tenth.
    -- season: what the others who called do, beside their usual, drawn to 1 by thirty calls and never above it.
    seasons AS (
        SELECT
            *,
            manager_id = '' AS is_all,
            if(is_all, x_of_all, own_x) AS x,
            if(is_all, mu_of_all, own_mu) AS mu,
            if(is_all, 1., least(1., (x_of_all - own_x + 30) / (others_mu + 30))) AS season,
            greatest(0., if(
                is_all,
                greatest(0., excess_of_all) / greatest(mu_of_all * mu_of_all, 1e-9) + 0.01,
                ((spread - own_mu) / greatest(own_mu * own_mu, 1e-9) + 3 * excess_of_all / greatest(square_of_all, 1e-9)) / 4
            )) AS phi_of_days
        FROM together
    ),
    -- phi is that of a forecast: mean and season are estimates themselves.
    forecasts AS (
        SELECT
            evaluation, manager_id, today, team, is_on_roster, is_at_work, is_away, calls_today, frame, day, x, is_known, mu,
            season * mu AS expected,
            -- The department's pace of a low day is what its silence is held against, too.
            if(is_all, least(1., (x_of_all + 30) / (mu_of_all + 30)), season) * arrayAvg(quiet_usual) AS quiet_today,
            phi_of_days + if(mu > 0, (1 / mu + phi_of_days) / n, 0)
                + if(season < 1, 1 / greatest(others_mu, 1e-9) + phi_of_days / greatest(others, 1), 0) AS phi
        FROM seasons
    ),

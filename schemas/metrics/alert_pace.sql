-- Whose calls are fewer than chance explains, and who is silent, at each of {moments} (epoch seconds, at least {step_s}
-- apart). A row for everyone on the roster, zero being a value, and one for the whole department (manager_id "").
-- Drop. calls beside expected, in a frame: `today` so far, as soon as 8 calls are usual by now; until then `before`, the
-- latest full working day, so that a warning stands over night and weekend; `week`, five working days, of those who have
-- fewer than 8 a day. expected: the mean of the latest six to eight same weekdays that were full working days, times the
-- season of the day (how the others do, where that is less). low: seldom (5 %) are they fewer by chance.
-- is_dropping, here and {step_s} earlier: expected >= 8, calls <= 0.7 expected, and so unlikely (negative binomial) that
-- of all managers believed a share of {alpha} is wrong (Benjamini-Hochberg). Not who is away, and not what ended in
-- silence, theirs or everybody's: that is told of as such, and over with the next call.
-- Silence. quiet_expected: calls that were to be expected since the latest one. why, the first that holds: away, calling,
-- feed_dead (no call of anybody either, or a live door is down), moved (three calls of today to their organisations from
-- the extension moved_to, which is nobody's), silent. day_off and unknown (fewer than six references) are kinds of calling.
WITH
    -- include: count_model.part
    -- include: paced.part
    -- include: expected.part
    -- p: how likely so few calls are. p_quiet: that none followed the latest, times the calls: each has a pause after it.
    little AS (
        SELECT
            *,
            expected >= 8 AND x <= 0.7 * expected AS is_little,
            multiIf(NOT is_known, 0., frame = 'week', if(x + calls_today = 0, expected, 0.), quiet_today) AS quiet_expected,
            multiIf(NOT is_known OR mu < 8, 4, frame = 'today', 1, frame = 'before', 2, 3) AS turn,
            if(frame = 'today' AND x > 0 AND is_known, 1, turn) AS turn_of_quiet
        FROM forecasts
    ),
    chances AS (
        SELECT
            *,
            if(is_little, count_tail(x, expected, phi), 1.) AS p,
            if(quiet_expected >= 8, least(1., (x + 1) * count_none(quiet_expected, phi)), 1.) AS p_quiet
        FROM little
    ),
    with_all AS (
        SELECT
            *, maxIf(p_quiet < {alpha_quiet:Float64}, manager_id = '') OVER (PARTITION BY evaluation, frame, day)
                AS all_quiet
        FROM chances
    ),
    verdicts AS (
        SELECT
            evaluation, manager_id, any(with_all.team) AS team, any(today) AS today, any(is_at_work) AS is_at_work,
            any(is_away) AS is_away, any(calls_today) AS calls_today, min(turn) < 4 AS is_known,
            argMin((frame, x, expected, phi, p, all_quiet OR p_quiet < {alpha_quiet:Float64}), turn) AS drop,
            argMin((quiet_expected, p_quiet, all_quiet), turn_of_quiet) AS pause,
            is_known AND NOT is_away AS is_held
        FROM with_all
        WHERE is_on_roster
        GROUP BY evaluation, manager_id
    ),
    -- Of n managers the k least likely are believed when the k-th of them has p <= alpha k / n.
    ranked AS (
        SELECT
            *, drop.5 AS p,
            p * count() OVER (PARTITION BY evaluation, is_held, manager_id = '')
                / row_number() OVER (PARTITION BY evaluation, is_held, manager_id = '' ORDER BY drop.5) AS adjusted
        FROM verdicts
    ),
    limited AS (
        SELECT
            *,
            maxIf(p, adjusted <= {alpha:Float64}) OVER (PARTITION BY evaluation, is_held, manager_id = '') AS most,
            countIf(adjusted <= {alpha:Float64}) OVER (PARTITION BY evaluation, is_held, manager_id = '') > 0 AS is_any
        FROM ranked
    ),
    consecutive AS (
        SELECT
            *, is_held AND NOT drop.6 AND is_any AND p <= most AS is_low,
            lagInFrame(is_low) OVER (
                PARTITION BY manager_id ORDER BY evaluation ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
            ) AS was_low,
            is_low AND was_low AS is_dropping
        FROM limited
    ),
    (
        SELECT mapFromArrays(groupArray(one), groupArray(name))
        FROM (SELECT manager_id AS one, argMax(name, valid_from) AS name FROM managers FINAL GROUP BY one)
    ) AS names,
    -- Calls from extensions that no manager has, by who looks after the organisation that was called, and the day.
    (
        SELECT mapFromArrays(groupArray(whose), groupArray(calls))
        FROM (
            SELECT
                concat(owner, ' ', toString(toDate(at, {zone:String}))) AS whose,
                arraySort(groupArray((toUnixTimestamp(at), extension))) AS calls
            FROM activities FINAL
            INNER JOIN (SELECT organisation_id, manager_id AS owner FROM organisations FINAL) AS owners
                USING organisation_id
            WHERE bucket >= toDateTime(toDate(toDateTime(arrayMin(evaluations), 'UTC'), {zone:String}), {zone:String})
                AND bucket <= toDateTime(arrayMax(evaluations), 'UTC')
                AND kind = 'call' AND direction != 'internal' AND activities.manager_id = '' AND extension != ''
            GROUP BY whose
        )
    ) AS strays,
    (SELECT groupArray((toUnixTimestamp(started_at), toUnixTimestamp(heartbeat_at), state)) FROM feeds FINAL) AS doors,
    around AS (
        SELECT
            *, drop.1 AS frame, drop.2 AS x, drop.3 AS expected, drop.4 AS phi, pause.1 AS quiet,
            pause.2 < {alpha_quiet:Float64} AS is_quiet, pause.3 AS all_quiet,
            arrayFilter(call -> call.1 < evaluation, strays[concat(manager_id, ' ', toString(today))]) AS stray_calls,
            -- A door that has said something since was not down.
            arrayExists(
                door -> door.1 <= evaluation AND door.2 <= evaluation AND door.3 != 'stopped'
                    AND (door.3 NOT IN ('live', 'connecting') OR door.2 + 120 < evaluation),
                doors
            ) AS door_is_down
        FROM consecutive
        WHERE has({moments:Array(UInt32)}, evaluation)
    ),
    triaged AS (
        SELECT
            *,
            multiIf(
                is_away, 'away',
                NOT is_quiet, multiIf(NOT is_at_work, 'day_off', is_known, 'calling', 'unknown'),
                all_quiet OR door_is_down, 'feed_dead',
                length(stray_calls) >= 3, 'moved',
                'silent'
            ) AS why
        FROM around
    )
SELECT
    evaluation AS moment, manager_id, names[manager_id] AS manager, team,
    is_known, frame, toUInt64(x) AS calls, round(triaged.expected, 2) AS expected,
    if(is_known, count_low(triaged.expected, phi), 0) AS low, p, is_dropping,
    calls_today, round(quiet, 2) AS quiet_expected, why, if(why = 'moved', stray_calls[-1].2, '') AS moved_to
FROM triaged
ORDER BY moment, manager_id

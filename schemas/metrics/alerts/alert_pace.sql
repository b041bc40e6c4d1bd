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
    -- ClickHouse reads all that stands under an expression each time that it meets AND or OR: what is over the whole
    -- pace is said by if() and multiIf(), and in few steps.
    -- p: how likely so few calls are. p_quiet: that none followed the latest, times the calls: each has a pause after it.
    chances AS (
        SELECT
            *,
            x <= if(expected >= 8, 0.7 * expected, -1.) AS is_little,
            multiIf(NOT is_known, 0., frame = 'week', if(x + calls_today = 0, expected, 0.), quiet_today) AS quiet_expected,
            multiIf(NOT is_known, 4, mu < 8, 4, frame = 'today', 1, frame = 'before', 2, 3) AS turn,
            multiIf(frame != 'today', turn, x = 0, turn, is_known, 1, turn) AS turn_of_quiet,
            if(is_little, count_tail(x, expected, phi), 1.) AS p,
            if(quiet_expected >= 8, least(1., (x + 1) * count_none(quiet_expected, phi)), 1.) AS p_quiet,
            maxIf(p_quiet < {alpha_quiet:Float64}, manager_id = '') OVER (PARTITION BY evaluation, frame, day) AS all_quiet
        FROM forecasts
    ),
    verdicts AS (
        SELECT
            evaluation, manager_id,
            argMin(
                (
                    frame, x, expected, phi, p, if(all_quiet, 1, p_quiet < {alpha_quiet:Float64}), turn < 4,
                    (team, today, is_at_work, is_away, calls_today)
                ), turn
            ) AS drop,
            argMin((quiet_expected, p_quiet, all_quiet), turn_of_quiet) AS pause,
            drop.7 AS is_known, drop.8 AS here, if(here.4, 0, is_known) AS is_held
        FROM chances
        WHERE is_on_roster
        GROUP BY evaluation, manager_id
    ),
    -- Of n managers the k least likely are believed when the k-th of them has p <= alpha k / n.
    believed AS (
        SELECT
            *,
            arraySort(groupArray(drop.5) OVER (PARTITION BY evaluation, is_held, manager_id = '')) AS chances_of_all,
            arrayMax(
                (p, k) -> if(p * length(chances_of_all) / k <= {alpha:Float64}, p, -1.),
                chances_of_all, arrayEnumerate(chances_of_all)
            ) AS most,
            multiIf(NOT is_held, 0, drop.6, 0, drop.5 <= most) AS is_low
        FROM verdicts
    ),
    consecutive AS (
        SELECT
            *,
            if(is_low, lagInFrame(is_low) OVER (
                PARTITION BY manager_id ORDER BY evaluation ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
            ), 0) AS is_dropping
        FROM believed
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
            WHERE bucket >= toDateTime(toDate(earliest_evaluation), {zone:String}) AND bucket <= latest_evaluation
                AND kind = 'call' AND direction != 'internal' AND activities.manager_id = '' AND extension != ''
            GROUP BY whose
        )
    ) AS strays,
    -- Since when each live door is down. A door that has said something since was not.
    (
        SELECT groupArray(toInt64(greatest(
            toUnixTimestamp(started_at) - 1,
            toUnixTimestamp(heartbeat_at) + if(state IN ('live', 'connecting'), 120, -1)
        )))
        FROM feeds FINAL WHERE state != 'stopped'
    ) AS doors_down,
    triaged AS (
        SELECT
            *, drop.1 AS frame, drop.2 AS x, drop.3 AS expected, drop.4 AS phi, drop.5 AS p, pause.1 AS quiet,
            arrayFilter(call -> call.1 < evaluation, strays[concat(manager_id, ' ', toString(here.2))]) AS stray_calls,
            multiIf(
                here.4, 'away',
                pause.2 >= {alpha_quiet:Float64}, multiIf(NOT here.3, 'day_off', is_known, 'calling', 'unknown'),
                pause.3, 'feed_dead',
                arrayExists(since -> since < evaluation, doors_down), 'feed_dead',
                length(stray_calls) >= 3, 'moved',
                'silent'
            ) AS why
        FROM consecutive
        WHERE has({moments:Array(UInt32)}, evaluation)
    )
SELECT
    evaluation AS moment, manager_id, names[manager_id] AS manager, here.1 AS team,
    is_known, frame, toUInt64(x) AS calls, round(triaged.expected, 2) AS expected,
    if(is_known, count_low(triaged.expected, phi), 0) AS low, p, is_dropping,
    here.5 AS calls_today, round(quiet, 2) AS quiet_expected, why, if(why = 'moved', stray_calls[-1].2, '') AS moved_to
FROM triaged
ORDER BY moment, manager_id

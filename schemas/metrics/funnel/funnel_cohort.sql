-- Funnel, cohort: of the organisations that entered the first stage in [from, to), how many reached each later one
-- within `window` working days (of the calendar, in `zone`; the day of entry is day 0, the last day counts whole). A day
-- that no calendar has is worked from Monday to Friday.
-- Skipped stages: moved to or through, so a stage is entered with the first change to it or to any later one.
-- Only first entries count: an organisation belongs to one cohort for good. Terminal stages are not part of it.
-- `entered`: organisations that entered this stage in [from, to), by the owner at that entry;
-- `reached` and what follows from it: by the owner at the entry of the first stage.
-- median_days: Kaplan-Meier, from the previous stage; who has not come is censored at `now` or at the window's end.
-- Of those that came to the stage before and not to this one: refused (they stand in a terminal stage at `now`), in_work (their
-- window is open), and the others are stuck: the window is over.
-- Beside them: immature = organisations whose window is open; step_estimate = Kaplan-Meier's step conversion, where some
-- are: of a mature cohort the step itself is known.
WITH
    -- A SELECT of its own makes it a constant, which WITH FILL wants.
    (SELECT arrayFilter(code -> NOT has({terminal:Array(String)}, code), {stages:Array(String)})) AS funnel,
    -- Enough days for every window: half of them free, and two months more.
    toDate({from:DateTime64(3, 'UTC')}, {zone:String}) AS first_day,
    toDate({to:DateTime64(3, 'UTC')}, {zone:String}) + 2 * {window:UInt32} + 62 AS last_day,
    -- include: calendar.part
    -- For each day from first_day on: the day that a window begun then ends before.
    (
        SELECT arrayMap(
            worked -> if(worked + {window:UInt32} < length(working), working[worked + {window:UInt32} + 1], last_day),
            arrayCumSum(days.2)
        )
        FROM (
            SELECT
                arraySort(groupArray((day, is_working OR NOT is_known AND toDayOfWeek(day) <= 5))) AS told,
                (arrayMap(one -> one.1, told), arrayMap(one -> one.2, told)) AS days,
                arrayFilter((day, is_worked) -> is_worked, days.1, days.2) AS working
            FROM calendar
        )
    ) AS window_ends,
    -- include: owned.part
    -- include: packed_moves.part
    {now:DateTime64(3, 'UTC')} AS now_at,
    -- The organisations that moved in [from, to), with all their moves. people: who each is counted under.
    histories AS (
        SELECT
            groupArrayIf(packed_move(at, indexOf(funnel, stage), is_asked), has(funnel, stage)) AS moves,
            groupArrayIf(who, has(funnel, stage)) AS people,
            -- Of changes at one time the configured order decides.
            maxIf(bitShiftLeft(toUnixTimestamp64Milli(at), 16) + indexOf({stages:Array(String)}, stage), at <= now_at) AS latest,
            has({terminal:Array(String)}, {stages:Array(String)}[bitAnd(latest, 65535)]) AS is_refused
        FROM (
            SELECT
                organisation_id, stage, at,
                -- include: owner.part
            FROM owned
            WHERE has({stages:Array(String)}, stage) AND organisation_id IN (
                SELECT organisation_id FROM stage_changes
                WHERE changed_at >= {from:DateTime64(3, 'UTC')} AND changed_at < {to:DateTime64(3, 'UTC')}
            )
        )
        GROUP BY organisation_id
        HAVING notEmpty(moves)
    ),
    (move, place) -> bitAnd(move, 65535) >= 2 * place AS is_through,
    toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}) AS from_ms,
    toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) AS to_ms,
    toUnixTimestamp64Milli({now:DateTime64(3, 'UTC')}) AS now_ms,
    move -> bitTest(move, 0) AND moved_at_ms(move) >= from_ms AND moved_at_ms(move) < to_ms AS is_in_period,
    -- Of each organisation and stage: the first move to the stage or through it (entry), to the stage before (before), and
    -- to the funnel (opening); 0 where there is none.
    followed AS (
        SELECT
            place, opening, entry, before, is_refused, moved_at_ms(opening) AS entered_ms, is_in_period(opening) AS is_member,
            people[indexOf(moves, opening)] AS opened_by, people[indexOf(moves, entry)] AS entered_by,
            -- Only of members: others may have entered on a day that is not among them.
            toDate(fromUnixTimestamp64Milli(entered_ms, {zone:String})) AS entered_on,
            window_ends[toInt32(entered_on - first_day) + 1] AS ends_before,
            1000 * toInt64(toUnixTimestamp(toDateTime(ends_before, {zone:String}))) AS ends_ms
        FROM (
            SELECT
                moves, people, place, is_refused, arrayMin(moves) AS opening,
                arrayMin(arrayFilter(move -> is_through(move, place), moves)) AS entry,
                arrayMin(arrayFilter(move -> is_through(move, place - 1), moves)) AS before
            FROM histories ARRAY JOIN arrayEnumerate(funnel) AS place
        )
    ),
    -- Each twice: as an entry of the stage, by its own owner, and of the cohort, by the owner of the opening.
    told AS (
        SELECT
            if(of_cohort, opened_by, entered_by) AS who, place, NOT of_cohort AS entered, of_cohort AS member,
            of_cohort AND place > 1 AND is_through(before, place - 1) AND moved_at_ms(before) < ends_ms AS asked,
            of_cohort AND is_through(entry, place) AND moved_at_ms(entry) < ends_ms AS reached,
            of_cohort AND ends_ms > now_ms AS open,
            asked AND NOT reached AND is_refused AS refused,
            asked AND NOT reached AND NOT is_refused AND open AS in_work,
            if(reached, moved_at_ms(entry), greatest(moved_at_ms(before), least(ends_ms, now_ms))) - moved_at_ms(before) AS waited_ms
        FROM followed ARRAY JOIN [0, 1] AS of_cohort
        WHERE if(of_cohort, is_member, is_through(entry, place) AND is_in_period(entry))
        UNION ALL
        SELECT
            if({by:String} IN ('manager', 'toucher'), manager_id, if({by:String} = 'team', team, '')),
            1, 0, 0, 0, 0, 0, 0, 0, 0
        FROM managers FINAL
        WHERE valid_from < {to:DateTime64(3, 'UTC')} AND ifNull(valid_to > {from:DateTime64(3, 'UTC')}, 1)
            AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
            AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
        UNION ALL
        SELECT '', 1, 0, 0, 0, 0, 0, 0, 0, 0 WHERE {by:String} = ''
    ),
    counted AS (
        SELECT
            who, place, count() AS rows_told, sum(told.entered) AS entered, sum(told.member) AS members,
            sum(told.asked) AS asked, sum(told.reached) AS reached, sum(told.open) AS immature,
            sum(told.refused) AS refused, sum(told.in_work) AS in_work,
            -- Kaplan-Meier: of those still waited for at each moment, the share that has not come yet.
            arraySort(groupArrayIf((told.waited_ms, NOT told.reached), told.asked)) AS waits
        FROM told GROUP BY who, place
        -- Zero is a value: whoever was on the roster in the period, or is found, has a row for each stage. Of no row at all
        -- it makes rows of "", too.
        ORDER BY who, place WITH FILL FROM 1 TO length(funnel) + 1
    )
SELECT
    who,
    funnel[place] AS stage,
    entered,
    reached,
    if(asked > 0, reached / asked, NULL) AS step_conversion,
    if(members > 0, reached / members, NULL) AS overall_conversion,
    if(half > 0, (waits[half].1 + waits[if(beyond > 0, beyond, half)].1) / 2 / 86400000, NULL) AS median_days,
    immature,
    if(asked > 0 AND immature > 0, 1 - survivals[-1], NULL) AS step_estimate,
    refused,
    in_work
FROM (
    SELECT
        *, sum(rows_told) OVER () AS rows_of_all,
        arrayMap(
            n -> exp(n),
            arrayCumSum(
                (wait, n) -> if(wait.2, 0, log(1 - 1 / (length(waits) - n + 1))), waits, arrayEnumerate(waits)
            )
        ) AS survivals,
        -- Where exactly half have come, the median is between that moment and the next, as without censoring.
        arrayFirstIndex(survival -> survival <= 0.5 + 1e-9, survivals) AS half,
        arrayFirstIndex(survival -> survival < 0.5 - 1e-9, survivals) AS beyond
    FROM counted
)
WHERE rows_of_all > 0
ORDER BY who, place

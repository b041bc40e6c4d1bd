-- Organisations that managers had conversations with, by local week (Monday) that begins in [from, to), and by what they
-- were at the manager's first conversation of that week: new (nobody had one in 365 days, and it stood in the first stage
-- or, after 365 days of known calls, in none), reactivated (the last one of anybody 180 days ago or more), new_to_manager (not with this manager in 180
-- days), repeat. An organisation that two managers talked to is in both's numbers. Every week has a row. A week that is
-- not over at `now` has its numbers in the `_so_far` columns. 365 days before `from` are looked at: what is further than
-- the first stage without any conversation in them is a repeat.
--
-- Packed, since an array of numbers is put in order in a tenth of the time of an array of tuples:
--
--   | number           | bits 64 and above    | bits 2 to 63 | bit 1                          | bit 0              |
--   | `talks`, each    |                      | at, ms       | in the first stage, or in none | it is asked for    |
--   | `said`, each     | cityHash64(manager)  | as above     | as above                       | as above           |
--   | `before_all`     |                      | at, ms       | 0                              | 0                  |
--
-- The tests count the same call by call without packing (tests/grafana/warnings_by_hand.py).
WITH
    -- include: conversation.part
    toInt64(86400000) AS day_ms,
    -- Half a year, and a bucket begins up to five minutes before its calls.
    {from:DateTime('UTC')} - 180 * 86400 - 300 AS remembered_from,
    said -> intDiv(toInt64(toUInt64(said)), 4) AS at_ms,
    ones -> arrayPushFront(arrayPopBack(ones), toUInt128(0)) AS after_another,
    -- From when on who has no stage and no conversation is new: before, the history may only begin here.
    (SELECT minOrNull(bucket) + toIntervalDay(365) FROM manager_activity WHERE calls > 0) AS trusted_from,
    -- An organisation's conversations since then. Of those before, only the last one matters. An organisation is a number,
    -- too: that any two of a million have the same is a chance of one to 30 million.
    -- Only a call is answered; each column that is not read saves a tenth of the time.
    spoken AS (
        SELECT
            cityHash64(organisation_id) AS organisation,
            groupArrayIf(cityHash64(manager_id), is_remembered) AS people,
            groupArrayIf(toUInt64(4 * toUnixTimestamp64Milli(at) + 2 * is_early + is_asked), is_remembered) AS talks,
            toUInt64(4 * maxIf(toUnixTimestamp64Milli(at), NOT is_remembered)) AS before_all
        FROM (
            SELECT
                organisation_id, manager_id, at,
                bucket >= remembered_from AS is_remembered,
                stage = {stages:Array(String)}[1] OR stage = '' AND bucket >= trusted_from AS is_early,
                bucket >= {from:DateTime('UTC')} AND manager_id != ''
                    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
                    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team)) AS is_asked
            FROM activities FINAL
            WHERE bucket >= {from:DateTime('UTC')} - 365 * 86400 AND bucket < {to:DateTime('UTC')}
                AND if(is_conversation(talk_s, disposition), direction != 'internal' AND organisation_id != '', 0)
                AND (empty({managers:Array(String)}) OR organisation_id IN (
                    SELECT organisation_id FROM activities
                    WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call'
                        AND has({managers:Array(String)}, manager_id)
                ))
        )
        GROUP BY organisation
        HAVING max(is_asked)
    ),
    -- By manager and time, each with the manager's one before it and with that of anybody; 0: there was none.
    ordered AS (
        SELECT
            arrayMap((manager, talk) -> bitShiftLeft(toUInt128(manager), 64) + talk, people, talks) AS said,
            arraySort((one, talk) -> talk, said, talks) AS by_time,
            arrayPushFront(arrayPopBack(arraySort(talks)), before_all) AS before_each,
            arraySort(said) AS by_manager,
            arrayMap(one -> bitTest(toUInt64(one), 0), by_manager) AS asked,
            arrayFilter((one, is_asked) -> is_asked, by_manager, asked) AS touches,
            arrayFilter((one, is_asked) -> is_asked, after_another(by_manager), asked) AS previous_of_manager,
            arrayFilter(
                (before, is_asked) -> is_asked, arraySort((before, one) -> one, before_each, by_time), asked
            ) AS last_of_anybody
        FROM spoken
    ),
    firsts AS (
        SELECT week, novelty
        FROM (
            SELECT
                bitShiftRight(touch, 64) AS manager, at_ms(touch) AS moment_ms, at_ms(last) AS last_ms,
                if(bitShiftRight(previous, 64) = manager, at_ms(previous), 0) AS last_of_manager_ms,
                toMonday(toDate(fromUnixTimestamp64Milli(moment_ms, {zone:String}))) AS week,
                toMonday(toDate(fromUnixTimestamp64Milli(at_ms(touch_before), {zone:String}))) = week
                    AND bitShiftRight(touch_before, 64) = manager AS is_further,
                multiIf(
                    last_ms <= moment_ms - 365 * day_ms AND bitTest(toUInt64(touch), 1), 'new',
                    -- Further than the first stage without a conversation: its history is older than what is looked at.
                    last_ms = 0, 'repeat',
                    last_ms <= moment_ms - 180 * day_ms, 'reactivated',
                    last_of_manager_ms <= moment_ms - 180 * day_ms, 'new_to_manager',
                    'repeat'
                ) AS novelty
            FROM ordered
            ARRAY JOIN
                touches AS touch, after_another(touches) AS touch_before, previous_of_manager AS previous,
                last_of_anybody AS last
        )
        WHERE NOT is_further
    ),
    toMonday(toDate({from:DateTime('UTC')}, {zone:String}) + 6) AS first_week,
    toDate({to:DateTime('UTC')} - 1, {zone:String}) AS last_day,
    weeks AS (
        SELECT first_week + 7 * arrayJoin(range(toUInt32(greatest(0, intDiv(last_day - first_week + 7, 7))))) AS week
    )
SELECT
    toDateTime(weeks.week, {zone:String}) AS local_week,
    toTimeZone(local_week, 'UTC') AS time,
    toDateTime(weeks.week + 7, {zone:String}) > {now:DateTime64(3, 'UTC')} AS unfinished,
    if(unfinished, NULL, countIf(novelty = 'new')) AS new_organisations,
    if(unfinished, NULL, countIf(novelty = 'reactivated')) AS reactivated,
    if(unfinished, NULL, countIf(novelty = 'new_to_manager')) AS new_to_manager,
    if(unfinished, NULL, countIf(novelty = 'repeat')) AS repeats,
    if(unfinished, countIf(novelty = 'new'), NULL) AS new_so_far,
    if(unfinished, countIf(novelty = 'repeat'), NULL) AS repeats_so_far
FROM weeks LEFT JOIN firsts USING week
GROUP BY week
ORDER BY time

-- Incidents that fire now, with what somebody said of each last. First those of the whole department, then of managers,
-- then of sources; in each of these the earliest first. Of the chosen managers and teams; what is about nobody is everybody's.
-- subject: whom or what it is of. fact and expected: the numbers that the rule compares, where it compares two; NULL else.
-- mark: ack or snooze while it holds at {now}; '' when nobody looks after it: those come first.
WITH
    said AS (
        SELECT incident_id, argMax((kind, by, note, at, until), at) AS latest
        FROM incident_marks FINAL GROUP BY incident_id
    )
SELECT
    standing.incident_id AS incident_id, rule, urgency, thing, labels, numbers, state, since, last_at, changed_at,
    JSONExtractString(labels, 'manager_id') AS manager_id,
    JSONExtractString(labels, 'manager') AS manager,
    JSONExtractString(labels, 'team') AS team,
    multiIf(manager != '', manager, manager_id != '', manager_id, JSONExtractString(labels, 'source')) AS subject,
    parseDateTimeBestEffort(since, 'UTC') AS began,
    JSONExtract(numbers, 'Map(String, Float64)') AS known,
    multiIf(
        mapContains(known, 'quiet_expected'), 0.,
        mapContains(known, 'calls'), known['calls'],
        mapContains(known, 'new_now'), known['new_now'], NULL
    ) AS fact,
    multiIf(
        mapContains(known, 'quiet_expected'), known['quiet_expected'],
        mapContains(known, 'expected'), known['expected'],
        mapContains(known, 'expected_new'), known['expected_new'], NULL
    ) AS expected,
    multiIf(
        latest.1 = 'ack', 'ack',
        latest.1 = 'snooze' AND (isNull(latest.5) OR latest.5 > toDateTime64({now:DateTime64(3, 'UTC')}, 3, 'UTC')), 'snooze', ''
    ) AS mark,
    if(mark = '', '', latest.2) AS mark_by,
    if(mark = '', '', latest.3) AS mark_note,
    if(mark = '', NULL, formatDateTime(latest.4, '%FT%TZ', 'UTC')) AS mark_at,
    if(mark = 'snooze', formatDateTime(latest.5, '%FT%TZ', 'UTC'), NULL) AS mark_until
FROM (
-- include: incidents
) AS standing
LEFT JOIN said USING incident_id
WHERE state = 'firing'
    AND (empty({managers:Array(String)}) OR manager_id = '' OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR manager_id = '' OR has({teams:Array(String)}, team))
ORDER BY mark != '', multiIf(thing = '', 1, manager_id != '', 2, 3), began, incident_id

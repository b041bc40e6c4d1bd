-- What people said of these incidents, the earliest first: ack, snooze (until a moment) or wake. The latest one holds.
SELECT
    incident_id, kind,
    formatDateTime(found.at, '%FT%T.%fZ', 'UTC') AS at,
    formatDateTime(found.until, '%FT%TZ', 'UTC') AS until,
    note, by
FROM (SELECT * FROM incident_marks FINAL WHERE has({incidents:Array(String)}, incident_id)) AS found
ORDER BY found.at

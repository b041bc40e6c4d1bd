-- Incidents that go on, and those that were found to be over at {from} or later, the earliest first. labels and numbers are JSON.
SELECT
    incident_id, rule, urgency, thing, labels, numbers, state,
    formatDateTime(found.since, '%FT%TZ', 'UTC') AS since,
    formatDateTime(found.last_at, '%FT%TZ', 'UTC') AS last_at,
    formatDateTime(found.resolved_at, '%FT%TZ', 'UTC') AS resolved_at,
    formatDateTime(found.changed_at, '%FT%TZ', 'UTC') AS changed_at
FROM (SELECT * FROM incidents FINAL) AS found
WHERE state != 'resolved' OR found.changed_at >= {from:DateTime('UTC')}
ORDER BY found.since, incident_id

-- Messages that were handed over since {from}, the earliest first: to whom, what they say, and how the delivery goes.
SELECT
    message_id, receiver, channel, address, preview, notices, state, attempts, error,
    formatDateTime(found.created_at, '%FT%TZ', 'UTC') AS created_at,
    formatDateTime(found.next_at, '%FT%TZ', 'UTC') AS next_at,
    formatDateTime(found.sent_at, '%FT%TZ', 'UTC') AS sent_at
FROM (SELECT * FROM warning_deliveries FINAL WHERE created_at >= {from:DateTime('UTC')}) AS found
ORDER BY found.created_at, message_id

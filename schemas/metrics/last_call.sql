-- How many legs there are, and when the latest call began.
SELECT count() AS records, formatDateTime(max(started_at), '%FT%TZ', 'UTC') AS at FROM call_legs

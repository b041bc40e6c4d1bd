-- When the rules were asked last by whoever watches, and as of when those about people: one row, none before the first.
SELECT
    formatDateTime(found.watched_at, '%FT%TZ', 'UTC') AS watched_at,
    formatDateTime(found.as_of, '%FT%TZ', 'UTC') AS as_of,
    of_files, error
FROM (SELECT * FROM warning_watch FINAL) AS found

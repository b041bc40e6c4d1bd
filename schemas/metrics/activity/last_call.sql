-- How many legs the known calls have, and when the latest call began. Calls that were taken back are not among them.
SELECT
    toUInt64(sum(activities.legs)) AS records, formatDateTime(max(activities.at), '%FT%TZ', 'UTC') AS at
FROM activities FINAL
WHERE kind = 'call'

-- How many files are being loaded at {now}: begun within two hours and not ended. One whose load was killed never ends.
SELECT toUInt32(count()) AS files
FROM imports FINAL
WHERE state = 'running' AND finished_at IS NULL AND kind NOT IN ('session', 'undo')
    AND started_at > {now:DateTime('UTC')} - INTERVAL 2 HOUR AND started_at <= {now:DateTime('UTC')}

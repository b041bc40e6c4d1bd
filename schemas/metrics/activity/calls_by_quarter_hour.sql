-- The pulse of everyone in [from, to): when their first and their latest call began (epoch seconds), and their calls in
-- each step of `step_s` seconds since `from`. Internal calls are not in it; nobody's calls are a row of their own, "".
SELECT
    manager_id,
    toUnixTimestamp(min(at)) AS first_at,
    toUnixTimestamp(max(at)) AS last_at,
    groupArray(toUInt32(intDiv(toUnixTimestamp(at) - toUnixTimestamp({from:DateTime('UTC')}), {step_s:UInt32}))) AS steps
FROM activities FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND direction != 'internal'
GROUP BY manager_id
ORDER BY manager_id

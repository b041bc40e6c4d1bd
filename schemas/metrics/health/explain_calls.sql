-- What a source's calls in [from, to) are like, of every call once: which way they went, who answered, whether their number
-- is known, to whom they belong. read: with a number that is understood. legs: of all calls, internal ones too.
SELECT
    toUInt32(count()) AS calls,
    toUInt32(countIf(direction = 'inbound')) AS inbound,
    toUInt32(countIf(direction = 'outbound')) AS outbound,
    toUInt32(countIf(direction = 'internal')) AS internal,
    toUInt32(countIf(direction NOT IN ('inbound', 'outbound', 'internal'))) AS unknown_direction,
    toUInt32(countIf(direction != 'internal' AND disposition = 'answered')) AS answered,
    toUInt32(countIf(direction != 'internal' AND disposition = 'machine')) AS machine,
    toUInt32(countIf(direction != 'internal' AND contact != '')) AS numbers_read,
    toUInt32(countIf(direction != 'internal' AND contact != '' AND organisation_id = '')) AS of_no_organisation,
    toUInt32(countIf(direction != 'internal' AND extension != '' AND manager_id = '')) AS of_no_manager,
    toUInt64(sum(legs)) AS legs,
    toUInt32(toUnixTimestamp(min(at))) AS first,
    toUInt32(toUnixTimestamp(max(at))) AS last
FROM activities FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call' AND source = {source:String}

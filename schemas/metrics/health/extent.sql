-- The first and the last day of [from, to) with anything decided, stored or counted; nothing when there is none.
SELECT toString(toDate(min(bucket), {zone:String})) AS first, toString(toDate(max(bucket), {zone:String})) AS last
FROM (
    SELECT bucket FROM placements
    UNION ALL
    SELECT bucket FROM activities
    UNION ALL
    SELECT bucket FROM manager_activity
)
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
HAVING count() > 0

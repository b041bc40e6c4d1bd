-- The day of the reporting zone with the first counted call before `to`; no row when there is none.
SELECT toDate(min(bucket), {zone:String}) AS first FROM manager_activity FINAL
WHERE calls > 0 AND bucket < {to:DateTime('UTC')}
HAVING count() > 0

-- The days of [from, to), in the reporting zone, on which any call began: internal ones and those without a manager too. What a day
-- without one says is that the data is missing, not that nobody worked.
SELECT DISTINCT toDate(started_at, {zone:String}) AS day FROM call_legs
WHERE started_at >= {from:DateTime('UTC')} AND started_at < {to:DateTime('UTC')}
ORDER BY day

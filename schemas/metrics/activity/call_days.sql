-- The days of [from, to), in the reporting zone, on which any call began: internal ones and those without a manager too. What a day
-- without one says is that the data is missing, not that nobody worked.
SELECT DISTINCT toDate(at, {zone:String}) AS day FROM activities FINAL
WHERE kind = 'call' AND bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
ORDER BY day

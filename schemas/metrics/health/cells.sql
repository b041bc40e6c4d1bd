-- How many cells of [from, to) the agents counted.
SELECT count() AS cells FROM manager_activity FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}

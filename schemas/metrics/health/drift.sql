-- Stream = batch in one number: five-minute cells of [from, to) whose counted numbers are not those recounted from the
-- facts (`verify`). It should be 0. cells: how many were counted.
SELECT
    count() AS differing,
    (
        SELECT count() FROM manager_activity FINAL
        WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    ) AS cells
FROM (
-- include: verify
)

-- Where the funnel leaks most: of the cohort of [from, to) (as `funnel_cohort` has it), the organisations that reached the
-- stage before and not this one. drop_off = 1 - step conversion. Biggest loss first. Those still within their window
-- (immature) may come yet: the loss is what it is now.
SELECT who, from_stage, stage, lost, lost / came AS drop_off, immature
FROM (
    SELECT
        who, stage, immature,
        lagInFrame(stage) OVER by_place AS from_stage,
        lagInFrame(reached) OVER by_place AS came,
        row_number() OVER by_place AS place,
        toInt64(came) - toInt64(reached) AS lost
    FROM (
        SELECT *, indexOf({stages:Array(String)}, stage) AS place_of_stage
        FROM (
-- include: funnel_cohort
        )
    )
    WINDOW by_place AS (PARTITION BY who ORDER BY place_of_stage ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE place > 1 AND came > 0
ORDER BY who, lost DESC, place

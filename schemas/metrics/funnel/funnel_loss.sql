-- Where the funnel leaks most: of the cohort of [from, to) (as `funnel_cohort` has it), the organisations that reached the
-- stage before and not this one. lost: refused (they stand in a terminal stage) and stuck (their window is over).
-- drop_off = lost / those that came to the stage before. in_work: neither refused nor out of time, so not lost;
-- may_come: how many of them are likely to come yet, by the step's estimate (Kaplan-Meier). Biggest loss first.
SELECT
    who, from_stage, stage, refused + stuck AS lost, lost / came AS drop_off, refused, stuck, in_work,
    if(in_work > 0, round(least(toFloat64(in_work), greatest(0., step_estimate * came - reached)), 1), NULL) AS may_come
FROM (
    SELECT
        who, stage, refused, in_work, step_estimate, reached,
        lagInFrame(stage) OVER by_place AS from_stage,
        lagInFrame(reached) OVER by_place AS came,
        row_number() OVER by_place AS place,
        toInt64(came) - toInt64(reached) - toInt64(refused) - toInt64(in_work) AS stuck
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

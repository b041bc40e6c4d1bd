-- The plan of the month in which [from, to) ends, a row for each of its indicators: A, C, D, and D's sum by currency.
-- Numbers are those of `plan_fact` (by: nobody): fact up to now, what was to be to date, and the whole plan.
-- to_date_change: fact less plan_to_date, below zero while it is behind. remains: what the plan lacks, never below zero.
SELECT
    month, of_row.1 AS indicator, of_row.2 AS currency,
    of_row.3 AS fact, of_row.4 AS plan_to_date, of_row.5 AS ratio,
    round(fact - plan_to_date, 2) AS to_date_change,
    of_row.6 AS plan,
    if(isNull(plan), NULL, greatest(0, plan - fact)) AS remains,
    data_until
FROM (
    SELECT
        month,
        arrayJoin(CAST(
            arrayConcat(
                [
                    ('calls_to_potential', '', toFloat64(calls_to_potential), calls_to_potential_plan_to_date,
                        calls_to_potential_ratio, calls_to_potential_plan),
                    ('general_proposals', '', toFloat64(general_proposals), general_proposals_plan_to_date,
                        general_proposals_ratio, general_proposals_plan),
                    ('individual_proposals', '', toFloat64(individual_proposals), individual_proposals_plan_to_date,
                        individual_proposals_ratio, individual_proposals_plan)
                ],
                arrayMap(
                    sums -> ('individual_amount', sums.1, toFloat64(sums.2), sums.4, sums.5, sums.3), individual_amount
                )
            ),
            'Array(Tuple(String, String, Float64, Nullable(Float64), Nullable(Float64), Nullable(Float64)))'
        )) AS of_row,
        (
-- include: data_until
        ) AS data_until
    FROM (
-- include: plan_fact
    )
    ORDER BY month DESC
    LIMIT 1 WITH TIES
)
ORDER BY
    indexOf(['calls_to_potential', 'general_proposals', 'individual_proposals', 'individual_amount'], indicator), currency

-- A, B, C, D and D's sum in [from, to), a row each, of everybody who is chosen together (`people_compared`): what is, what of
-- the plan falls on these days, the earlier period, and the usual. planned_change, before_change, usual_change: the number
-- less each of these. The sum is in the currency that is planned, or sent; where there are several it has no row.
SELECT
    of_row.1 AS indicator, of_row.2 AS currency, of_row.3 AS fact,
    of_row.4 AS planned, round(fact / nullIf(planned, 0), 4) AS done, round(fact - planned, 2) AS planned_change,
    of_row.5 AS before, round(fact - before, 4) AS before_change,
    of_row.6 AS usual, round(fact - usual, 4) AS usual_change
FROM (
    SELECT arrayJoin(CAST(
        [
            ('calls_to_potential', '', calls_to_potential, calls_to_potential_planned, calls_to_potential_before,
                calls_to_potential_usual),
            ('calls_per_organisation', '', calls_per_organisation, NULL, calls_per_organisation_before,
                calls_per_organisation_usual),
            ('general_proposals', '', general_proposals, general_proposals_planned, general_proposals_before,
                general_proposals_usual),
            ('individual_proposals', '', individual_proposals, individual_proposals_planned,
                individual_proposals_before, individual_proposals_usual),
            ('individual_amount', currency, amount, amount_planned, amount_before, NULL)
        ],
        'Array(Tuple(String, String, Nullable(Float64), Nullable(Float64), Nullable(Float64), Nullable(Float64)))'
    )) AS of_row
    FROM (
-- include: people_compared
    )
)
WHERE indicator != 'individual_amount' OR currency != ''

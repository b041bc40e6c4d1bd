-- D in [from, to): individual proposals by currency as sent, on the day of their first revision, with the latest revision's
-- sum: how many, their sum and median. Withdrawn ones are counted apart and in no other number.
SELECT
    currency,
    countIf(withdrawn = 0) AS individual_proposals,
    sumIf(activities.amount, withdrawn = 0) AS amount,
    quantileExactInclusiveOrNullIf(0.5)(toFloat64(activities.amount), withdrawn = 0) AS median_amount,
    countIf(withdrawn = 1) AS withdrawn_proposals
FROM activities FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'individual' AND manager_id != ''
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
GROUP BY currency
ORDER BY individual_proposals DESC, currency

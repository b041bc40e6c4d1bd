-- D's sums (`individual_amount` of `activity`) in [from, to) beside those of [before_from, before_to), by currency as sent:
-- one row per currency and combination of `by` (manager, team; empty: everybody). Who sent nothing has no row.
SELECT
    if(has({by:Array(String)}, 'manager'), cell.manager_id, '') AS manager_id,
    if(has({by:Array(String)}, 'team'), cell.team, '') AS team,
    currency,
    toString(sumIf(sent, cell.is_now)) AS amount,
    toString(sumIf(sent, NOT cell.is_now)) AS amount_before,
    toString(sumIf(sent, cell.is_now) - sumIf(sent, NOT cell.is_now)) AS amount_change
FROM (
    SELECT
        manager_id, team, currencies, amounts, bucket,
        bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AS is_now
    FROM manager_activity FINAL
) AS cell
ARRAY JOIN cell.currencies AS currency, cell.amounts AS sent
WHERE (cell.is_now OR cell.bucket >= {before_from:DateTime('UTC')} AND cell.bucket < {before_to:DateTime('UTC')})
    AND cell.manager_id != ''
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, cell.manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, cell.team))
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3

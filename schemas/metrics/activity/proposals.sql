-- Proposals first sent in [from, to), newest first: latest revision's sum, currency as sent. Withdrawn ones are among them
-- and say so. Those of managers who are not chosen are left out.
SELECT
    at AS time,
    manager_id, names.manager AS manager, kind, organisation_id, organisations.name AS organisation,
    if(kind = 'individual', amount, NULL) AS amount, currency, revision, withdrawn
FROM activities FINAL
LEFT JOIN (SELECT organisation_id, name FROM organisations FINAL) AS organisations USING organisation_id
LEFT JOIN (
    SELECT manager_id, argMax(name, valid_from) AS manager FROM managers FINAL GROUP BY manager_id
) AS names USING manager_id
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind != 'call' AND manager_id != ''
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
ORDER BY at DESC, activity_id
LIMIT {limit:UInt32}

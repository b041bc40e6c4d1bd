-- When the latest call up to `now` began, whoever's; NULL: there is none.
SELECT maxOrNull(at) AS data_until
FROM activities
-- Read backwards from the end of the primary key: some hundred rows. Any further order would read all of them.
WHERE bucket = (
    SELECT bucket FROM activities
    WHERE bucket <= {now:DateTime('UTC')} AND at <= {now:DateTime('UTC')} AND kind = 'call'
    ORDER BY bucket DESC LIMIT 1
)
    AND at <= {now:DateTime('UTC')} AND kind = 'call'

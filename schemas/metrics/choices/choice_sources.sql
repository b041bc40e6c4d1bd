-- Which sources can be chosen: everything that ever sent calls or was imported.
SELECT DISTINCT source AS value, source AS text
FROM (SELECT source FROM imports UNION ALL SELECT source FROM rejected)
WHERE source != ''
ORDER BY value

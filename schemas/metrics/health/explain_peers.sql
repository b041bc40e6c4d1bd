-- What the peers of a source were taken for, and why, as the latest loaded file says that tells it: a JSON array.
SELECT file, peers
FROM imports FINAL
WHERE source = {source:String} AND kind = 'calls' AND peers != ''
ORDER BY started_at DESC, import_id DESC
LIMIT 1

-- The legs of one call, in order: what the exchange wrote, and where it came from.
SELECT
    started_at AS time,
    record_id, direction, disposition, extension, peer_extension, contact, contact_raw,
    dateDiff('second', started_at, ended_at) AS duration_s, billsec AS billsec_s, queue, did, application, recording, origin
FROM call_legs FINAL
WHERE source = {source:String} AND call_id = {call_id:String}
ORDER BY started_at, record_id

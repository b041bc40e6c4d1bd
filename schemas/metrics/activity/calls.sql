-- The calls behind a number in [from, to): `of` names the number as `activity` does; newest last.
-- Filters are sets; an empty set does not filter. Internal calls are in no number and come with of = 'internal' only;
-- calls without a manager are in no number of a manager and come with of = 'unassigned' (internal ones stay internal).
WITH
    -- include: conversation.part
    {of:String} AS number
SELECT
    formatDateTime(at, '%FT%TZ', 'UTC') AS started_at,
    formatDateTime(at, '%F %T', {zone:String}) AS local_time,
    at AS time,
    source,
    substring(activity_id, length('call:') + length(source) + 2) AS call_id,
    manager_id, team, extension, direction, disposition, contact, organisation_id, stage, talk_s, wait_s, queue, did,
    legs, recording
FROM activities FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')} AND kind = 'call'
    AND (direction = 'internal') = (number = 'internal')
    AND (manager_id != '' OR number IN ('unassigned', 'internal'))
    AND (empty({managers:Array(String)}) OR has({managers:Array(String)}, manager_id))
    AND (empty({teams:Array(String)}) OR has({teams:Array(String)}, team))
    AND (empty({organisations:Array(String)}) OR has({organisations:Array(String)}, organisation_id))
    AND (empty({contacts:Array(String)}) OR has({contacts:Array(String)}, contact))
    AND multiIf(
        number = 'attempts', direction = 'outbound',
        number = 'answered', disposition = 'answered',
        number = 'conversations', is_conversation(talk_s, disposition),
        number = 'calls_to_potential', is_conversation(talk_s, disposition) AND has({potential:Array(String)}, stage),
        number = 'calls_per_organisation', organisation_id != '',
        number = 'unknown_calls', organisation_id = '',
        number = 'unassigned', manager_id = '',
        1)
ORDER BY at, activity_id
LIMIT {limit:UInt32}

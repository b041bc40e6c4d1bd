-- Calls without a manager in [from, to): unanswered inbound ones, and those of extensions that no manager had then.
-- Internal calls are not among them. Mobiles that took a call are not listed (`callfunnel explain` does): boards may be
-- shown to readers who see no numbers.
SELECT
    countIf(disposition != 'answered' AND direction = 'inbound') AS missed,
    countIf(NOT (disposition != 'answered' AND direction = 'inbound')) AS of_extensions,
    arraySort(groupUniqArrayIf(20)(extension, extension != '' AND NOT startsWith(extension, '+'))) AS extensions
FROM activities FINAL
WHERE bucket >= {from:DateTime('UTC')} AND bucket < {to:DateTime('UTC')}
    AND kind = 'call' AND direction != 'internal' AND manager_id = ''

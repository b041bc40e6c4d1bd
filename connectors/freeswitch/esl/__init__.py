"""FreeSWITCH's event socket (ESL): CHANNEL_HANGUP_COMPLETE, an event for each leg that ended.

A parser of our own: the reader of genesis (2026.10) ends at a byte that is not UTF-8 while its connection looks alive,
it starts a task for every event without bound, and the password stands in its debug log and its traces. What is needed
here is a pure parser with bounds, and to know each gap.
"""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen esl",
    reads="FreeSWITCH's `CHANNEL_HANGUP_COMPLETE`, json or plain",
    fixtures="`connectors/freeswitch/esl`",
    counterpart=(
        "a scripted event socket: refused login and address, garbage, an event that breaks off, silence; each"
        " event is held against the json_cdr of the same call"
    ),
    unconfirmed=("a FreeSWITCH at work; a transfer's first context and a ring group's other legs are not in the event"),
)

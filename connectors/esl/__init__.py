"""FreeSWITCH's event socket (ESL): CHANNEL_HANGUP_COMPLETE, an event for each leg that ended.

A parser of our own: the reader of genesis (2026.10) ends at a byte that is no UTF-8 while its connection looks alive,
it starts a task for every event without bound, and the password stands in its debug log and its traces. What is needed
here is a pure parser with bounds, and to know each gap.
"""

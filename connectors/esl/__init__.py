"""FreeSWITCH's event socket (ESL): CHANNEL_HANGUP_COMPLETE, an event for each leg that ended.

A parser of our own: genesis (2026.10) dies on a byte that is no UTF-8 while its connection looks alive, queues events
without bound, and writes the password into its log and its traces. What is needed here is a pure parser with bounds.
"""

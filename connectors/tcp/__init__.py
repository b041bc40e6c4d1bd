"""Exchanges that send a line of text per call over TCP: the sockets, for both directions. Knows no format."""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen tcp",
    reads="3CX (both directions), Avaya and Panasonic SMDR",
    fixtures="`connectors/tcp`, `stack/test_listen_tcp.py`",
    counterpart=(
        "scripted exchanges: pieces of lines, several connections, one that never sends, a stranger; the log "
        "of those calls"
    ),
    unconfirmed="an exchange at work; how long each waits before it connects again",
)

"""Asterisk's manager interface (AMI): `Cdr` events as calls end, and `CEL` events.

A parser of our own, since none of the packages fits: panoramisk (1.4 of 2021) drops bytes that are not ASCII, buffers
without bound and goes on after a refused login; astami (2026) reads whole responses into memory and does not say when
a connection was lost. What is needed here is a pure parser with bounds, and to know each gap.
"""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen ami",
    reads="Asterisk's `Cdr` events, and `CEL` with --cel",
    fixtures="`connectors/asterisk/ami`, `stack/test_listen_ami.py`",
    counterpart=(
        "a scripted manager: challenge, refused login, garbage, an event that breaks off, silence; 31 real events"
    ),
    unconfirmed="an Asterisk at work; CEL events are those of its sources",
)

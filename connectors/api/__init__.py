"""Pulling from a vendor's API: what all pullers share. Knows no vendor; each has its adapter in `VENDOR/api.py`."""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen api",
    reads="calls, users, organisations, stages and proposals of CRMs and cloud exchanges, pulled",
    fixtures="`connectors/api`, `stack/test_listen_api.py`",
    counterpart=(
        "servers made from the vendors' documentation: pages, limits, refusals, errors, late rows, kills at any moment"
    ),
    unconfirmed="a live account of any vendor",
)

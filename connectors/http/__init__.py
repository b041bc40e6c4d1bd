"""The HTTP listener: records posted as JSON, webhooks of exchanges and CRMs, and whatever pages share its port."""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen http",
    reads="records as JSON, webhooks, the upload page",
    fixtures="`connectors/http`, `serving/upload`, `browser`, `stack/test_listen_http.py`",
    counterpart=(
        "schemathesis over its OpenAPI description, Chromium for the upload page, a kill between request and answer"
    ),
)

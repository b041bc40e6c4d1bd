"""What is known of Kommo (amoCRM)."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.kommo.api import API
from connectors.kommo.webhook import WEBHOOK

CONNECTOR = Connector("kommo", webhooks=(WEBHOOK,), api=API)

"""What is known of Zadarma."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.zadarma.api import API
from connectors.zadarma.statistics import ZadarmaStats
from connectors.zadarma.webhook import WEBHOOK

CONNECTOR = Connector("zadarma", files=(ZadarmaStats(),), webhooks=(WEBHOOK,), api=API)

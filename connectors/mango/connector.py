"""What is known of Mango Office."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.mango.api import API
from connectors.mango.statistics import MangoStats
from connectors.mango.webhook import WEBHOOK

CONNECTOR = Connector("mango", files=(MangoStats(),), webhooks=(WEBHOOK,), api=API)

"""What is known of Bitrix24."""

from __future__ import annotations

from connectors.bitrix24.api import API
from connectors.bitrix24.statistics import Bitrix24Statistics
from connectors.bitrix24.webhook import WEBHOOK
from connectors.connector import Connector

CONNECTOR = Connector("bitrix24", files=(Bitrix24Statistics(),), webhooks=(WEBHOOK,), api=API)

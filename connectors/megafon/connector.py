"""What is known of MegaFon VATS."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.megafon.api import API
from connectors.megafon.history import MegafonHistory
from connectors.megafon.webhook import WEBHOOK

CONNECTOR = Connector("megafon", files=(MegafonHistory(),), webhooks=(WEBHOOK,), api=API)

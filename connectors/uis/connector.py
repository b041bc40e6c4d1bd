"""What is known of UIS and its sister brands."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.uis.api import API
from connectors.uis.calls import UisCalls
from connectors.uis.webhook import WEBHOOK

CONNECTOR = Connector("uis", files=(UisCalls(),), webhooks=(WEBHOOK,), api=API)

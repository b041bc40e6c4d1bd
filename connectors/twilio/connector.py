"""What is known of Twilio."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.twilio.calls import TwilioCalls
from connectors.twilio.webhook import WEBHOOK

CONNECTOR = Connector("twilio", files=(TwilioCalls(),), webhooks=(WEBHOOK,))

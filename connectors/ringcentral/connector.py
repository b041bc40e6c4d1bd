"""What is known of RingCentral."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.ringcentral.call_log import RingCentralLog

CONNECTOR = Connector("ringcentral", files=(RingCentralLog(),))

"""What is known of Zoom Phone."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.zoom.calls import ZoomCalls

CONNECTOR = Connector("zoom", files=(ZoomCalls(),))

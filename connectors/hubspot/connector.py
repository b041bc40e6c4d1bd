"""What is known of HubSpot."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.hubspot.api import API

CONNECTOR = Connector("hubspot", api=API)

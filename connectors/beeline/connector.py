"""What is known of Beeline Cloud PBX."""

from __future__ import annotations

from connectors.beeline.api import API
from connectors.connector import Connector

CONNECTOR = Connector("beeline", api=API)

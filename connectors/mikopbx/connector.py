"""What is known of MikoPBX."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.mikopbx.api import API

CONNECTOR = Connector("mikopbx", api=API)

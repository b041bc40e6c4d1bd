"""What is known of MTS VPBX."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.mts.api import API

CONNECTOR = Connector("mts", api=API)

"""What is known of Cisco CUCM."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.cucm.cdr import CucmCdr

CONNECTOR = Connector("cucm", files=(CucmCdr(),))

"""What is known of Grandstream UCM."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.grandstream.cdr import GrandstreamCsv

CONNECTOR = Connector("grandstream", files=(GrandstreamCsv(),))

"""What is known of Aircall."""

from __future__ import annotations

from connectors.aircall.calls import AircallCalls
from connectors.connector import Connector

CONNECTOR = Connector("aircall", files=(AircallCalls(),))

"""What is known of Yeastar."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.yeastar.cdr import YeastarCsv

CONNECTOR = Connector("yeastar", files=(YeastarCsv(),))

"""What is known of Yeastar."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.yeastar.cdr import YeastarCsv
from connectors.yeastar.p_series import YeastarPSeries
from connectors.yeastar.table import TABLE

CONNECTOR = Connector("yeastar", files=(YeastarCsv(), YeastarPSeries()), tables=(TABLE,))

"""What is known of Avaya IP Office."""

from __future__ import annotations

from functools import partial

from connectors.avaya.smdr import AvayaSmdr
from connectors.connector import Connector
from connectors.tcp.source import DelimitedLines

CONNECTOR = Connector(
    "avaya",
    files=(AvayaSmdr(),),
    lines={"avaya": partial(DelimitedLines, AvayaSmdr(), quoted=False)},
)

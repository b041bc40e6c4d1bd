"""What is known of 3CX."""

from __future__ import annotations

from functools import partial

from connectors.connector import Connector
from connectors.tcp.source import DelimitedLines
from connectors.threecx.api import API
from connectors.threecx.log import ThreeCxLog

CONNECTOR = Connector(
    "threecx",
    files=(ThreeCxLog(),),
    lines={"3cx": partial(DelimitedLines, ThreeCxLog(), quoted=False)},
    api=API,
)

"""What is known of Panasonic exchanges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from connectors.connector import Connector
from connectors.panasonic.smdr import PanasonicSmdr, is_page_header
from connectors.reading.source import Context, Hints
from connectors.reading.text import NO_DELIMITER
from connectors.tcp.source import DelimitedLines, LineSource, Printed


def _lines(hints: Hints, zone: tzinfo | None, context: Callable[[], Context]) -> LineSource:
    lines = DelimitedLines(PanasonicSmdr(), hints, zone, context, delimiter=NO_DELIMITER, quoted=False)
    return Printed(lines, is_page_header)


CONNECTOR = Connector("panasonic", files=(PanasonicSmdr(),), lines={"panasonic": _lines})

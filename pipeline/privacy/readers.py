"""Who may see telephone numbers that are masked: whoever could write them."""

from __future__ import annotations

from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.endpoints import Endpoints
from pipeline.store import connect, store_error
from schemas.errors import Terminal

_CODES = {164, 497}
"""ClickHouse's words for a user who may only read."""


def refuse_reader(endpoints: Endpoints) -> None:
    """Raises Terminal for a user who may only read: of the embedded stack, whoever cannot read its credentials."""
    client = connect(endpoints.clickhouse)
    try:
        # Writes nothing, and asks for the right to.
        client.command("INSERT INTO directory_log (at, what, records) SELECT now64(3), '', 0 WHERE 0")
    except (ClickHouseError, HTTPError, OSError) as error:
        if getattr(error, "code", None) in _CODES:
            raise Terminal(
                "--show-numbers: [privacy] mask is set, and this user only reads: name the writing user in"
                " CALLFUNNEL_CLICKHOUSE"
            ) from None
        raise store_error(error) from None

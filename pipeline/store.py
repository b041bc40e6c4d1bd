"""ClickHouse as the agents use it: rows in and out as the lines of the wire, trouble named by its kind.

Calls block; agents await them in threads of their own, since the engine answers in tens of milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from clickhouse_connect.driver.httpclient import HttpClient
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.parameters import quoted

T = TypeVar("T")

_CONNECT_S, _FIRST_ANSWER_S, _ANSWERS_S = 10.0, 60.0, 300.0

AS_WIRE = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_decimals": 0,
    "max_query_size": 64 * 1024 * 1024,  # a chunk's keys travel inside the query
}
FROM_WIRE = {"date_time_input_format": "best_effort", "input_format_skip_unknown_fields": 1}

# What a person must mend; everything else (too many parts, memory, timeouts, overload) may go through later.
# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_TERMINAL = {
    16: "a column is missing: run `callfunnel migrate`",
    36: "a setting or table definition is not accepted",
    47: "a column is missing: run `callfunnel migrate`",
    60: "a table is missing: run `callfunnel migrate`",
    62: "the SQL is not understood: report this",
    81: "the database does not exist: create it, then run `callfunnel migrate`",
    117: "a row is not accepted: report this",
    164: "this user may only read: give the worker a writing user in CALLFUNNEL_CLICKHOUSE",
    192: "the user is not known: check CALLFUNNEL_CLICKHOUSE",
    193: "the password is wrong: check CALLFUNNEL_CLICKHOUSE",
    497: "this user lacks a grant: give the worker a writing user in CALLFUNNEL_CLICKHOUSE",
    516: "user or password is wrong: check CALLFUNNEL_CLICKHOUSE",
}


def connect(dsn: str, *, first_answer_s: float = _FIRST_ANSWER_S) -> Client:
    """A clickhouse-connect client, usable from several threads. Raises Transient or Terminal.

    A store that gives no first answer in so many seconds hangs. Later ones may take as long as queries do.
    """
    try:
        client = clickhouse_connect.get_client(
            dsn=dsn,
            autogenerate_session_id=False,
            query_limit=0,
            query_retries=0,  # one that took too long (503) is not asked again in silence: whoever asked decides
            connect_timeout=math.ceil(min(first_answer_s, _CONNECT_S)),
            send_receive_timeout=math.ceil(first_answer_s),
        )
    except (ClickHouseError, HTTPError, OSError) as error:
        raise store_error(error) from None
    if first_answer_s == _FIRST_ANSWER_S and isinstance(client, HttpClient):
        client.timeout = Timeout(connect=_CONNECT_S, read=_ANSWERS_S)
    return client


def store_error(error: Exception) -> CallfunnelError:
    """Whether trying again can help, in one line without secrets."""
    code = getattr(error, "code", None) if isinstance(error, DatabaseError) else None
    message = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    advice = _TERMINAL.get(code) if code is not None else None
    return Terminal(f"clickhouse: {advice} ({message})") if advice else Transient(f"clickhouse: {message}")


class Store:
    """Reads and keeps records by table. Thread-safe."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        """The answer of a SELECT, each row decoded from JSON."""
        try:
            answer = self._client.raw_query(sql, fmt="JSONEachRow", settings=AS_WIRE)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error
        return decoder.decode_lines(answer)

    def keep(self, table: str, lines: Sequence[bytes]) -> None:
        """Store wire lines as rows. On return they are durable; nothing is stored when it raises, or all of it."""
        if not lines:
            return
        try:
            self._client.raw_insert(table, insert_block=b"\n".join(lines), fmt="JSONEachRow", settings=FROM_WIRE)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error


def newest(table: str, identity: str, where: str) -> str:
    """The SELECT of each identity's newest row, one that takes it back too: FINAL leaves those out.

    Of equal versions it is the one written last, as with FINAL: parts are numbered as they were written.
    """
    return f"SELECT * FROM {table} PREWHERE {where} ORDER BY version DESC, {_PART} DESC LIMIT 1 BY {identity}"


_PART = "toUInt64OrZero(splitByChar('_', _part)[2])"
"""The first block of a row's part, whose name is all_FIRST_LAST_LEVEL."""


def texts(values: Iterable[str]) -> str:
    """A SQL set of strings for `IN (...)`: one literal of JSON, so that 5,000 keys cost one element of the AST."""
    return f"SELECT arrayJoin(JSONExtract({literal(list(values))}, 'Array(String)'))"


def cells(values: Iterable[tuple[int, str]]) -> str:
    """A SQL set of (bucket, manager_id) for `IN (...)`."""
    pairs = f"arrayJoin(JSONExtract({literal(list(values))}, 'Array(Tuple(UInt32, String))'))"
    return f"SELECT toDateTime(pair.1, 'UTC'), pair.2 FROM (SELECT {pairs} AS pair)"


def tuple_of(values: Iterable[str]) -> str:
    """A SQL tuple of strings."""
    return "(" + ", ".join(f"JSONExtractString({literal([value])}, 1)" for value in values) + ")"


def literal(value: object) -> str:
    """A value's JSON as a SQL string."""
    return quoted(msgspec.json.encode(value).decode())

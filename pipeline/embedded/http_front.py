"""ClickHouse's HTTP interface over the engine: what clickhouse-connect, and a Grafana data source, speak.

https://clickhouse.com/docs/interfaces/http. Not here: sessions, native compression (`compress=1`), external tables.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import lz4.frame
from aiohttp import web

from connectors.http.banner import hide
from connectors.http.crowd import Crowd
from connectors.http.gates import basic, same, wrong_secrets
from pipeline.embedded.backup_routes import BackupRoutes
from pipeline.embedded.engine import Engine, EngineError, EngineLimits, Handle
from pipeline.embedded.native_hello import hello, is_hello
from pipeline.embedded.pool import Pool
from pipeline.embedded.sql_guard import RefusedQuery, guard

_OWN = frozenset(
    {"query", "database", "user", "password", "default_format", "session_id", "session_timeout", "session_check"}
    | {"query_id", "quota_key", "role", "compress", "decompress", "wait_end_of_query", "buffer_size"}
    | {"send_progress_in_http_headers", "client_protocol_version", "http_headers_progress_interval_ms"}
    | {"enable_http_compression", "cancel_http_readonly_queries_on_client_close"}
)
_READER_MAY = frozenset({"max_execution_time", "readonly"})
"""Settings that a reader's client may send; the handle's own limits hold all the same."""

_INSERT = re.compile(rb"\s*INSERT\s+INTO\s", re.IGNORECASE)
_INSERT_DATA = re.compile(
    rb"(?P<sql>\s*INSERT\s+INTO\s.*?)\s+FORMAT\s+(?P<form>\w+)[^\S\n]*(?:\n|;|$)", re.IGNORECASE | re.DOTALL
)
_PLAIN_INSERT = re.compile(r"\s*INSERT\s+INTO\s+(?P<table>\w+)\s*", re.IGNORECASE)
_SMALL = 65_536
"""Bytes that are compressed or not at no cost."""
_READER_BODY = 1 << 20
"""Bytes: a reader sends a question, and no data."""
_IDLE_S = 300.0
"""A connection without a request is kept so long: clients keep a few open, and open another when it is closed."""
_STATUS = {516: 403, 497: 403, 164: 403, 60: 404, 81: 404, 202: 503, 241: 500, 159: 503, 396: 413, 432: 400}
_STUCK_S = 60.0
"""A writer's query that is over its time by so much will not end."""


class Users:
    """Passwords by user; a user without one is not known."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = dict(passwords)

    def check(self, user: str, password: str) -> str | None:
        """The user, None when name or password is wrong. Takes the same time whichever is."""
        known = self._passwords.get(user, "")
        return user if same(password, known) else None


class Request(NamedTuple):
    """A request, understood."""

    sql: str
    data: bytes
    form: str
    """Format of `data`; "" when the SQL is not an INSERT with data."""
    output: str
    parameters: dict[str, str]
    settings: dict[str, str]
    revision: int
    """Of the native protocol, as the client knows it; 0 when it does not say."""


def understand(args: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Request:
    """Split a request into SQL, data, parameters and settings. Pure; raises EngineError for what is not served."""
    if args.get("compress") == "1" or args.get("decompress") == "1":
        raise EngineError(
            "Code: 48. DB::Exception: native compression is not served: use HTTP compression. (NOT_IMPLEMENTED)"
        )
    if args.get("database", "default") not in ("", "default"):
        raise EngineError(f"Code: 81. DB::Exception: Database {args['database']} does not exist. (UNKNOWN_DATABASE)")
    in_url = args.get("query", "").encode("utf-8", "surrogateescape")
    # With SQL in the URL the body is data; otherwise the body begins with the SQL.
    whole = in_url + b"\n" + body if in_url and body else in_url or body
    sql, data, form = whole, b"", ""
    if _INSERT.match(whole[:4096]) and (found := _INSERT_DATA.match(whole[: 1 << 20])):
        sql, form, data = found["sql"], found["form"].decode(), whole[found.end() :]
    if not sql.strip():
        raise EngineError("Code: 62. DB::Exception: empty query. (SYNTAX_ERROR)")
    try:
        question = sql.decode("utf-8")
    except UnicodeDecodeError:
        raise EngineError("Code: 62. DB::Exception: the query is not UTF-8. (SYNTAX_ERROR)") from None
    return Request(
        question,
        data,
        form,
        headers.get("X-ClickHouse-Format") or args.get("default_format") or "TabSeparated",
        {name.removeprefix("param_"): value for name, value in args.items() if name.startswith("param_")},
        {name: value for name, value in args.items() if name not in _OWN and not name.startswith("param_")},
        int(revision) if (revision := args.get("client_protocol_version", "")).isdecimal() else 0,
    )


def credentials(args: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    """(user, password) from the headers, or from the URL as ClickHouse also allows."""
    if "X-ClickHouse-User" in headers:
        return headers["X-ClickHouse-User"], headers.get("X-ClickHouse-Key", "")
    if headers.get("Authorization", "").lower().startswith("basic "):
        return basic(headers["Authorization"])
    return args.get("user", "default"), args.get("password", "")


def decompress(encoding: str, body: bytes, most_bytes: int) -> bytes:
    """The body without its Content-Encoding; raises EngineError when it is unknown, broken or too large."""
    if encoding in ("", "identity", "gzip", "deflate", "zstd"):  # aiohttp has undone these
        return body
    if encoding != "lz4":
        raise EngineError(f"Code: 48. DB::Exception: Content-Encoding {encoding} is not served. (NOT_IMPLEMENTED)")
    plain = lz4.frame.LZ4FrameDecompressor()
    try:
        data: bytes = plain.decompress(body, max_length=most_bytes + 1)
    except RuntimeError as error:
        raise EngineError(
            f"Code: 432. DB::Exception: the body is not an lz4 frame: {error}. (LZ4_DECODER_FAILED)"
        ) from None
    if len(data) > most_bytes:
        raise _too_large(most_bytes)
    if not plain.eof:
        raise EngineError("Code: 432. DB::Exception: the lz4 body is cut. (LZ4_DECODER_FAILED)")
    return data


def _too_large(most_bytes: int) -> EngineError:
    return EngineError(f"Code: 396. DB::Exception: a body may have {most_bytes} bytes at most. (TOO_LARGE)")


class Front:
    """The request handler. A pool of handles for each user; this loop only moves bytes. Made within the loop."""

    def __init__(
        self,
        engine: Engine,
        users: Users,
        limits: Mapping[str, EngineLimits],
        *,
        most_body_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._users = users
        self._limits = limits
        self._most = most_body_bytes
        self._pools = {user: Pool(user, of, partial(engine.open, of)) for user, of in limits.items()}
        self._wrong = wrong_secrets(clock)
        self.crowd = Crowd(_IDLE_S)

    def application(self) -> web.Application:
        hide()
        application = web.Application(middlewares=[self.crowd.counted], client_max_size=self._most)
        application.router.add_get("/ping", self._ping)
        application.router.add_route("*", "/", self._serve)
        BackupRoutes(self._engine, self._is_writer).add_to(application)
        return application

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _is_writer(self, request: web.Request) -> bool:
        user = self._users.check(*credentials(dict(request.query), request.headers))
        return user is not None and self._limits[user].may_write

    async def _ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def _serve(self, request: web.Request) -> web.Response:
        args = dict(request.query)
        user = self._users.check(*credentials(args, request.headers))
        if user is None:
            return _refused(self._wrong.wait_s(request.remote or ""))
        limits = self._limits[user]
        most = self._most if limits.may_write else min(self._most, _READER_BODY)
        try:
            if user == "supervisor":
                self._check_writers()
            body = await self._body(request.clone(client_max_size=most), args, most)
            understood = understand(args, request.headers, body)
            packs = _wants_gzip(request)
            answer = await self._pools[user].run(lambda handle: _packed(_run(understood, handle, limits), packs))
        except (EngineError, RefusedQuery) as error:
            return _failure(error)
        except web.HTTPRequestEntityTooLarge:
            return _failure(_too_large(most))
        return _success(*answer, understood)

    def _check_writers(self) -> None:
        """The sign of life has a handle of its own, so that a busy store gives it; a stuck one must not."""
        overdue_s = max(pool.overdue_s for user, pool in self._pools.items() if self._limits[user].may_write)
        if overdue_s > _STUCK_S:
            raise EngineError(
                f"Code: 159. DB::Exception: a query of a writer is {overdue_s:.0f} s over its time (TIMEOUT_EXCEEDED)"
            )

    async def _body(self, request: web.BaseRequest, args: dict[str, str], most_bytes: int) -> bytes:
        """The body without compression; fields of a form are added to `args`."""
        if request.content_type == "multipart/form-data":
            form = await request.post()
            args.update({name: value for name, value in form.items() if isinstance(value, str)})
            return b""
        body = await request.read()
        encoding = request.headers.get("Content-Encoding", "")
        if len(body) > _SMALL:  # as much as a load sends takes a tenth of a second
            return await asyncio.to_thread(decompress, encoding, body, most_bytes)
        return decompress(encoding, body, most_bytes)


def _run(request: Request, handle: Handle, limits: EngineLimits) -> bytes:
    may_insert = bool(request.form) and (limits.may_write or _inserts_into(request.sql) in limits.inserts_into)
    guard(request.sql, reader=not limits.may_write and not may_insert)
    settings = request.settings
    if not limits.may_write and not limits.inserts_into:
        wrong = sorted(set(settings) - _READER_MAY)
        if wrong:
            raise EngineError(
                f"Code: 164. DB::Exception: Cannot modify '{wrong[0]}' setting in readonly mode. (READONLY)"
            )
        settings = {}
    if may_insert:
        handle.insert(request.sql, request.form, request.data, settings)
        return b""
    if request.output == "Native" and is_hello(request.sql):
        version, zone = handle.query("SELECT version(), timezone()", "TSV", {}, settings).decode().split()
        return hello("callfunnel", version, zone, request.revision)
    sql = f"{request.sql} FORMAT {request.form}\n" if request.form else request.sql
    return handle.query(sql, request.output, request.parameters, settings)


def _inserts_into(sql: str) -> str:
    """The table of an INSERT that says nothing else; "" for any other SQL."""
    found = _PLAIN_INSERT.fullmatch(sql)
    return found["table"] if found else ""


def _wants_gzip(request: web.Request) -> bool:
    wants = request.headers.get("Accept-Encoding", "") if request.query.get("enable_http_compression") == "1" else ""
    return "gzip" in wants and "lz4" not in wants


def _packed(answer: bytes, packs: bool) -> tuple[bytes, bool]:
    """The answer, and whether it was compressed."""
    return (gzip.compress(answer, compresslevel=1), True) if packs and len(answer) > _SMALL else (answer, False)


def _success(answer: bytes, is_packed: bool, understood: Request) -> web.Response:
    headers = {
        "X-ClickHouse-Server-Display-Name": "callfunnel",
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Format": understood.output,
        "X-ClickHouse-Summary": "{}",
    }
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=answer, headers=headers, content_type="text/plain")


def _refused(wait_s: int) -> web.Response:
    """To a wrong password, as ClickHouse says it; 429 to whoever tries many."""
    why = "Authentication failed: wrong user or password" + (
        f", and too many of them: wait {wait_s} s" if wait_s else ""
    )
    answer = _failure(EngineError(f"Code: 516. DB::Exception: {why}. (AUTHENTICATION_FAILED)"))
    if wait_s:
        answer.set_status(429)
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _failure(error: EngineError | RefusedQuery) -> web.Response:
    return web.Response(
        status=_STATUS.get(error.code, 500),
        text=f"{error}\n",
        headers={"X-ClickHouse-Exception-Code": str(error.code), "X-ClickHouse-Server-Display-Name": "callfunnel"},
    )

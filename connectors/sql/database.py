"""A database of an exchange, read through SQLAlchemy: read-only, in batches, its errors told as trouble."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

from connectors.sql.silence import cut_when_silent
from schemas.errors import CallfunnelError, Terminal, Transient

BATCH_ROWS = 1_000
_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_ANSWER_WITHIN_S = 120
"""A server that says nothing for so long is gone: the listener connects anew."""
_SERVER_TELLS_S = 5
"""PostgreSQL ends a slow query itself, and says so, before it is taken for silent."""
_READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}
_NOW = {"mysql": "SELECT UTC_TIMESTAMP()", "postgresql": "SELECT now() AT TIME ZONE 'UTC'"}
# What a person must mend. MySQL: server error numbers; PostgreSQL: SQLSTATE.
_TERMINAL: dict[object, str] = {
    1044: "this user may not use the database: grant SELECT on it",
    1045: "user or password is wrong",
    1049: "there is no such database",
    1130: "this machine may not connect: grant it to the user",
    1142: "this user may not read the table: grant SELECT on it",
    1146: "there is no such table: see --table",
    1698: "user or password is wrong",
    1054: "a column is gone: start again",
    "28000": "user or password is wrong",
    "28P01": "user or password is wrong",
    "3D000": "there is no such database",
    "42501": "this user may not read the table: grant SELECT on it",
    "42P01": "there is no such table: see --table",
    "42703": "a column is gone: start again",
}


# A ping of a pooled connection would wait for PostgreSQL for ever; a new connection has a limit of its own.
_POOL: Mapping[str, dict[str, Any]] = {
    "mysql": {"pool_size": 1, "max_overflow": 0, "pool_pre_ping": True},
    "postgresql": {"poolclass": NullPool},
}


def _nothing() -> None: ...


class Database:
    """Raises Transient when the server is away, Terminal when somebody must mend something; never names a password."""

    def __init__(self, url: str, variable: str) -> None:
        """`variable` is the environment variable that the URL came from, for messages."""
        self._url = _driven(url, variable)
        self.where = f"{self._url.host or 'localhost'}/{self._url.database or ''}"
        self._dialect = "postgresql" if self._url.drivername.startswith("postgresql") else "mysql"
        self._engine = sa.create_engine(self._url, connect_args=_connect_args(self._dialect), **_POOL[self._dialect])
        sa.event.listen(self._engine, "connect", self._read_only)
        self._heard: Callable[[], None] = _nothing

    def close(self) -> None:
        self._engine.dispose()

    def types(self, table: str) -> dict[str, TypeEngine[Any]]:
        """The columns of a table (`name` or `schema.name`), in order."""
        schema, _, name = table.rpartition(".")
        with self._connection() as connection:
            try:
                columns = sa.inspect(connection).get_columns(name, schema=schema or None)
            except NoSuchTableError:
                raise Terminal(f"{self.where}: there is no table {table}: see --table") from None
        return {column["name"]: column["type"] for column in columns}

    def now(self) -> datetime:
        """The server's clock."""
        with self._connection() as connection:
            now: datetime = connection.execute(sa.text(_NOW[self._dialect])).scalar_one()
        return now.replace(tzinfo=UTC)

    def rows(
        self, table: str, columns: Sequence[str], start: str, bounds: tuple[object, object | None]
    ) -> Iterator[Sequence[Sequence[object]]]:
        """Rows whose `start` is in [since, until) in batches, of one snapshot; until None means no bound."""
        query = _select(table, columns, start, bounds)
        with self._connection() as connection:
            result = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS).execute(query)
            for batch in result.partitions():
                self._heard()
                yield [tuple(row) for row in batch]
                self._heard()

    def sample(
        self, table: str, columns: Sequence[str], start: str, since: object, most: int
    ) -> Sequence[Sequence[object]]:
        """Some rows that start from `since` on."""
        with self._connection() as connection:
            return [tuple(row) for row in connection.execute(_select(table, columns, start, (since, None)).limit(most))]

    def first(self, table: str, start: str, since: object) -> object | None:
        """The least `start` from `since` on; None when there is none."""
        rows = _select(table, (start,), start, (since, None)).subquery()
        with self._connection() as connection:
            found: object | None = connection.execute(sa.select(sa.func.min(rows.c[0]))).scalar_one()
        return found

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection, self._watched(connection):
                yield connection
        except DBAPIError as error:
            raise self._as_ours(error) from None
        except SQLAlchemyError as error:
            raise Transient(f"{self.where}: {type(error).__name__}") from None

    @contextmanager
    def _watched(self, connection: Connection) -> Iterator[None]:
        """PyMySQL has a limit for each answer; libpq has none, so that its silence is ours to notice."""
        if self._dialect == "mysql":
            yield
            return
        driver: Any = connection.connection.driver_connection
        with cut_when_silent(driver.fileno(), _ANSWER_WITHIN_S + _SERVER_TELLS_S) as self._heard:
            yield
            connection.rollback()  # a question too, which closing would ask unwatched

    def _as_ours(self, error: DBAPIError) -> CallfunnelError:
        cause = error.orig
        number = cause.args[0] if cause is not None and cause.args else None
        # PyMySQL has an SQLSTATE too, which says less than the number.
        code = number if isinstance(number, int) else getattr(cause, "sqlstate", None)
        message_lines = str(cause.args[-1] if cause is not None and cause.args else cause).strip().splitlines() or [""]
        message = f"{self.where}: {message_lines[0][:200]}"
        if not isinstance(code, int) and code not in _TERMINAL:
            # libpq gives no SQLSTATE for what fails while connecting.
            code = next((state for pattern, state in _CONNECTING.items() if re.search(pattern, message)), code)
        advice = _TERMINAL.get(code)
        return Terminal(f"{message}: {advice}") if advice else Transient(message)

    def _read_only(self, connection: Any, _: object) -> None:
        watched = self._dialect == "postgresql"
        with cut_when_silent(connection.fileno(), _ANSWER_WITHIN_S) if watched else nullcontext():
            cursor = connection.cursor()
            cursor.execute(_READ_ONLY[self._dialect])
            cursor.close()
            connection.commit()


_CONNECTING = {
    "password authentication failed|no password supplied": "28P01",
    "no pg_hba.conf entry|role .* does not exist": "28000",
    "database .* does not exist": "3D000",
}


def _select(table: str, columns: Sequence[str], start: str, bounds: tuple[object, object | None]) -> sa.Select[Any]:
    schema, _, name = table.rpartition(".")
    source = sa.table(name, *(sa.column(column) for column in columns), schema=schema or None)
    since, until = bounds
    query = sa.select(*source.columns).where(source.c[start] >= since)
    return query if until is None else query.where(source.c[start] < until)


def _driven(url: str, variable: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Terminal(f"{variable}: not of the form mysql://user:password@host/database (or postgresql://)") from None
    driver = _DRIVERS.get(parsed.drivername.partition("+")[0])
    if driver is None or not parsed.database:
        raise Terminal(f"{variable}: not of the form mysql://user:password@host/database (or postgresql://)")
    return parsed.set(drivername=driver)


def _connect_args(dialect: str) -> Mapping[str, object]:
    if dialect == "mysql":
        return {
            "connect_timeout": 10,
            "read_timeout": _ANSWER_WITHIN_S,
            "write_timeout": _ANSWER_WITHIN_S,
            "charset": "utf8mb4",
        }
    return {
        "connect_timeout": 10,
        "options": f"-c statement_timeout={_ANSWER_WITHIN_S * 1000}",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }

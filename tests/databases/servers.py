"""MariaDB and PostgreSQL for tests, from the distribution's packages: a server of their own on loopback or a socket."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens


class Missing(Exception):
    """What this machine lacks for the server."""


class Server(NamedTuple):
    """A running server. `url` is of a user who may write, `reader` of one who may read."""

    part: StackPart
    url: str
    reader: str


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB with an empty database `asteriskcdrdb`. Raises Missing."""
    server, install = _program("mariadbd"), _program("mariadb-install-db")
    with _folder() as folder:
        port = free_port(0, "")
        data = folder / "data"
        user = ["--user=nobody"] if os.geteuid() == 0 else []
        common = ["--no-defaults", f"--datadir={data}", *user]
        subprocess.run(
            [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
            timeout=120,
        )
        word = secrets.token_hex(8)
        first = folder / "first.sql"
        first.write_text(
            "CREATE DATABASE asteriskcdrdb CHARACTER SET utf8mb4;"
            f"CREATE USER pbx@'127.0.0.1' IDENTIFIED BY '{word}'; GRANT ALL ON *.* TO pbx@'127.0.0.1';"
            f"CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{word}';"
            "GRANT SELECT ON asteriskcdrdb.* TO reader@'127.0.0.1';".replace(";", ";\n"),
            encoding="utf-8",
        )
        first.chmod(0o644)
        command = [server, *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        command += [f"--init-file={first}", "--skip-name-resolve", "--innodb-buffer-pool-size=32M"]
        place = f"127.0.0.1:{port}/asteriskcdrdb"
        with _running("mariadb", command, folder, lambda: listens(port)) as part:
            yield Server(part, f"mysql://pbx:{word}@{place}", f"mariadb://reader:{word}@{place}")


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL with an empty database `fusionpbx`. Raises Missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    initdb, server, isready = (_program(name, path) for name in ("initdb", "postgres", "pg_isready"))
    with _folder() as folder:
        port = free_port(0, "")
        data, word = folder / "data", secrets.token_hex(8)
        pwfile = folder / "word"
        pwfile.write_text(word, encoding="ascii")
        pwfile.chmod(0o644)
        initialise = ["-D", str(data), "-U", "pbx", "-A", "scram-sha-256", f"--pwfile={pwfile}", "-E", "UTF8", "-N"]
        subprocess.run(_unprivileged([initdb, *initialise]), check=True, capture_output=True, timeout=120)
        command = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
        ask = [isready, "-q", "-h", "127.0.0.1", "-p", str(port)]
        with _running(
            "postgresql",
            _unprivileged(command),
            folder,
            lambda: subprocess.run(ask, check=False, timeout=20).returncode == 0,
        ) as part:
            url = f"postgresql://pbx:{word}@127.0.0.1:{port}"
            engine = sa.create_engine(f"{url}/postgres".replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE fusionpbx")
                connection.exec_driver_sql(f"CREATE ROLE reader LOGIN PASSWORD '{word}'")
                connection.exec_driver_sql("GRANT pg_read_all_data TO reader")
            engine.dispose()
            reader = url.replace("pbx:", "reader:").replace("postgresql:", "postgres:")
            yield Server(part, f"{url}/fusionpbx", f"{reader}/fusionpbx")


def _program(name: str, path: str | None = None) -> str:
    found = shutil.which(name, path=path) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def _unprivileged(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    return [_program("setpriv"), "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", *command]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that an unprivileged server may use; pytest's own are their owner's only."""
    folder = Path(tempfile.mkdtemp(prefix="callfunnel-db-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(name: str, command: Sequence[str], folder: Path, ready: Callable[[], bool]) -> Iterator[StackPart]:
    part = StackPart(name, command, logs=folder, env=os.environ, ready=ready)
    part.start()
    try:
        part.wait_ready(120)
        yield part
    finally:
        part.stop(20)

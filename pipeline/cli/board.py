"""`callfunnel board`: the board page alone. `callfunnel up` runs it as one of its parts."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click

from pipeline.audit import LoginAudit, audit_file
from pipeline.embedded.ports import free_port
from pipeline.endpoints import data_folder, find
from pipeline.serving.board.incidents import marks_of
from pipeline.serving.board.screens import BoardScreens
from pipeline.serving.board.server import Server, serve
from pipeline.serving.login import new_token
from pipeline.settings import read_settings
from pipeline.terminal.stack_choice import read_from

TOKEN = "CALLFUNNEL_BOARD_TOKEN"  # noqa: S105 - the name of a variable
MARKS = "CALLFUNNEL_BOARD_MARKS"


@click.command("board")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0: any free one.")
@click.option("--read-only", is_flag=True, help="Nobody acknowledges or snoozes warnings here: for a screen on a wall.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def command(port: int, read_only: bool, data: Path | None) -> None:
    """Serve the boards as a page of this machine, until Ctrl-C: what Grafana shows, without Grafana.

    Only for browsers of this machine (loopback). The printed address holds a key that the browser keeps as a cookie;
    CALLFUNNEL_BOARD_TOKEN sets it, else it is a new one each time. The store is asked as its read-only user. What
    readers say of warnings (acknowledge, snooze) is kept as the user of CALLFUNNEL_BOARD_MARKS, else as that of
    CALLFUNNEL_CLICKHOUSE; where that one may only read, or with --read-only, warnings can only be read.
    """
    settings = read_settings()
    port = free_port(port, "--port")
    token = os.environ.get(TOKEN) or new_token()
    audit = audit_file(data_folder(data))
    marks = None if read_only else marks_of(os.environ.get(MARKS) or find(data).clickhouse, audit)
    screens = BoardScreens(read_from(data, masked=settings.privacy.mask), settings, marks)
    if not os.environ.get(TOKEN):
        click.echo(f"callfunnel board: {address(port, token)}")
    logins = LoginAudit(audit, "board page")
    server = Server(screens, token, port, on_login=logins, address=settings.warnings.link)
    asyncio.run(_until_stopped(server, port))


def address(port: int, token: str) -> str:
    """What to open."""
    return f"http://127.0.0.1:{port}/?token={token}"


async def _until_stopped(server: Server, port: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(server, port, stopping)

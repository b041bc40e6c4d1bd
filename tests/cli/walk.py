"""All commands, the arguments that each needs at least, and a run of one in this process as a shell sees it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from pipeline.cli import cli, main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def commands(group: click.Group | None = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """(its words, the command) of every command, those of groups too, not the groups."""
    group = group or cli
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


COMMANDS = dict(commands())

NEEDS: Mapping[str, tuple[str, ...]] = {
    "load": ("calls.csv", "--tz", "UTC", "--profile", "asterisk-csv"),
    "map": ("table.csv", "--kind", "managers", "--dry-run"),
    "init": ("calls.csv", "--tz", "UTC"),
    "explain": ("office",),
    "connect": ("bitrix24", "--dry-run"),
    "listen api": ("b24",),
    "listen folder": ("drop",),
    "listen http": ("--port", "0"),
    "listen sql": ("--tz", "UTC"),
    "listen ami": ("127.0.0.1:1", "--user", "u", "--tz", "UTC"),
    "listen esl": ("127.0.0.1:1", "--tz", "UTC"),
    "listen tcp": ("3cx", "--listen", "127.0.0.1:18099", "--tz", "UTC"),
    "up": ("--kafka-port", "0", "--store-port", "0", "--board-port", "0"),
    "board": ("--port", "0"),
    "boards build": ("boards",),
    "backup": ("copy",),
    "restore": ("copy",),
    "alerts ack": ("abcd",),
    "alerts snooze": ("abcd",),
    "alerts wake": ("abcd",),
    "undo": ("20261102T090000-abcdef",),
}
"""What a command cannot do without, of a person who stands in the folder of `prepare`."""

SECRETS = {"CALLFUNNEL_HTTP_TOKEN": "0123456789abcdef0123456789abcdef", "CALLFUNNEL_SQL": "mysql://u:p@127.0.0.1:1/x",
           "CALLFUNNEL_AMI_SECRET": "secret", "CALLFUNNEL_ESL_PASSWORD": "secret",
           "CALLFUNNEL_BITRIX24": "http://127.0.0.1:1/rest/1/abcdefgh12345678/",
           "GRAFANA_URL": "http://127.0.0.1:1", "GRAFANA_TOKEN": "t"}  # fmt: skip


def prepare(folder: Path) -> None:
    """The files that `NEEDS` names."""
    (folder / "drop").mkdir()
    call = '"","74950000001","74950000002","from-trunk","a","SIP/t-1","SIP/101-2","Dial","","2026-11-02 09:00:00",'
    call += '"2026-11-02 09:00:05","2026-11-02 09:01:00","60","55","ANSWERED","3","1793610000.1",""\n'
    (folder / "calls.csv").write_text(call, encoding="utf-8")
    settings = '[listen.b24]\napi = "bitrix24"\n[warnings.to.head]\nslack = ["north"]\n'
    (folder / "callfunnel.toml").write_text(settings, encoding="utf-8")
    (folder / "table.csv").write_text("id,name\nm1,Anna\n", encoding="utf-8")


def run(
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    env: Mapping[str, str],
) -> Ended:
    """Run a command here. What it sets of the process is put back."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    levels = {name: logging.getLogger(name).level for name in ("", "callfunnel", "kafka")}
    with monkeypatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("CALLFUNNEL_"):
                patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["callfunnel", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
    told = capsys.readouterr()
    return Ended(code, told.out, told.err)

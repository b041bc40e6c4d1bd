"""Each row of docs/connectors.md names fixtures that are there; every listener and every sender has a row."""

from __future__ import annotations

import re
from pathlib import Path

import click

from connectors.document import listeners
from connectors.registry import CONNECTORS
from pipeline.cli.listen import command

TESTS = Path(__file__).parents[1]


def test_every_listener_has_a_row_with_tests_that_are_there() -> None:
    known = listeners()
    assert {f"listen {name}" for name in command.list_commands(click.Context(command))} == {one.name for one in known}
    for one in known:
        named = re.findall(r"`([\w./]+)`", one.fixtures)
        assert named
        assert all((TESTS / path).exists() for path in named), one.fixtures


def test_every_sender_has_requests_in_the_folder_of_its_vendor() -> None:
    senders = {vendor.name for vendor in CONNECTORS if vendor.webhooks}
    assert {path.parent.name for path in (TESTS / "connectors").glob("*/webhook")} == senders

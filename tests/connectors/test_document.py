"""Each row of docs/connectors.md names fixtures that are there; every door and every sender has a row."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from connectors.proofs import DOORS, WEBHOOKS
from connectors.reading.source import Source
from connectors.recognise import CALLS
from connectors.webhooks.senders import HOOKS
from pipeline.cli.listen import command

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("source", CALLS, ids=lambda source: source.profile)
def test_source_names_its_fixtures(source: Source) -> None:
    named = re.findall(r"`(golden/\w+)`", source.about.proof)
    assert named
    assert all(any((TESTS / "connectors" / folder).iterdir()) for folder in named)


def test_every_door_has_a_row_with_tests_that_are_there() -> None:
    assert {f"listen {name}" for name in command.list_commands(click.Context(command))} == {door.name for door in DOORS}
    for door in DOORS:
        named = re.findall(r"`([\w./]+)`", door.fixtures)
        assert named
        assert all((TESTS / path).exists() for path in named), door.fixtures


def test_every_sender_has_a_row_with_its_folder() -> None:
    assert {hook.name for hook in WEBHOOKS} == set(HOOKS)
    for hook in WEBHOOKS:
        assert any((TESTS / "connectors" / "webhooks" / "golden" / hook.fixtures).iterdir())

"""[warnings] of callfunnel.toml: what it means, and each wrong setting named."""

from __future__ import annotations

import tomllib
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import read_settings
from pipeline.warnings.receivers import MessageRoute, QuietHours, WarningPlan, warning_plan
from schemas.alerts import Urgency
from schemas.errors import Terminal

EXAMPLE = """
language = "ru"
link = "https://boards.example.com/"
[to.head]
email = ["head@example.com", "deputy@example.com"]
telegram = [-1001234567890]
[to.north]
teams = ["Север"]
slack = ["north"]
[to.it]
about = ["operations"]
webhook = ["https://example.com/hook/secret"]
quiet = ""
days_off = true
"""


def plan(text: str) -> WarningPlan:
    return warning_plan(tomllib.loads(text), "callfunnel.toml: warnings")


def test_receivers_take_what_the_table_says_and_their_own_over_it() -> None:
    head, north, operations = plan(EXAMPLE).receivers
    assert head.routes == (
        MessageRoute("head", "email", "head@example.com"),
        MessageRoute("head", "email", "deputy@example.com"),
        MessageRoute("head", "telegram", "-1001234567890"),
    )
    assert (head.about, head.quiet, head.digest) == (frozenset(Urgency), QuietHours(time(20), time(8)), time(9))
    assert (north.teams, north.about) == (("Север",), frozenset({Urgency.HEAD}))
    assert (operations.quiet, operations.days_off, operations.digest) == (None, True, None)
    assert plan(EXAMPLE).link == "https://boards.example.com"
    assert not plan("").delivers


def test_secret_of_a_webhooks_address_is_not_shown() -> None:
    (route,) = plan(EXAMPLE).receivers[2].routes
    assert "secret" not in str(route)
    assert str(route).startswith("webhook example.com (")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('quite = ""', "unknown field `quite`; accepted settings: language, quiet, days_off, digest, link"),
        ("[to.head]", "warnings.to.head: no channel: give one or more of email, telegram, slack, webhook"),
        ('[to.head]\nemail = ["head"]', "to.head.email: 'head' is not an address such as head@example.com"),
        (
            '[to.head]\nemail = "h@example.com"',
            "to.head: Expected `array`, got `str` - at `$.email`; accepted settings: teams",
        ),
        ('quiet = "20-8"\n[to.h]\nslack = ["x"]', 'quiet: \'20-8\': write "20:00-08:00", or "" for no quiet hours'),
        ('quiet = "08:00-08:00"\n[to.h]\nslack = ["x"]', "quiet"),
        ('digest = "9"\n[to.h]\nslack = ["x"]', "digest: '9': write a time such as \"09:00\""),
        ('[to.h]\nlanguage = "de"\nslack = ["x"]', "language: 'de': one of ru, en"),
        ('[to.h]\nabout = ["all"]\nslack = ["x"]', "about"),
        ('link = "boards.example.com"', "link: not an address https://host/"),
        ('[to.h]\nwebhook = ["http://example.com/TOPSECRET"]', "webhook: not an address https://host/"),
        ('[to."a b"]\nslack = ["x"]', "a receiver's name has letters, digits"),
    ],
)
def test_wrong_settings_are_named(text: str, told: str) -> None:
    with pytest.raises(Terminal) as refused:
        plan(text)
    assert told in str(refused.value)
    assert "TOPSECRET" not in str(refused.value)


def test_settings_file_holds_them(tmp_path: Path) -> None:
    file = tmp_path / "callfunnel.toml"
    file.write_text('[warnings.to.head]\nemail = ["head@example.com"]\n', encoding="utf-8")
    env: dict[str, Any] = {"CALLFUNNEL_CONFIG": str(file), "TZ": "UTC"}
    assert [one.name for one in read_settings(env).warnings.receivers] == ["head"]

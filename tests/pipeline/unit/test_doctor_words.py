"""What `callfunnel doctor` says of a check."""

from __future__ import annotations

import click

from pipeline.cli.doctor import lines
from pipeline.doctor import Check


def plain(check: Check) -> list[str]:
    return [click.unstyle(line) for line in lines(check)]


def test_each_feed_has_a_line_of_its_own() -> None:
    assert plain(Check("lag", True, "nothing waits", "restart it")) == ["ok  lag: nothing waits"]
    assert plain(Check("feeds", False, "a: live\nb: silent", "look at b")) == [
        "BAD feeds:",
        "    a: live",
        "    b: silent",
        "    what to do: look at b",
    ]

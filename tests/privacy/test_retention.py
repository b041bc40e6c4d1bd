"""How long things are kept: what the settings say, and from which day on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.embedded.daily import Daily
from pipeline.privacy.retention import first_days
from pipeline.settings import Retention, read_settings
from schemas.errors import Terminal


def settings(tmp_path: Path, text: str) -> Retention:
    (tmp_path / "callfunnel.toml").write_text(text, "utf-8")
    return read_settings({"CALLFUNNEL_CONFIG": str(tmp_path / "callfunnel.toml"), "TZ": "UTC"}).retention


def test_days_and_years_are_kept_from_a_day_on(tmp_path: Path) -> None:
    kept = settings(tmp_path, '[retention]\nlegs = "3 years"\nrejects = "90 days"\nraw_numbers = "400 days"\n')
    assert kept == Retention(legs=3 * 366, rejects=90, raw_numbers=400)
    assert first_days(kept, date(2026, 11, 28)) == {
        "raw_numbers": date(2025, 10, 24),
        "legs": date(2023, 11, 26),
        "rejects": date(2026, 8, 30),
    }


def test_everything_is_kept_for_ever_when_nothing_is_set(tmp_path: Path) -> None:
    assert not settings(tmp_path, "").is_set
    assert first_days(Retention(), date(2026, 11, 28)) == {}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('legs = "3 months"', "not a time"),
        ('legs = "1 year"', "370 days at least"),
        ('raw_numbers = "7 days"', "30 days at least"),
        ('legs = "400 days"\nraw_numbers = "500 days"', "longer than legs"),
        ('calls = "3 years"', "accepted settings: raw_numbers, legs, rejects, files_done"),
        ("legs = 3", "legs"),
    ],
)
def test_a_wrong_time_is_named(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(Terminal, match=why):
        settings(tmp_path, f"[retention]\n{line}\n")


def test_the_daily_run_is_one_at_a_time_and_its_failure_is_said(tmp_path: Path) -> None:
    now = [0.0]
    daily = Daily("retention", ["sh", "-c", "exit 3"], logs=tmp_path, env={}, monotonic=lambda: now[0])
    assert daily.tick() == ""
    assert not (tmp_path / "retention.log").exists(), "not before a minute is over"
    now[0] = 60.0
    said = ""
    while not said:
        said = daily.tick()
    assert said.startswith("retention ended with 3")
    assert daily.tick() == "", "not again before a day is over"
    daily.stop()

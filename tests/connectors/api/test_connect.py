"""`callfunnel connect bitrix24` against a portal: what it shows, what it writes, what it never shows."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from pipeline.cli.connect import command
from pipeline.cli.listen_api import command as listen
from pipeline.loading.connecting.account import account_of
from pipeline.settings import read_settings
from schemas.errors import Terminal
from tests.connectors.api.kommo_account import TOKEN, KommoAccount
from tests.connectors.api.portal import MOSCOW, PATH, SECRET, Portal, served


def now() -> datetime:
    return datetime.now(UTC)


STAGES = (
    ("NEW", "Новая", None),
    ("PREPARATION", "Подготовка документов", None),
    ("WON", "Успех", "S"),
    ("LOSE", "Провал", "F"),
)


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal with a department; the folder is empty, and the variable is set."""
    portal = Portal(now)
    portal.user(7, "Анна", "Петрова", "101")
    portal.user(12, "Борис", "Ильин", "102")
    alfa = portal.company("Альфа", "+74950000001")
    for _ in range(3):
        portal.deal(company=alfa, amount="1000.00")
    portal.move(2, "PREPARATION")
    portal.stages = [
        {"ID": str(number), "ENTITY_ID": "DEAL_STAGE", "STATUS_ID": key, "NAME": title, "SORT": str(number * 10),
         "SEMANTICS": kind}
        for number, (key, title, kind) in enumerate(STAGES, 1)
    ]  # fmt: skip
    noon = (now().astimezone(MOSCOW) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    for number, seconds in enumerate((0, 10, 30, 90)):
        portal.call(noon + timedelta(minutes=number), seconds, user=7 if number else 12)
    monkeypatch.chdir(tmp_path)
    with served(portal) as address:
        monkeypatch.setenv("CALLFUNNEL_BITRIX24", f"{address}{PATH}/")
        (tmp_path / "callfunnel.toml").write_text('time_zone = "Europe/Moscow"  # ours\n')
        yield portal


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(command, ["bitrix24", *arguments])
    assert SECRET not in result.output
    return result


def test_yes_writes_what_is_proposed_and_what_is_written_can_be_pulled(portal: Portal, tmp_path: Path) -> None:
    result = run("--name", "b24", "--from", "2026-01-01", "--yes")
    assert result.exit_code == 0, result.output
    assert "Подготовка документов" in result.output
    settings = read_settings()
    pulled = settings.listen["b24"]
    assert (pulled.api, str(pulled.begin), pulled.proposals) == ("bitrix24", "2026-01-01", ("deals",))
    assert settings.source("b24").stages == {
        "0/NEW": "new",
        "0/PREPARATION": "active",
        "0/WON": "customer",
        "0/LOSE": "disqualified",
    }
    text = (tmp_path / "callfunnel.toml").read_text()
    assert text.startswith('time_zone = "Europe/Moscow"  # ours\n')
    assert "2 deals" in text
    before = text
    assert run("--name", "b24", "--yes").exit_code == 0
    assert (tmp_path / "callfunnel.toml").read_text() == before


def test_json_has_yesterday_the_stages_and_how_long_history_takes(portal: Portal, tmp_path: Path) -> None:
    result = run("--json")
    report: dict[str, Any] = json.loads(result.stdout)
    days = {
        day["name"]: (day["calls"], day["answered"], day["conversations"], day["talk_s"]) for day in report["yesterday"]
    }
    assert days == {"Анна Петрова": (3, 3, 2, 130), "Борис Ильин": (1, 0, 0, 0)}
    assert [(one["stage"]["deals"], one["code"]) for one in report["stages"]] == [
        (2, "new"), (1, "active"), (0, "customer"), (0, "disqualified"),
    ]  # fmt: skip
    assert report["survey"]["missing"] == []
    assert 0 < report["history_s"] < 60
    assert report["written"] == ""
    assert (tmp_path / "callfunnel.toml").read_text().count("\n") == 1


def test_missing_rights_are_told_with_what_they_cost(portal: Portal) -> None:
    portal.scopes = {"crm"}
    result = run("--dry-run")
    assert "a right is missing: telephony: without it there are no calls" in result.output
    assert "a right is missing: user: without it there are no managers" in result.output
    assert result.exit_code == 0
    assert "nothing written" in result.output


def test_wrong_credential_is_one_line(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    portal.errors = [(401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"})]
    assert isinstance(run("--yes").exception, Terminal)
    monkeypatch.delenv("CALLFUNNEL_BITRIX24")
    gone = run("--yes").exception
    assert isinstance(gone, Terminal)
    assert "CALLFUNNEL_BITRIX24 is not set: it must hold the address of an inbound webhook" in str(gone)


def test_secret_of_a_file_is_read_only_where_nobody_else_may(portal: Portal, tmp_path: Path) -> None:
    run("--name", "b24", "--yes")
    pulled = read_settings().listen["b24"]
    file = tmp_path / "b24.secret"
    file.write_text(f"https://x.bitrix24.ru{PATH}/\n")
    file.chmod(0o644)

    pulled = msgspec.structs.replace(pulled, secret_file="b24.secret")
    with pytest.raises(Terminal, match="others may read this secret"):
        account_of(pulled, {})
    file.chmod(0o600)
    config = {"CALLFUNNEL_CONFIG": str(tmp_path / "callfunnel.toml")}
    assert account_of(pulled, config).account.address.endswith(SECRET)


def test_listener_that_cannot_begin_says_why_without_the_secret(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> str:
        result = CliRunner().invoke(listen, ["b24"])
        assert isinstance(result.exception, Terminal)
        assert SECRET not in str(result.exception)
        return str(result.exception)

    assert "has no [listen.b24]: `callfunnel connect VENDOR --name b24` writes it" in refused()
    file = tmp_path / "callfunnel.toml"
    file.write_text('[listen.b24]\napi = "bitrix25"\n')
    assert "'bitrix25' is not a vendor to pull from: 3cx, beeline, bitrix24" in refused()
    file.write_text('[listen.b24]\napi = "bitrix24"\nsecret = "https://x/rest/1/abc/"\n')
    assert "give the name of an environment variable" in refused()
    file.write_text('[listen.b24]\napi = "bitrix24"\nstreams = ["letters"]\n')
    assert "'letters' is not pulled from there: users, calls, companies" in refused()
    monkeypatch.setenv("CALLFUNNEL_BITRIX24", f"https://portal.example/{SECRET}")
    assert "CALLFUNNEL_BITRIX24: this is not the address of an inbound webhook" in refused()
    monkeypatch.setenv("CALLFUNNEL_BITRIX24", f"http://portal.example{PATH}")
    assert "shows the secret" in refused()
    monkeypatch.delenv("CALLFUNNEL_BITRIX24")
    assert "CALLFUNNEL_BITRIX24 is not set" in refused()


def test_on_a_terminal_it_asks_for_the_secret_and_each_stage_and_keeps_the_secret_in_a_file_of_its_own(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = os.environ["CALLFUNNEL_BITRIX24"]
    monkeypatch.delenv("CALLFUNNEL_BITRIX24")
    monkeypatch.setattr("pipeline.cli.connect._is_terminal", lambda: True)
    answers = [address, "", "development", "", "", "y"]  # the second stage is another one than was proposed
    result = CliRunner().invoke(command, ["bitrix24", "--name", "b24"], input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output
    assert "Общая: Подготовка документов (1 deals)" in result.output
    assert read_settings().source("b24").stages["0/PREPARATION"] == "development"
    file = tmp_path / "callfunnel.b24.secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET not in (tmp_path / "callfunnel.toml").read_text()
    assert account_of(read_settings().listen["b24"], {}).account.address.endswith(SECRET)


def test_kommo_is_connected_too_though_it_counts_nothing(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = os.environ["CALLFUNNEL_BITRIX24"].partition("/rest")[0]
    monkeypatch.setenv("CALLFUNNEL_KOMMO", f"{address} {TOKEN}")
    portal.kommo = account = KommoAccount(now)
    statuses = [{"id": 11, "name": "Новая", "sort": 10}, {"id": 142, "name": "Успех", "sort": 90}]
    account.pipelines = [{"id": 5, "name": "Воронка", "sort": 1, "_embedded": {"statuses": statuses}}]
    account.lists["users"] = [{"id": 7, "name": "Анна Петрова"}]
    noon = (now().astimezone(MOSCOW) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    for number in range(300):  # more than a page: a day is halved
        at = int((noon + timedelta(seconds=number * 60)).timestamp())
        account.call("contacts", f"u{number}", 60).update(created_at=at, updated_at=at)
    result = CliRunner().invoke(command, ["kommo", "--yes"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert TOKEN not in result.output
    assert re.search(r"Анна Петрова +300 +300 +300", result.output)
    assert "history: the vendor does not say how much" in result.output
    assert "a note of the same call does not" in result.output
    assert '"5/11" = "new" # Воронка: Новая; by its words' in (tmp_path / "callfunnel.toml").read_text()

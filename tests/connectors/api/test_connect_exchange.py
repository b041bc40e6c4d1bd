"""`callfunnel connect` against a cloud exchange behind a real HTTP server: what it shows, writes and never shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors.registry import APIS
from department.calls import Path as CallPath
from department.calls import SimulatedCall, Way
from pipeline.cli.connect import command
from pipeline.loading.connecting.account import account_of, begin_of
from pipeline.loading.connecting.copies import copies_notes
from pipeline.settings import VARIABLES, read_settings
from tests.connectors.api.department_story import MOSCOW, story
from tests.connectors.api.exchanges import mango, threecx, uis
from tests.connectors.api.exchanges.vendor import Vendor
from tests.connectors.api.serving import served_by


def now() -> datetime:
    return datetime.now(UTC)


def happens_yesterday(vendor: Vendor, talks: list[int]) -> None:
    """Calls out of the first manager, from noon on; 0 for one that was not answered."""
    vendor.staff = story(5, plain=True).staff
    noon = (now().astimezone(MOSCOW) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    manager = vendor.staff[0]
    for number, talk_s in enumerate(talks):
        start = int(noon.timestamp()) + number * 600
        call = SimulatedCall(
            start, start + 9 + talk_s, Way.OUT, CallPath.DIALLED, "+74950000001", None, manager.extensions[0], manager,
            start + 9 if talk_s else 0,
        )  # fmt: skip
        vendor.happens(call)


@pytest.fixture(params=["mango", "uis", "3cx"])
def vendor(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name: str = request.param
    makes: dict[str, Callable[[Callable[[], datetime]], Vendor]] = {
        "mango": mango.MangoExchange,
        "uis": uis.UisAccount,
        "3cx": threecx.ThreeCxBox,
    }
    account = makes[name](now)
    if isinstance(account, mango.MangoExchange):
        account.made_in = account.orders_every = account.users_every = timedelta(0)  # waiting is tested elsewhere
    happens_yesterday(account, [0, 10, 30, 90])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callfunnel.toml").write_text('time_zone = "Europe/Moscow"  # ours\n')
    with served_by(account.answer, now) as address:
        secrets = {
            "mango": f"{address} {mango.SECRET}",
            "uis": f"{address}/v2.0 {uis.TOKEN}",
            "3cx": f"{address} {threecx.CLIENT} {threecx.CLIENT_SECRET}",
        }
        monkeypatch.setenv(f"CALLFUNNEL_{name.upper()}", secrets[name])
        yield name


def run(vendor: str, *arguments: str) -> Result:
    result = CliRunner().invoke(command, [vendor, *arguments])
    for secret in (mango.KEY, mango.SALT, uis.TOKEN, threecx.CLIENT_SECRET):
        assert secret not in result.output
    return result


def test_exchange_is_connected_with_its_users_and_yesterday_as_it_would_be_counted(vendor: str, tmp_path: Path) -> None:
    result = run(vendor, "--name", "pbx", "--from", "2026-01-01", "--yes")
    assert result.exit_code == 0, result.output + repr(result.exception)
    name = story(5, plain=True).staff[0].name
    assert re.search(rf"{name} +4 +3 +2 ", result.output)
    assert "Stages" not in result.output
    text = (tmp_path / "callfunnel.toml").read_text()
    pulled = read_settings().listen["pbx"]
    assert (pulled.api, str(pulled.begin)) == (vendor, "2026-01-01")
    assert "proposals" not in text
    assert read_settings().source("pbx").time_zone == ("Europe/Moscow" if vendor == "uis" else None)
    assert run(vendor, "--name", "pbx", "--yes").exit_code == 0
    assert (tmp_path / "callfunnel.toml").read_text() == text
    other = (
        "https://x.example id secret0123456789" if vendor == "3cx" else "https://x.example/v2.0 word0123456:salt0123456"
    )
    account = account_of(pulled, {f"CALLFUNNEL_{vendor.upper()}": other})
    assert account.host.name == "x.example"
    assert begin_of(pulled, read_settings(), now()).astimezone(MOSCOW).isoformat() == "2026-01-01T00:00:00+03:00"


def test_json_says_the_same(vendor: str) -> None:
    report = json.loads(run(vendor, "--json").stdout)
    (day,) = report["yesterday"]
    assert (day["calls"], day["answered"], day["conversations"], day["talk_s"]) == (4, 3, 2, 130)
    assert report["stages"] == []
    assert len(report["survey"]["users"]) == sum(len(one.extensions) for one in story(5, plain=True).staff)


def test_variable_of_every_vendor_is_a_setting_that_is_known() -> None:
    assert {api.variable for api in APIS.values()} <= VARIABLES.keys()


def test_notes_that_a_crm_has_of_the_exchanges_calls_are_told(vendor: str, tmp_path: Path) -> None:
    file = tmp_path / "callfunnel.toml"
    file.write_text(
        'time_zone = "Europe/Moscow"\n[listen.b24]\napi = "bitrix24"\n[listen.amo]\napi = "kommo"\ncopies = "skip"\n'
    )
    result = run(vendor, "--name", "pbx", "--yes")
    assert "b24 may have notes of these calls: of one number and manager" in result.output
    assert "amo may have" not in result.output
    settings = read_settings()
    assert (settings.listen["b24"].copies, settings.listen["amo"].copies) == ("match", "skip")
    assert settings.listen["pbx"].streams == ("calls",)  # the portal's users have the extensions
    assert copies_notes("b24", "bitrix24", settings)[0].startswith("pbx may have the calls that are noted here")
    assert not copies_notes("amo", "kommo", settings)


def test_check_prints_a_report_and_writes_nothing(vendor: str, tmp_path: Path) -> None:
    before = (tmp_path / "callfunnel.toml").read_text()
    result = run(vendor, "--check")
    report = json.loads(result.stdout)
    assert report["vendor"] == vendor
    assert {one["stream"]: one["rows"] for one in report["streams"]}["calls"] == 4
    assert "127.0.0.1" not in result.stdout
    assert (tmp_path / "callfunnel.toml").read_text() == before

"""`callfunnel boards`: files for provisioning, and the way into a running Grafana."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from grafana.alerts.rules import FOLDER_UID
from grafana.build import FOLDER
from grafana.dataquery import DATASOURCE_UID
from grafana.push import ClickHouse, folder_uid, holds
from pipeline.cli.boards import command
from schemas.alerts import RULES
from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.screens.boards import BOARDS
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.boards import board_texts
from tests.grafana.stub import TOKEN, Request, Stub, serving

PASSWORD = "s3cret-of-the-reader"  # of nothing
PROVISIONING = FOLDER.parent / "provisioning"


@pytest.fixture
def stub() -> Stub:
    return Stub()


class Shell:
    """The command with the environment of somebody who pushes."""

    def __init__(self, url: str, folder: Path) -> None:
        (folder / "callfunnel.toml").write_text('time_zone = "Asia/Yekaterinburg"\n', encoding="utf-8")
        self.env: dict[str, str | None] = {
            "GRAFANA_URL": url,
            "GRAFANA_TOKEN": TOKEN,
            "GRAFANA_CLICKHOUSE": f"https://grafana:{PASSWORD}@store.example:8443/sales",
            "CALLFUNNEL_CONFIG": str(folder / "callfunnel.toml"),
        }

    def run(self, *arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, env=self.env)
        assert PASSWORD not in done.output + str(done.exception)
        assert TOKEN not in done.output + str(done.exception)
        return done

    def push(self, *arguments: str) -> list[str]:
        done = self.run("push", *arguments)
        if isinstance(done.exception, CallfunnelError):
            raise done.exception
        assert done.exit_code == 0, done.exception
        return done.output.splitlines()


@pytest.fixture
def shell(stub: Stub, tmp_path: Path) -> Iterator[Shell]:
    with serving(stub) as url:
        yield Shell(url, tmp_path)


def test_first_push_makes_everything_and_the_second_changes_nothing(stub: Stub, shell: Shell) -> None:
    lines = shell.push()
    rhythms = {rule.every_s for rule in RULES}
    assert len(lines) == 1 + len(LANGUAGES) + len(LANGUAGES) * len(BOARDS) + 1 + len(rhythms)
    assert all(line.endswith(": created") for line in lines)
    writes = len(stub.writes)
    assert writes == len(lines)
    again = shell.push()
    assert [line.removesuffix(": unchanged") for line in again] == [line.removesuffix(": created") for line in lines]
    assert len(stub.writes) == writes


def test_durations_are_compared_as_durations() -> None:
    assert holds({"keep_firing_for": "1w"}, {"keep_firing_for": "7d"})
    assert not holds({"keep_firing_for": "1w"}, {"keep_firing_for": "6d"})
    assert not holds({"title": "1w"}, {"title": "7d"})


@pytest.mark.parametrize(("version", "lines"), [("13.1.0", 0), ("12.3.1", 0), ("12.1.0", 1), ("11.6.2+security", 2)])
def test_what_an_older_grafana_does_not_know_is_said_and_left_out(
    stub: Stub, shell: Shell, version: str, lines: int
) -> None:
    stub.version = version
    said = [line for line in shell.push() if line.startswith("Grafana ")]
    assert len(said) == lines
    text = json.dumps(list(stub.dashboards.values()))
    assert ("wrapHeaderText" in text, "custom.hideFrom" in text, "custom.hidden" in text) == (
        (True, True, False) if lines == 0 else (False, False, True)
    )
    rules = [rule for group in stub.rule_groups.values() for rule in group["rules"]]
    assert {"keep_firing_for" in rule for rule in rules} == {lines < 2}
    assert all(line.endswith("unchanged") for line in shell.push() if not line.startswith("Grafana "))
    named = shell.push("--grafana", "13.0")
    assert any(line.endswith("updated") for line in named) is (lines > 0)


def test_grafana_that_the_plugin_cannot_run_in_is_refused(stub: Stub, shell: Shell) -> None:
    stub.version = "10.4.1"
    with pytest.raises(Terminal, match=r"10\.4 is too old: .* 11\.6"):
        shell.push()
    assert stub.writes == []
    with pytest.raises(Terminal, match="not a release"):
        shell.push("--grafana", "latest")


def test_what_is_pushed_is_of_this_department(stub: Stub, shell: Shell) -> None:
    shell.push("--language", "ru")
    assert set(stub.folders) == {folder_uid("ru"), FOLDER_UID}
    assert {one["dashboard"]["timezone"] for one in stub.dashboards.values()} == {"Asia/Yekaterinburg"}
    assert {one["meta"]["folderUid"] for one in stub.dashboards.values()} == {folder_uid("ru")}
    source = stub.datasources[DATASOURCE_UID]
    assert source["jsonData"] == {
        "host": "store.example",
        "port": 8443,
        "protocol": "http",
        "secure": True,
        "username": "grafana",
        "defaultDatabase": "sales",
        "dialTimeout": "10",
        "queryTimeout": "60",
    }
    assert source["secureJsonFields"] == {"password": True}


def test_dry_run_says_the_same_and_writes_nothing(stub: Stub, shell: Shell) -> None:
    lines = shell.push("--dry-run")
    assert stub.writes == []
    assert [line.replace("would be ", "") for line in lines] == shell.push()


def test_only_what_somebody_changed_is_written_again(stub: Stub, shell: Shell) -> None:
    shell.push()
    stub.requests.clear()
    board = stub.dashboards["callfunnel-today-en"]["dashboard"]
    board["panels"][0]["title"] = "mine"
    stub.folders["callfunnel-ru"]["title"] = "Моя папка"
    stub.datasources[DATASOURCE_UID]["jsonData"]["host"] = "elsewhere"
    lines = [line for line in shell.push() if not line.endswith("unchanged")]
    assert lines == ["data source callfunnel: updated", "folder Отдел продаж: updated", "dashboard Today: updated"]
    assert [request.method for request in stub.writes] == ["PUT", "PUT", "POST"]
    assert stub.dashboards["callfunnel-today-en"]["dashboard"]["panels"][0]["title"] != "mine"


def test_dashboard_that_was_moved_comes_back(stub: Stub, shell: Shell) -> None:
    shell.push()
    stub.dashboards["callfunnel-funnel-ru"]["meta"]["folderUid"] = "elsewhere"
    assert "dashboard Воронка: updated" in shell.push()


def test_password_is_set_again_when_asked_or_missing(stub: Stub, shell: Shell) -> None:
    shell.push()
    assert shell.push("--renew-password")[0] == "data source callfunnel: updated"
    stub.datasources[DATASOURCE_UID]["secureJsonFields"] = {}
    assert shell.push()[0] == "data source callfunnel: updated"


def test_dashboard_of_a_file_is_not_fought_for(stub: Stub, shell: Shell) -> None:
    shell.push()
    stub.dashboards["callfunnel-today-ru"]["meta"]["provisioned"] = True
    with pytest.raises(Terminal, match="comes from a file"):
        shell.push()


@pytest.mark.parametrize(("status", "trouble"), [(500, Transient), (403, Terminal), (422, Terminal)])
def test_refusal_names_what_was_refused(stub: Stub, shell: Shell, status: int, trouble: type[CallfunnelError]) -> None:
    def fails(request: Request) -> int:
        return status if request.method == "POST" and request.path == "/api/folders" else 0

    stub.fails = fails
    with pytest.raises(trouble, match=r"folder Отдел продаж"):
        shell.push()


def test_wrong_token_says_which_one_is_needed(shell: Shell) -> None:
    shell.env["GRAFANA_TOKEN"] = "glsa_wrong"
    with pytest.raises(Terminal, match="GRAFANA_TOKEN may not do this"):
        shell.push()


def test_grafana_that_is_not_there_is_transient(shell: Shell) -> None:
    shell.env["GRAFANA_URL"] = "http://127.0.0.1:9"
    with pytest.raises(Transient, match="does not answer"):
        shell.push()


@pytest.mark.parametrize("missing", ["GRAFANA_URL", "GRAFANA_TOKEN"])
def test_missing_variable_is_named(shell: Shell, missing: str) -> None:
    shell.env[missing] = None
    with pytest.raises(Terminal, match=missing):
        shell.push()


def test_a_server_needs_a_reader_of_its_own(shell: Shell) -> None:
    """CALLFUNNEL_CLICKHOUSE is the writer's: Grafana never gets it."""
    shell.env |= {
        "GRAFANA_CLICKHOUSE": None,
        "CALLFUNNEL_KAFKA": "k:9092",
        "CALLFUNNEL_CLICKHOUSE": "http://w:w@s:8123/d",
    }
    with pytest.raises(Terminal, match="GRAFANA_CLICKHOUSE is not set"):
        shell.push()


@pytest.mark.parametrize("dsn", ["clickhouse://u:p@h/d", "http://", "http://h:port/d"])
def test_wrong_address_of_the_store_is_not_repeated(dsn: str) -> None:
    with pytest.raises(Terminal, match="GRAFANA_CLICKHOUSE") as found:
        ClickHouse.of(dsn)
    assert "u:p" not in str(found.value)


def test_what_grafana_adds_is_no_difference_and_what_it_lacks_is_one() -> None:
    assert holds({"a": [{"b": 1, "id": 4}], "version": 3}, {"a": [{"b": 1}]})
    assert not holds({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}]})
    assert not holds({}, {"a": None})


def test_build_writes_the_boards_of_the_settings(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "ru").mkdir(parents=True)
    (out / "ru" / "gone.json").write_text("{}", encoding="utf-8")
    lines = shell.run("build", "--out", str(out)).output.splitlines()
    assert lines == [f"10 dashboards in {out}", f"4 files of alerts in {out / 'alerting'}"]
    made = {path.relative_to(out).as_posix(): json.loads(path.read_text()) for path in out.rglob("*.json")}
    assert set(made) == {f"{language}/{board.id}.json" for language in LANGUAGES for board in BOARDS}
    assert {one["timezone"] for one in made.values()} == {"Asia/Yekaterinburg"}


def test_provisioned_data_source_is_the_one_that_boards_ask_and_has_no_secret_in_it() -> None:
    text = (PROVISIONING / "datasources" / "callfunnel.yaml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    pushed = ClickHouse.of("http://reader:x@host:8123/default").datasource
    assert (source["uid"], source["type"], source["name"]) == tuple(pushed[key] for key in ("uid", "type", "name"))
    assert source["jsonData"].keys() == pushed["jsonData"].keys()
    for name in ("host", "port", "username", "defaultDatabase"):
        assert re.fullmatch(r"\$[A-Z_]+", source["jsonData"][name])
    # Grafana expands ${NAME} twice: a dollar in the password would be lost.
    assert re.fullmatch(r"\$[A-Z_]+", source["secureJsonData"]["password"])


def test_provisioned_folders_are_those_that_are_pushed_to() -> None:
    text = (PROVISIONING / "dashboards" / "callfunnel.yaml").read_text(encoding="utf-8")
    providers = yaml.safe_load(text)["providers"]
    assert [(one["folder"], one["folderUid"], one["options"]["path"]) for one in providers] == [
        (board_texts(language).folder, folder_uid(language), f"$CALLFUNNEL_DASHBOARDS/{language}")
        for language in LANGUAGES
    ]
    assert len({one["name"] for one in providers}) == len(providers)

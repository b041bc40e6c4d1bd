"""`callfunnel alerts list, ack, snooze, wake, test`, as they are run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli.alerts import command
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.notices import latest_marks
from pipeline.warnings.outbox import OutboxMessage, attempted
from pipeline.warnings.receivers import MessageRoute, WarningPlan, warning_plan
from pipeline.warnings.standing import watch_state
from schemas.errors import Terminal, Transient
from schemas.warnings import IncidentState, WarningWatch
from tests.pipeline.property.tables import Database
from tests.warnings.inbox import Answer, open_inbox
from tests.warnings.worlds import NOON, ROUTE, incident

RECEIVERS = '[warnings.to.head]\ntelegram = [-1]\nslack = ["north"]\n'


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture
def writer(database: Database) -> WarningWriter:
    """Of tables in which Anna's drop stands and Ivan's silence is over."""
    database.empty()
    writer = WarningWriter(database.store)
    now = datetime.now(UTC)
    over = incident("manager_silent", "ivan", incident_id="b0000000ff", state=IncidentState.RESOLVED, changed_at=now)
    writer.keep_incidents([incident(incident_id="a1b2c3d4e5", changed_at=now), over])
    return writer


def run(store_dsn: str, folder: Path, *arguments: str, **env: str) -> Result:
    config = folder / "callfunnel.toml"
    if not config.exists():
        config.write_text('time_zone = "Europe/Moscow"\n' + RECEIVERS, encoding="utf-8")
    known = {"CALLFUNNEL_CLICKHOUSE": store_dsn, "CALLFUNNEL_CONFIG": str(config), "CALLFUNNEL_KAFKA": "127.0.0.1:9"}
    return CliRunner().invoke(command, arguments, env={**known, "LANG": "ru_RU.UTF-8", "LC_ALL": "", **env})


def test_list_says_what_stands_since_when_and_that_nobody_watches(
    writer: WarningWriter, store_dsn: str, tmp_path: Path
) -> None:
    told = run(store_dsn, tmp_path, "list")
    assert told.exit_code == 0, told.output
    first, second, *_, last = told.output.splitlines()
    assert first == "a1b2c3d4e5  Анна Петрова (Север), 27.11: 12 звонков, ожидалось 31"
    assert second.strip().startswith("С 27.11, 11:20")
    assert last.startswith("Никто не следит: `callfunnel up` следит сам")
    (row,) = json.loads(run(store_dsn, tmp_path, "list", "--json", "--lang", "en").output)
    assert (row["incident_id"], row["mark"]) == ("a1b2c3d4e5", None)
    assert row["line"] == "Анна Петрова (Север), 27 Nov: 12 calls, 31 expected"


def test_acknowledged_snoozed_and_woken_is_what_the_list_says(
    writer: WarningWriter, database: Database, store_dsn: str, tmp_path: Path
) -> None:
    told = run(store_dsn, tmp_path, "ack", "a1b2", "--note", "звоню ей")
    assert told.output.splitlines()[1] == "Больше об этом не сообщаем, только когда закончится."
    assert "принято: " in (listed := run(store_dsn, tmp_path, "list").output)
    assert "заметка: звоню ей" in listed
    assert run(store_dsn, tmp_path, "snooze", "a1b2", "--until", "2099-01-05 09:00").exit_code == 0
    assert "отложено до 05.01, 09:00" in run(store_dsn, tmp_path, "list").output
    assert run(store_dsn, tmp_path, "snooze", "A1B2C3D4E5", "--for", "2d").exit_code == 0
    (mark,) = latest_marks(WarningReader(database.numbers).marks([incident(incident_id="a1b2c3d4e5")])).values()
    assert mark.until is not None
    assert timedelta(days=1, hours=23) < mark.until - datetime.now(UTC) <= timedelta(days=2)
    assert run(store_dsn, tmp_path, "wake", "a1b2").exit_code == 0
    assert "отложено" not in run(store_dsn, tmp_path, "list").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ack", "ffff"), "'ffff': no warning that stands begins so; `callfunnel alerts list` shows their ids"),
        (("ack", "b0000000ff"), "no warning that stands begins so"),
        (("ack", "a"), "no warning that stands begins so"),
        (("snooze", "a1b2", "--until", "2020-01-01"), "--until 2020-01-01 00:00: that is over already"),
        (("snooze", "a1b2", "--until", "2099-01-01", "--for", "1h"), "--for or --until: give one of them"),
        (("test", "--to", "nobody"), "--to nobody: receivers are head"),
    ],
)
def test_what_cannot_be_done_is_refused(
    writer: WarningWriter, store_dsn: str, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    refused = run(store_dsn, tmp_path, *arguments)
    assert isinstance(refused.exception, Terminal)
    assert told in str(refused.exception)


@pytest.mark.parametrize("length", ["0h", "2w", "h", "-1d", "1.5h"])
def test_odd_lengths_are_refused(store_dsn: str, tmp_path: Path, length: str) -> None:
    refused = run(store_dsn, tmp_path, "snooze", "a1b2", "--for", length)
    assert refused.exit_code == 2
    assert "write 30m, 4h or 2d" in refused.output


def test_test_sends_to_each_and_says_which_failed_without_a_stack(tmp_path: Path) -> None:
    nowhere = "http://u:p@127.0.0.1:9/default"
    with open_inbox() as inbox:
        inbox.answers.append(Answer(200))
        env = {"CALLFUNNEL_TELEGRAM_API": inbox.url, "CALLFUNNEL_TELEGRAM_TOKEN": "1:SECRET"}
        told = run(nowhere, tmp_path, "test", **env)
        assert told.exit_code == 1, told.output
        assert told.output.splitlines()[:2] == [
            "head, telegram -1: отправлено",
            "head, slack north: не отправлено: CALLFUNNEL_SLACK is not set: see docs/warnings.md",
        ]
        assert inbox.all[0].body["text"].startswith("callfunnel: проверочное сообщение\n")
        well = run(nowhere, tmp_path, "test", CALLFUNNEL_SLACK=f"{inbox.url}/hook", **env)
        assert (well.exit_code, well.output.count("отправлено")) == (0, 2)
        rows = json.loads(run(nowhere, tmp_path, "test", "--json", **env).output)
        assert [(one["channel"], bool(one["error"])) for one in rows] == [("telegram", False), ("slack", True)]
    assert "SECRET" not in told.output + well.output


def test_lead_of_a_team_that_nobody_is_in_is_told_of(writer: WarningWriter, store_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "callfunnel.toml").write_text('[warnings.to.lead]\nteams = ["Nort"]\nslack = ["x"]\n', encoding="utf-8")
    told = run(store_dsn, tmp_path, "test", "--lang", "en")
    assert "lead: no manager is in the team Nort now; teams: " in told.output


def delivery(name: str, error: Exception | None, attempts: int = 1) -> OutboxMessage:
    now = datetime.now(UTC)
    one = OutboxMessage(
        message_id=name, route=ROUTE, preview="Анна: 12 звонков", text="", data={}, notices=(), created_at=now
    )
    for _ in range(attempts):
        one = attempted(one, now, error)  # type: ignore[arg-type]
    return one


NOBODY_NAMED = WarningPlan()
PLAN: WarningPlan = warning_plan({"to": {"head": {"telegram": ["-100500"]}}}, "test")


def test_doctor_says_whether_somebody_watches_and_what_was_not_delivered(
    writer: WarningWriter, database: Database, store_dsn: str, tmp_path: Path
) -> None:
    reader, now = WarningReader(database.numbers), datetime.now(UTC).replace(microsecond=0)
    never = "the rules were asked last: never"
    assert watch_state(reader, PLAN, now)[:2] == (False, f"head are told; {never}")
    well, found, _ = watch_state(reader, PLAN, now, begun=now - timedelta(seconds=30))
    assert (well, "just started" in found) == (True, True), "a stack that begins has not asked yet"
    alone = f"nobody is told, since [warnings] names no receiver; {never}"
    well, found, _ = watch_state(reader, NOBODY_NAMED, now)
    assert (well, found.startswith(alone)) == (True, True), "with servers nobody need watch"
    assert watch_state(reader, NOBODY_NAMED, now, begun=now - timedelta(hours=1))[:2] == (False, alone)
    writer.keep_watch(WarningWatch(watched_at=now, as_of=now))
    well, found, _ = watch_state(reader, PLAN, now)
    assert well, found
    assert "warnings that stand: 1" in found
    assert "nobody is told" in watch_state(reader, NOBODY_NAMED, now)[1]
    assert not watch_state(reader, PLAN, now + timedelta(minutes=11))[0]
    writer.keep_deliveries(
        [
            delivery("a", Transient("telegram: answered 500")),
            delivery("b", Terminal("chat not found"), 10),
            delivery("c", None),
        ]
    )
    well, found, todo = watch_state(reader, PLAN, now)
    assert not well
    assert found.splitlines() == [
        'Not delivered yet: head, telegram -100500: "Анна: 12 звонков"; attempts: 1; telegram: answered 500',
        'Given up: head, telegram -100500: "Анна: 12 звонков"; chat not found',
    ]
    assert "callfunnel alerts test" in todo
    listed = run(store_dsn, tmp_path, "list").output
    assert "Ещё не доставлено: head, telegram -100500: «Анна: 12 звонков»; попыток: 1; telegram: answered 500" in listed


def test_everything_comes_back_from_the_store_as_it_was_kept(writer: WarningWriter, database: Database) -> None:
    reader = WarningReader(database.numbers)
    of = incident("stale_data", incident_id="c0", labels={"source": "АТС \"'\\ \n", "door": "ami"}, changed_at=NOON)
    writer.keep_incidents([of])
    assert next(one for one in reader.incidents(NOON) if one.incident_id == "c0") == of
    route = MessageRoute("it", "webhook", "https://example.com/SECRET")
    writer.keep_deliveries([OutboxMessage(message_id="m", route=route, preview="p", text="t", data={},
                                          notices=("c0:firing",), created_at=NOON)])  # fmt: skip
    (kept,) = reader.deliveries(NOON)
    assert (kept.notices, kept.created_at, kept.address) == (["c0:firing"], NOON, route.shown)

"""A webhook beside a puller of the same source: what it only names is fetched at once, what it loses is found later."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from connectors.api.adapter import PullOptions
from connectors.bitrix24.webhook import answer as bitrix24
from connectors.http.webhook import Answered, Incoming
from connectors.kommo.webhook import answer as kommo
from connectors.live.changed_streams import ChangedStreams
from connectors.reading.source import Context
from schemas.records import CallLeg, StageChange
from tests.connectors.api.test_bitrix24 import STAGES, latest
from tests.connectors.api.test_kommo import STAGES as KOMMO_STAGES
from tests.connectors.api.test_kommo import world as kommo_world
from tests.connectors.api.virtual import BEGIN, World
from tests.connectors.conftest import context

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
WORD = "51856fefc120afa4b628cc82d3935cce"


def posted(fields: dict[str, str], **query: str) -> Incoming:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return Incoming("POST", "https://calls.example", query, form, urlencode(fields).encode())


def pulled(**more: Any) -> Context:
    return msgspec.structs.replace(context("UTC"), is_pulled=True, **more)


def changed(answer: Callable[..., Any], incoming: Incoming, of: Context) -> tuple[str, ...]:
    found = answer(incoming, WORD, of)
    assert isinstance(found, Answered)
    assert not found.items
    return found.changed


def portal_says(world: World, event: str, number: int) -> None:
    fields = {"event": event, "data[FIELDS][ID]": str(number), "auth[application_token]": WORD}
    assert world.changed is not None
    world.changed |= set(changed(bitrix24, posted(fields), pulled()))


def moves(world: World) -> dict[datetime, str]:
    """When each move stood in the journal first is when it was looked at: the moves, by their time."""
    return {one.changed_at: one.stage for one in latest(world, StageChange, "changed_at").values()}


def deal_in(world: World) -> int:
    return world.portal.deal(company=world.portal.company("Альфа", "+74950000001"))


def test_deal_that_is_named_is_read_within_seconds_and_one_whose_webhook_is_lost_with_the_next_pull() -> None:
    world = World()
    world.changed = set()
    deal = deal_in(world)
    world.at(BEGIN + 61 * SECOND, lambda: world.portal.move(deal, "PREPARATION"))
    world.at(BEGIN + 62 * SECOND, lambda: portal_says(world, "ONCRMDEALUPDATE", deal))
    world.pull(BEGIN + 70 * SECOND, stages=STAGES)
    assert list(moves(world).values()) == ["new", "active"]
    world.at(world.now + MINUTE, lambda: world.portal.move(deal, "WON"))  # its webhook is lost
    world.pull(world.now + 2 * MINUTE, stages=STAGES)
    assert list(moves(world).values()) == ["new", "active"], "nobody told it"
    world.pull(world.now + 5 * MINUTE, stages=STAGES)
    assert list(moves(world).values()) == ["new", "active", "customer"]


def test_change_that_is_told_while_the_stream_is_read_is_read_when_that_has_ended() -> None:
    world = World(BEGIN)
    world.changed = set()
    deals = [deal_in(world) for _ in range(120)]  # three pages, each with its look-ups
    world.at(BEGIN + 6 * SECOND, lambda: world.portal.move(deals[0], "WON"))
    world.at(BEGIN + 6 * SECOND, lambda: portal_says(world, "ONCRMDEALUPDATE", deals[0]))
    world.pull(BEGIN + 2 * MINUTE, stages=STAGES, wanted=["stages"])
    assert "customer" in moves(world).values()


def test_thousand_updates_an_hour_stay_within_the_portals_limit() -> None:
    world = World()
    world.changed = set()
    deal = deal_in(world)
    for number in range(1_000):
        world.at(BEGIN + number * 3.6 * SECOND, partial(portal_says, world, "ONCRMDEALUPDATE", deal))
    world.pull(BEGIN + HOUR, stages=STAGES)
    assert world.portal.refused == 0
    of_history = [method for method, _ in world.portal.asked if method == "crm.stagehistory.list"]
    assert 300 < len(of_history) < 2 * 370, "once in ten seconds, with the history of the deals"


def test_portal_that_is_away_is_not_asked_more_often_because_webhooks_come() -> None:
    world = World()
    world.changed = set()
    deal = deal_in(world)
    world.portal.is_away = True
    for number in range(600):
        world.at(BEGIN + number * 6 * SECOND, partial(portal_says, world, "ONCRMDEALUPDATE", deal))
    world.pull(BEGIN + HOUR, stages=STAGES)
    assert len(world.portal.asked) < 30


@pytest.mark.parametrize(
    ("event", "streams"),
    [
        ("ONCRMDEALADD", ("stages", "deals")),
        ("OnCrmCompanyUpdate", ("companies",)),
        ("ONCRMCONTACTDELETE", ("contacts",)),
        ("ONCRMQUOTEUPDATE", ("quotes",)),
        ("ONCRMLEADUPDATE", ()),
        ("ONAPPINSTALL", ()),
    ],
)
def test_event_of_a_portal_names_the_streams_by_which_its_object_is_read(event: str, streams: tuple[str, ...]) -> None:
    fields = {"event": event, "data[FIELDS][ID]": "12", "auth[application_token]": WORD}
    assert changed(bitrix24, posted(fields), pulled()) == streams


def test_lead_of_a_pulled_account_is_read_with_its_company_and_is_no_organisation_of_its_own() -> None:
    found = kommo_world()
    found.changed = marked = set[str]()
    account = found.kommo
    alfa = account.company("Альфа", "8 (495) 000-00-01")
    lead = account.lead(11, company=alfa)
    fields = {
        "leads[status][0][id]": str(lead["id"]), "leads[status][0][status_id]": "12",
        "leads[status][0][pipeline_id]": "5", "leads[status][0][last_modified]": "1793602861",
        "leads[note][0][note][element_id]": str(lead["id"]), "contacts[delete][0][id]": "9",
    }  # fmt: skip
    assert changed(kommo, posted(fields, token=WORD), pulled()) == ("calls-leads", "deleted", "leads")
    found.at(BEGIN + 61 * SECOND, lambda: account.move(lead, 12))
    found.at(BEGIN + 61 * SECOND, lambda: marked.update(["leads"]))
    found.pull(BEGIN + 80 * SECOND, stages=KOMMO_STAGES)
    changes = latest(found, StageChange, "stage")
    assert {name: one.organisation_id for name, one in changes.items()} == {
        "new": f"CO_{alfa['id']}",
        "active": f"CO_{alfa['id']}",
    }


def test_lead_of_an_account_that_is_not_pulled_is_told_as_before() -> None:
    fields = {
        "leads[status][0][id]": "7", "leads[status][0][status_id]": "12", "leads[status][0][pipeline_id]": "5",
        "leads[status][0][last_modified]": "1793602861",
    }  # fmt: skip
    of = msgspec.structs.replace(context("UTC"), stage_words=KOMMO_STAGES)
    found = kommo(posted(fields, token=WORD), WORD, of)
    assert isinstance(found, Answered)
    (change,) = found.items
    assert isinstance(change, StageChange)
    assert (change.organisation_id, change.stage) == ("7", "active")
    assert not found.changed


def noted(of: Context) -> list[int]:
    fields = {
        "event": "ONVOXIMPLANTCALLEND", "data[CALL_ID]": "externalCall.7.1793602800", "data[CALL_TYPE]": "1",
        "data[PHONE_NUMBER]": "+74950000001", "data[PORTAL_USER_ID]": "7", "data[CALL_DURATION]": "60",
        "data[CALL_START_DATE]": "2026-11-02T10:00:00+03:00", "data[CALL_FAILED_CODE]": "200",
        "auth[application_token]": WORD,
    }  # fmt: skip
    found = bitrix24(posted(fields), WORD, of)
    assert isinstance(found, Answered)
    return [leg.noted for leg in found.items if isinstance(leg, CallLeg)]


def test_webhook_does_with_a_noted_call_what_the_settings_say_as_the_puller_does() -> None:
    def row(copies: Any) -> list[int]:
        world = World(BEGIN + HOUR)
        world.copies = copies
        world.portal.call(BEGIN, 60, CALL_ID="externalCall.7.1793602800")
        world.pull(world.now + MINUTE, wanted=["calls"], options=PullOptions(copies=copies))
        return [leg.noted for leg in world.journal if isinstance(leg, CallLeg)]

    for copies, expected in (("match", [1]), ("take", [0]), ("skip", [])):
        assert noted(pulled(copies=copies)) == expected
        assert row(copies) == expected


def test_what_one_process_tells_another_one_reads_once_and_what_was_told_before_it_began_not(tmp_path: Path) -> None:
    folders = [tmp_path / "listen", tmp_path / "data"]
    writer, reader = ChangedStreams(folders, "b24 Москва"), ChangedStreams(folders[1:], "b24 Москва")
    streams = ("stages", "deals", "companies")
    writer.mark(["companies"])
    assert reader.take(streams) == []
    writer.mark(["stages", "deals"])
    writer.mark(["stages"])
    ChangedStreams(folders, "other").mark(["companies"])
    assert reader.take(streams) == ["stages", "deals"]
    assert reader.take(streams) == []
    assert {path.stat().st_mode & 0o777 for path in folders[0].iterdir()} == {0o600}


def test_folder_that_cannot_be_written_stops_no_webhook(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "listen").write_text("")
    ChangedStreams([tmp_path / "listen"], "b24").mark(["stages"])
    assert "the puller cannot be told of a change" in caplog.text
    os.symlink(tmp_path / "elsewhere", tmp_path / "b24.api.stages.changed")
    ChangedStreams([tmp_path], "b24").mark(["stages"])
    assert not (tmp_path / "elsewhere").exists()

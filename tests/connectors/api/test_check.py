"""`callfunnel connect --check`: what an account does is told, and nothing of whose account it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connectors.api.adapter import ApiRequest, PullOptions
from connectors.api.shapes import Shapes
from connectors.api.survey import Asking
from connectors.registry import APIS
from pipeline.loading.connecting.check import CheckReport, check
from schemas.errors import Terminal
from tests.connectors.api.department_story import BEGIN, story
from tests.connectors.api.exchanges.crmapi import CrmapiExchange
from tests.connectors.api.exchanges.uis import UisAccount
from tests.connectors.api.exchanges.vendor import Vendor
from tests.connectors.api.kommo_account import TOKEN
from tests.connectors.api.portal import SECRET
from tests.connectors.api.test_bitrix24 import funnel as bitrix24_funnel
from tests.connectors.api.test_exchanges import CASES, connected
from tests.connectors.api.test_kommo import funnel as kommo_funnel
from tests.connectors.api.test_kommo import world as kommo_world
from tests.connectors.api.virtual import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def checked(name: str, change: Callable[[Vendor], None] = lambda vendor: None) -> tuple[CheckReport, Vendor]:
    case = CASES[name]
    world, vendor = connected(case, BEGIN + 2 * DAY)
    vendor.staff = (told := story(5, plain=case.plain)).staff
    for call in told.calls:
        vendor.happens(call)
    change(vendor)
    world.pass_time(1800)  # HubSpot finds what changed: all of it did just now
    return report_of(world, name), vendor


def report_of(world: World, name: str) -> CheckReport:
    adapter = CASES[name].adapter(PullOptions())
    return check(
        APIS[name],
        adapter,
        lambda shapes: Asking(
            adapter, world.account, world, now=lambda: world.now, sleep=world.pass_time, on_answer=shapes.add
        ),
        world.context,
        world.now,
    )


@pytest.mark.parametrize("name", sorted(CASES))
def test_account_that_does_as_expected_has_nothing_odd_in_its_report(name: str) -> None:
    report, vendor = checked(name)
    streams = {one.stream: one for one in report.streams}
    calls = streams["calls"]
    assert calls.rows > 60
    assert (calls.refused, calls.rejected, calls.twice, calls.in_future_s, calls.lost_between) == ("", {}, 0, 0, 0)
    assert streams["users"].records == {"Manager": len(vendor.users())}
    assert report.extensions >= 3
    assert report.guessed


@pytest.mark.parametrize("name", sorted(CASES))
def test_report_holds_no_name_number_id_or_secret(name: str) -> None:
    report, vendor = checked(name)
    text = json.dumps(msgspec.to_builtins(report), ensure_ascii=False, default=str)
    told = story(5, plain=CASES[name].plain)
    secrets = [part for part in CASES[name].secret.replace(":", " ").split() if "/" not in part]
    people = [part for one in told.staff for part in one.name.split()]
    numbers = [call.contact.lstrip("+") for call in told.calls if call.contact]
    ids = [call.id for call in told.calls if len(call.id) > 6]
    for private in (*secrets, *people, *numbers, *ids, "portal.example", "74950001122"):
        assert private not in text, private
    assert vendor.asked


def test_times_that_are_not_of_the_zone_that_they_say_are_seen() -> None:
    def ahead(vendor: Vendor) -> None:
        assert isinstance(vendor, CrmapiExchange)
        vendor.ahead = 30 * HOUR
        for row in vendor.calls:
            row["start"] = (datetime.fromisoformat(row["start"]) + 30 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")

    report, _ = checked("megafon", ahead)
    (calls,) = [one for one in report.streams if one.stream == "calls"]
    assert calls.in_future_s > 10 * 3600


def test_right_that_lacks_is_told_and_the_other_streams_are_looked_at() -> None:
    def refuses(vendor: Vendor) -> None:
        answers = vendor.respond

        def respond(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Any:
            if b"get.employees" in body:
                error = {"code": -32003, "message": "Permission of Anna denied", "data": {"mnemonic": "forbidden"}}
                return 200, {"jsonrpc": "2.0", "id": 1, "error": error}
            return answers(method, path, query, headers, body)

        assert isinstance(vendor, UisAccount)
        vendor.respond = respond  # type: ignore[method-assign]

    report, _ = checked("uis", refuses)
    refused = {one.stream: one.refused for one in report.streams}
    assert refused["users"].startswith("-32003 forbidden")
    assert refused["calls"] == ""


def test_wrong_key_is_a_refusal_and_no_report() -> None:
    world, vendor = connected(CASES["uis"])
    vendor.errors = [
        (200, {"error": {"code": -32001, "message": "m", "data": {"mnemonic": "access_token_invalid"}}})
    ] * 9
    with pytest.raises(Terminal, match="see the key"):
        report_of(world, "uis")
    assert len(vendor.errors) == 8  # vendors block who insists


@pytest.mark.parametrize("name", ["bitrix24", "kommo"])
def test_crm_is_checked_without_a_word_of_its_customers(name: str) -> None:
    world = World(BEGIN + 10 * HOUR) if name == "bitrix24" else kommo_world(BEGIN + 10 * HOUR)
    (bitrix24_funnel if name == "bitrix24" else kommo_funnel)(world)
    world.portal.call(world.now, 60)
    world.kommo.call("contacts", "pbx-1", 60)
    world.pass_time(5 * 3600)
    adapter = APIS[name].adapter(PullOptions(proposals=("quotes", "deals")))
    report = check(
        APIS[name],
        adapter,
        lambda shapes: Asking(
            adapter, world.account, world, now=lambda: world.now, sleep=world.pass_time, on_answer=shapes.add
        ),
        world.context,
        world.now,
    )
    assert not [one for one in report.streams if one.refused]
    assert sum(one.rows for one in report.streams) > 8
    text = json.dumps(msgspec.to_builtins(report), ensure_ascii=False, default=str)
    for private in ("Альфа", "Бета", "Иван", "Анна", "Петрова", "4950000001", "9160000002", "45000", SECRET, TOKEN):
        assert private not in text, private


def test_shape_of_an_answer_has_the_vendors_words_and_no_others() -> None:
    shapes = Shapes()
    row = {"id": 7, "status": "success", "client": "74950000001", "user": "anna", "tags": [], "extra": None}
    shapes.add(
        ApiRequest("/crmapi/v1/users/17", "g", "GET"), [row, row | {"status": "missed", "tags": [{"type": "x"}]}]
    )
    shapes.add(ApiRequest("/vpbx/stats/result", "g"), "a;b;c\n;;\n")
    text, listed = shapes.all()[1], shapes.all()[0]
    assert (listed.request, text.request, text.lines) == ("GET /crmapi/v1/users/N", "POST /vpbx/stats/result", {3: 2})
    assert listed.fields["[].status"].values == ["missed", "success"]
    assert listed.fields["[].user"].values == []
    assert (listed.fields["[].extra"].times, listed.fields["[].extra"].empty) == (2, 2)
    assert listed.fields["[].tags[].type"].values == ["x"]


def test_now_is_the_time_of_the_report() -> None:
    report, _ = checked("mango")
    assert report.at.tzinfo is UTC

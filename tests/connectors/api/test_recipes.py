"""What each vendor wants a request to look like, and what its answers mean: signatures, pages, windows, codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.api.adapter import ApiResponse, PullOptions, VerdictKind
from connectors.api.walls import wall_end, wall_start
from connectors.api.wire import on_wire
from connectors.mango import api as mango
from connectors.megafon import api as megafon
from connectors.mikopbx.calls import leg_fields
from connectors.reading.times import Times
from connectors.uis import api as uis
from connectors.zadarma import api as zadarma
from schemas.errors import Terminal
from schemas.records import CallLeg, Disposition, Manager, Organisation
from tests.connectors.api.department_story import BEGIN, play, pulled_numbers, story, true_numbers
from tests.connectors.api.exchanges.crmapi import CrmapiExchange
from tests.connectors.api.exchanges.mango import MangoExchange
from tests.connectors.api.exchanges.mikopbx import MikopbxBox
from tests.connectors.api.exchanges.uis import UisAccount
from tests.connectors.api.exchanges.zadarma import ZadarmaAccount
from tests.connectors.api.test_bitrix24 import latest
from tests.connectors.api.test_exchanges import CASES, connected, options
from tests.connectors.api.virtual import World
from tests.connectors.conftest import context

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def response(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> ApiResponse:
    return ApiResponse(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_mango_signs_the_very_text_that_it_sends() -> None:
    """The digest was made with openssl."""
    account = mango.MangoAdapter(PullOptions()).account("vpbxkey0123456789:vpbxsalt0123456789")
    body = {"date_from": "1793566800", "date_to": "1793653200", "fields": "start,entry_id"}
    sent = on_wire(account, mango.ask("stats/request", "stats", body))
    assert sent.address == "https://app.mango-office.ru/vpbx/stats/request"
    form = parse_qs((sent.body or b"").decode())
    assert form["sign"] == ["1dc3a0d250dfd6f2eab915201e1d8eaa3f6c3b6300883aa3b4e2eb7e412168a9"]
    assert form["json"] == ['{"date_from":"1793566800","date_to":"1793653200","fields":"start,entry_id"}']


def test_zadarma_signs_as_the_vendors_own_client_does() -> None:
    """Address and header are those of its Python client 1.1.0, which adds `format`."""
    account = zadarma.ZadarmaAdapter(PullOptions()).account("zadarmakey0123456789:zadarmasecret0123456789")
    query = {"start": "2026-11-02 00:00:00", "end": "2026-11-02 23:59:59", "version": "2", "skip": "0", "limit": "1000"}
    sent = on_wire(account, zadarma.get("statistics/pbx", format="json", **query))
    assert sent.address == (
        "https://api.zadarma.com/v1/statistics/pbx/?end=2026-11-02+23%3A59%3A59&format=json&limit=1000&skip=0"
        "&start=2026-11-02+00%3A00%3A00&version=2"
    )
    assert sent.headers["Authorization"] == (
        "zadarmakey0123456789:YmRiNDg2N2NhNmQ4Y2UzMjlhMGZhYmY5MWVjNTNjZWU1MWNhMzEyZQ=="
    )


def test_uis_puts_the_key_into_params_and_posts_to_the_address_itself() -> None:
    account = uis.UisAdapter(PullOptions()).account("https://dataapi.uiscom.ru/v2.0/ dataapitoken0123456789")
    sent = on_wire(account, uis.ask("get.account"))
    assert sent.address == "https://dataapi.uiscom.ru/v2.0"
    assert json.loads(sent.body or b"") == {
        "jsonrpc": "2.0", "id": 1, "method": "get.account", "params": {"access_token": "dataapitoken0123456789"},
    }  # fmt: skip


def test_megafon_takes_the_address_with_or_without_its_path() -> None:
    for address in ("https://x.megapbx.ru", "https://x.megapbx.ru/", "https://x.megapbx.ru/crmapi/v1/"):
        account = megafon.MegafonAdapter(PullOptions()).account(f"{address} crmapikey0123456789")
        sent = on_wire(account, megafon.get("users", ("start", "0")))
        assert urlsplit(sent.address).path == "/crmapi/v1/users"
        assert sent.headers["X-API-KEY"] == "crmapikey0123456789"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response(204), VerdictKind.NOT_READY),
        (response(404), VerdictKind.STALE),
        (response(200, b"[];1;2;0;;7495;101;;1110;;abonent;MTA=\n"), VerdictKind.OK),
        (response(200), VerdictKind.OK),
        (response(200, {"result": 1000, "key": "k"}), VerdictKind.OK),
        (response(200, {"result": 3102}), VerdictKind.AUTH),
        (response(401), VerdictKind.AUTH),
        (response(429, headers={"retry-after": "7"}), VerdictKind.SLOW_DOWN),
        (response(200, {"result": 3104}), VerdictKind.FATAL),
        (response(200, {"result": 2100}), VerdictKind.PLAN),
        (response(200, {"result": 5000}), VerdictKind.RETRY),
        (response(502, b"<html>"), VerdictKind.RETRY),
        (response(200, b"<html>sign in</html>"), VerdictKind.RETRY),
        (response(403), VerdictKind.FORBIDDEN),
    ],
)
def test_what_mango_answers_means(answer: ApiResponse, kind: VerdictKind) -> None:
    assert mango.classify(answer).kind is kind


@pytest.mark.parametrize(
    ("code", "mnemonic", "kind"),
    [
        (-32001, "access_token_expired", VerdictKind.AUTH),
        (-32003, "ip_not_whitelisted", VerdictKind.AUTH),
        (-32003, "forbidden", VerdictKind.FORBIDDEN),
        (-32008, "method_component_disabled", VerdictKind.FORBIDDEN),
        (-32009, "account_inactive", VerdictKind.PLAN),
        (-32029, "limit_exceeded", VerdictKind.SLOW_DOWN),
        (-32602, "date_interval_limit_reached", VerdictKind.FATAL),
        (-32603, "internal_error", VerdictKind.RETRY),
    ],
)
def test_what_uis_answers_means(code: int, mnemonic: str, kind: VerdictKind) -> None:
    body = {"error": {"code": code, "message": "m", "data": {"mnemonic": mnemonic, "params": {"limit_type": "day"}}}}
    verdict = uis.classify(response(200, body), NOW)
    assert verdict.kind is kind
    assert mnemonic in verdict.detail
    assert verdict.wait_s == (3600 if kind is VerdictKind.SLOW_DOWN else 0)


@pytest.mark.parametrize(("reset", "held_s"), [(17, 17), (NOW.timestamp() + 25, 25)], ids=["seconds", "a moment"])
def test_uis_is_left_alone_when_its_points_are_used_up(reset: float, held_s: float) -> None:
    limits = {"minute_remaining": 0, "minute_reset": reset, "day_remaining": 5, "day_reset": 9_999}
    body = {"result": {"data": [], "metadata": {"limits": limits}}}
    verdict = uis.classify(response(200, body), NOW)
    assert (verdict.kind, verdict.hold_s) == (VerdictKind.OK, held_s)


def test_megafon_says_nothing_as_null_and_zadarma_errors_in_the_body() -> None:
    assert megafon.MegafonAdapter(PullOptions()).classify(response(200, b"null"), NOW).kind is VerdictKind.EMPTY
    assert megafon.MegafonAdapter(PullOptions()).classify(response(401), NOW).kind is VerdictKind.AUTH
    assert zadarma.classify(response(200, {"status": "error", "message": "wrong"})).kind is VerdictKind.FATAL
    assert zadarma.classify(response(429)).wait_s == 60


def test_repeated_hour_is_asked_for_whole() -> None:
    """In Berlin the clocks go back on 25 October 2026 at 1:00 UTC: 2:30 is there twice."""
    berlin = ZoneInfo("Europe/Berlin")
    for minutes in (30, 90):
        at = datetime(2026, 10, 25, 0, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        assert (wall_start(at, berlin), wall_end(at, berlin)) == ("2026-10-25 01:30:00", "2026-10-25 03:30:00")
    assert wall_start(datetime(2026, 10, 25, 2, 30, tzinfo=UTC), berlin) == "2026-10-25 03:30:00"


def uis_world(now: datetime = BEGIN) -> tuple[World, UisAccount]:
    world, vendor = connected(CASES["uis"], now)
    assert isinstance(vendor, UisAccount)
    return world, vendor


def test_window_of_more_calls_than_one_answer_holds_is_halved() -> None:
    world, vendor = uis_world(BEGIN + 30 * DAY)
    vendor.most = 20
    told = story(5, plain=True)
    vendor.staff = told.staff
    for call in told.calls:
        vendor.happens(call)
    world.pull(world.now + 3 * HOUR, begin=BEGIN, options=options(vendor, CASES["uis"]))
    assert len(told.calls) > 60
    assert pulled_numbers(world) == true_numbers(told)


def test_points_of_a_minute_are_not_overdrawn() -> None:
    world, vendor = uis_world(BEGIN + 300 * DAY)
    vendor.a_minute = 4
    world.pull(world.now + 3 * HOUR, begin=BEGIN, wanted=["calls"])
    assert vendor.refused == 0
    assert world.checkpoints.state is not None
    assert world.checkpoints.state.streams["calls"].done_at is not None


def test_calls_of_a_night_when_the_clocks_go_back_are_pulled_once_each() -> None:
    before = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    world, vendor = uis_world(before)
    vendor.timezone = "Europe/Berlin"
    told = story(5, plain=True)
    for number, call in enumerate(told.calls[:60]):
        call.start = int(before.timestamp()) + number * 300
        call.end = call.start + 60
        call.picked = call.start + 5
        world.at(datetime.fromtimestamp(call.end, UTC), lambda call=call: vendor.happens(call))  # type: ignore[misc]
    world.pull(before + 9 * HOUR, begin=before, wanted=["calls"])
    world.pull(before + 2 * DAY, begin=before, wanted=["calls"])
    assert len(latest(world, CallLeg, "record_id")) == 60


def test_zone_of_the_account_that_the_settings_do_not_know_is_told() -> None:
    world, vendor = uis_world()
    vendor.timezone = "Asia/Yekaterinburg"
    plain = world.context
    world.context = lambda **more: msgspec.structs.replace(plain(**more), zone=ZoneInfo("Europe/Moscow"))  # type: ignore[method-assign]
    line = world.pull(BEGIN + HOUR, begin=BEGIN)
    detail = line.heartbeat().detail
    assert "the account's times are of Asia/Yekaterinburg, files and webhooks are read with Europe/Moscow" in detail
    assert "time_zone under [sources.b24]" in detail


def test_statistics_whose_key_is_over_are_ordered_anew() -> None:
    world, vendor = connected(CASES["mango"])
    assert isinstance(vendor, MangoExchange)
    told = story(5, plain=False)
    play(world, vendor, told)
    for hour in range(9, 20):
        world.at(BEGIN + hour * HOUR + timedelta(seconds=3), vendor.forget_orders)
    world.pull(BEGIN + 3 * DAY, begin=BEGIN, options=options(vendor, CASES["mango"]))
    assert pulled_numbers(world) == true_numbers(told)


def test_statistics_that_are_never_made_are_ordered_anew_and_told() -> None:
    world, vendor = connected(CASES["mango"])
    vendor.staff = story(5, plain=False).staff
    orders = vendor.respond

    def respond(method: str, path: str, *rest: Any) -> tuple[int, Any]:
        return (204, b"") if path.endswith("/result") else orders(method, path, *rest)

    vendor.respond = respond  # type: ignore[assignment, method-assign]
    line = world.pull(BEGIN + HOUR, begin=BEGIN - 3 * HOUR, wanted=["calls"])
    assert "calls: the vendor is making a report since" in line.heartbeat().detail
    assert 3 <= sum(path == "/vpbx/stats/request" for path, _ in vendor.asked) <= 6


def test_exchange_that_writes_its_own_time_as_utc_is_told() -> None:
    world, vendor = connected(CASES["megafon"])
    assert isinstance(vendor, CrmapiExchange)
    vendor.ahead = 3 * HOUR
    told = story(5, plain=True)
    play(world, vendor, told)
    line = world.pull(BEGIN + 16 * HOUR, begin=BEGIN, options=options(vendor, CASES["megafon"]))
    assert "the exchange writes its own time as if it were UTC" in line.heartbeat().detail


def test_windows_of_zadarma_are_halved_where_a_thousand_rows_fill_them() -> None:
    world, vendor = connected(CASES["zadarma"], BEGIN + 30 * DAY)
    assert isinstance(vendor, ZadarmaAccount)
    told = story(5, plain=True)
    for number in range(1_700):
        call = told.calls[number % len(told.calls)]
        call.start = int(BEGIN.timestamp()) + number * 60
        call.end, call.picked, call.rang = call.start + 50, call.start + 10, ()
        vendor.happens(call)
    world.pull(world.now + 3 * HOUR, begin=BEGIN, wanted=["calls"])
    assert len(latest(world, CallLeg, "record_id")) == 1_700
    assert vendor.refused == 0


def test_users_are_managers_with_what_calls_name_and_their_mobiles() -> None:
    world, vendor = connected(CASES["mango"])
    vendor.staff = told = story(5, plain=False).staff
    world.pull(BEGIN + HOUR, begin=BEGIN, wanted=["users"], options=PullOptions(managers={"10": "m01", "11": "m01"}))
    found = latest(world, Manager, "manager_id")
    assert found["m01"].extensions == [f"{one}@b24" for one in told[0].extensions]
    assert (found["m01"].name, found["m01"].team, found["m01"].mobiles) == (told[0].name, "Продажи", ["+79160000077"])
    assert found["20"].extensions == [f"{told[1].extensions[0]}@b24"]


def test_user_who_is_mapped_otherwise_is_as_if_it_had_been_so() -> None:
    def managers(*steps: PullOptions) -> dict[str, list[str]]:
        world, vendor = connected(CASES["mango"])
        vendor.staff = story(5, plain=False).staff
        for hour, one in enumerate(steps, 1):
            world.pull(BEGIN + hour * 2 * HOUR, begin=BEGIN, wanted=["users"], options=one)
        rows: dict[Any, Manager] = {}
        for item in world.journal:
            if isinstance(item, Manager):
                rows[item.manager_id, item.valid_from] = item
        return {one.manager_id: one.extensions for one in rows.values() if not one.retracted}

    first, second = PullOptions(managers={"10": "m01"}), PullOptions(managers={"10": "m01", "11": "m01", "20": "-"})
    assert managers(PullOptions(), first, second) == managers(second)


def test_streams_of_exchanges_hold_no_organisations() -> None:
    """What an exchange cannot know is not made up."""
    world, vendor = connected(CASES["mango"])
    told = story(5, plain=False)
    play(world, vendor, told)
    world.pull(BEGIN + DAY, begin=BEGIN)
    assert not latest(world, Organisation, "organisation_id")


def test_zone_that_is_not_known_ends_the_stream() -> None:
    world, vendor = uis_world()
    answer = {"result": {"data": [{"timezone": "Mars/Olympus"}], "metadata": {}}}
    vendor.errors = [(200, answer)]
    with pytest.raises(Terminal, match="'Mars/Olympus' is not a zone"):
        world.pull(BEGIN + HOUR, begin=BEGIN, wanted=["calls"])


def test_zone_of_a_box_that_may_not_be_read_is_the_sources() -> None:
    world, vendor = connected(CASES["mikopbx"])
    assert isinstance(vendor, MikopbxBox)
    vendor.may_read_settings = False
    told = story(5, plain=True)
    play(world, vendor, told)
    with pytest.raises(Terminal, match="the key may not read the box's zone, and none is set"):
        world.pull(BEGIN + 2 * HOUR, begin=BEGIN, wanted=["calls"])
    plain = world.context
    world.context = lambda **more: msgspec.structs.replace(plain(**more), zone=ZoneInfo("Europe/Moscow"))  # type: ignore[method-assign]
    world.pull(BEGIN + 3 * DAY, begin=BEGIN, options=options(vendor, CASES["mikopbx"]))
    assert pulled_numbers(world) == true_numbers(told)


def test_rejected_row_of_a_box_does_not_hold_the_stream_up() -> None:
    world, vendor = connected(CASES["mikopbx"])
    assert isinstance(vendor, MikopbxBox)
    told = story(5, plain=True)
    vendor.staff = told.staff
    for call in told.calls:
        vendor.happens(call)
    vendor.rows[3].update(disposition="VANISHED")
    vendor.rows[4].update(start="yesterday")
    world.now += 2 * DAY
    world.pull(BEGIN + 3 * DAY, begin=BEGIN, wanted=["calls"])
    assert world.checkpoints.state is not None
    assert int(world.checkpoints.state.streams["calls"].cursor) == len(vendor.rows)


def test_voice_menu_of_a_box_is_a_machine_that_nobody_talked_to() -> None:
    row = {"id": "7", "UNIQUEID": "u7", "linkedid": "l1", "start": "2026-11-02 10:00:00.250", "src_num": "74950000001",
           "dst_num": "2200100", "disposition": "ANSWERED", "is_app": "1", "duration": "9", "billsec": "9"}  # fmt: skip
    found = leg_fields(row, Times(ZoneInfo("Europe/Moscow"), "ymd"), context("auto"))
    assert (found.disposition, found.extension, found.outside) == (Disposition.MACHINE, "", "74950000001")

"""Bitrix24 pulled from a portal that happens meanwhile: late calls, kills at any moment, limits, refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api.adapter import PullOptions
from connectors.bitrix24.api import Bitrix24Adapter
from connectors.bitrix24.webhook import answer as webhook
from connectors.http.webhook import Answered, Incoming
from schemas.errors import Terminal
from schemas.records import (
    CallLeg,
    FeedState,
    Manager,
    Organisation,
    Proposal,
    ProposalKind,
    Reason,
    Rejected,
    StageChange,
)
from tests.connectors.api.portal import Portal
from tests.connectors.api.virtual import BEGIN, World

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
STEP = 10 * MINUTE
STAGES = {"0/NEW": "new", "0/PREPARATION": "active", "0/WON": "customer", "0/LOSE": "disqualified"}


def latest(world: World, kind: type[Any], key: str) -> dict[str, Any]:
    """The journal's records of a kind as the workers keep them: by identity, the greatest version."""
    found: dict[str, Any] = {}
    for record in world.journal:
        if isinstance(record, kind):
            name = getattr(record, key)
            if name not in found or found[name].version <= record.version:
                found[name] = record
    return found


def legs(world: World) -> dict[str, CallLeg]:
    return latest(world, CallLeg, "record_id")


def true_calls(portal: Portal) -> dict[str, tuple[str, datetime, int]]:
    return {
        row["ID"]: (row["CALL_ID"], datetime.fromisoformat(row["CALL_START_DATE"]), int(row["CALL_DURATION"]))
        for row in portal.calls
    }


def pulled_calls(world: World) -> dict[str, tuple[str, datetime, int]]:
    return {name: (leg.call_id, leg.started_at, leg.billsec) for name, leg in legs(world).items()}


def test_history_and_late_calls_are_each_pulled_and_sent_once() -> None:
    world = World(BEGIN + 10 * DAY)
    for number in range(230):
        world.portal.call(BEGIN + number * HOUR, 60 + number)
    for number in range(20):  # a call of an hour is seen when it ends, among the ids that come then
        start = world.now + number * 10 * MINUTE
        world.at(start + (HOUR if number % 3 == 0 else MINUTE), partial(world.portal.call, start, 50))
    world.pull(world.now + 6 * HOUR, wanted=["calls"])
    assert pulled_calls(world) == true_calls(world.portal)
    sent = [item for item in world.journal if isinstance(item, CallLeg)]
    assert len(sent) == 250


def test_what_changes_later_is_found_by_the_settle_pass() -> None:
    world = World(BEGIN + DAY)
    row = world.portal.call(BEGIN + 20 * HOUR, 60)
    world.at(world.now + 3 * HOUR, lambda: row.update(CALL_RECORD_URL="https://records.example/1.mp3"))
    world.pull(world.now + 2 * HOUR, wanted=["calls"])
    assert legs(world)["1"].recording == ""
    world.pull(world.now + 8 * HOUR, wanted=["calls"])
    assert legs(world)["1"].recording == "https://records.example/1.mp3"


def test_quiet_hour_asks_one_request_each_five_minutes() -> None:
    world = World(BEGIN + HOUR)
    world.portal.call(BEGIN, 60)
    world.pull(world.now + 10 * MINUTE, wanted=["calls"])
    before = len(world.portal.asked)
    world.pull(world.now + HOUR, wanted=["calls"])
    assert 10 <= len(world.portal.asked) - before <= 14


@settings(max_examples=25)
@given(
    kills=st.lists(st.integers(1, 120), max_size=6),
    calls=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 90)), min_size=1, max_size=120),
    errors=st.lists(st.sampled_from([(500, b"<html>"), (200, b'{"result": [{"ID'), (0, b"")]), max_size=4),
)
def test_kills_and_errors_at_any_moment_lose_nothing_and_double_nothing(
    kills: list[int], calls: list[tuple[int, int]], errors: list[tuple[int, bytes]]
) -> None:
    world = World(BEGIN + 5 * HOUR)
    world.kills = sorted(kills)
    for start, minutes in sorted(calls, key=sum):
        at = BEGIN + start * MINUTE
        world.at(at + minutes * MINUTE, partial(world.portal.call, at, minutes * 60))
    world.pass_time(0)
    world.portal.errors = [*errors]
    world.pull(BEGIN + 13 * HOUR, wanted=["calls"])
    assert pulled_calls(world) == true_calls(world.portal)
    assert not latest(world, Rejected, "rejected_id")


def funnel(world: World) -> None:
    """A portal with users, two customers and a third who is a person, deals that move, quotes."""
    portal = world.portal
    portal.departments.append({"ID": "1", "NAME": "Продажи"})
    portal.user(7, "Анна", "Петрова", "101")
    portal.user(12, "Борис", "Ильин", "7")
    portal.user(15, "Ушла", "Давно", "101", active=False)
    portal.user(16, "Глеб", "Орлов", "105")
    portal.user(17, "Дина", "Орлова", "105")
    portal.users[0]["PERSONAL_MOBILE"] = "8 916 000-00-77"
    alfa, beta = portal.company("Альфа", "8 (495) 000-00-01"), portal.company("Бета", "нет")
    portal.contact("Иван", "+7 916 000-00-02", company=alfa)
    private = portal.contact("Пётр", "+79160000003")
    first, second, third = portal.deal(company=alfa), portal.deal(contact=private), portal.deal()
    world.at(BEGIN + STEP, lambda: portal.move(first, "PREPARATION"))
    world.at(BEGIN + 2 * STEP, lambda: portal.move(first, "WON"))
    world.at(BEGIN + 2 * STEP, lambda: portal.move(second, "STRANGE"))
    world.at(BEGIN + 3 * STEP, lambda: portal.move(third, "PREPARATION"))
    portal.quote(company=beta, amount="45000.00")
    portal.quote(company=alfa, amount="1.00", status="DRAFT")


def test_crm_streams_give_managers_organisations_stages_and_proposals() -> None:
    world = World()
    funnel(world)
    options = PullOptions(general_stages=("0/PREPARATION",))
    line = world.pull(BEGIN + 5 * STEP, options=options, stages=STAGES)
    found = latest(world, Manager, "manager_id")
    assert {one.manager_id: (one.name, one.team, one.extensions) for one in found.values()} == {
        "7": ("Анна Петрова", "Продажи", ["7@b24", "101"]),
        "12": ("Борис Ильин", "Продажи", ["12@b24", "7"]),  # not the user of that id: calls here name 7@b24
        "15": ("Ушла Давно", "Продажи", ["15@b24"]),
        "16": ("Глеб Орлов", "Продажи", ["16@b24"]),
        "17": ("Дина Орлова", "Продажи", ["17@b24"]),
    }
    assert [one.mobiles for one in found.values()] == [["+79160000077"], [], [], [], []]
    assert "numbers that several users have are not used: 105" in line.heartbeat().detail
    organisations = latest(world, Organisation, "organisation_id")
    assert {one.organisation_id: (one.name, one.phones) for one in organisations.values()} == {
        "CO_1": ("Альфа", ["+74950000001", "+79160000002"]),
        "CO_2": ("Бета", []),
        "C_2": ("Пётр", ["+79160000003"]),
    }
    stages, *_ = standing(world)
    assert {(name, at - BEGIN, stage) for name, at, stage in stages} == {
        ("CO_1", timedelta(0), "new"),
        ("C_2", timedelta(0), "new"),
        ("CO_1", STEP, "active"),
        ("CO_1", 2 * STEP, "customer"),
    }
    proposals = latest(world, Proposal, "proposal_id")
    assert {name: (one.kind, one.organisation_id, str(one.amount)) for name, one in proposals.items()} == {
        "Q_1": (ProposalKind.INDIVIDUAL, "CO_2", "45000.00"),
        "D_1:general": (ProposalKind.GENERAL, "CO_1", "0"),
    }
    rejects = latest(world, Rejected, "rejected_id").values()
    assert sorted(one.reason for one in rejects) == [
        Reason.UNKNOWN_ORGANISATION,
        Reason.UNKNOWN_ORGANISATION,
        Reason.UNKNOWN_STAGE,
    ]


@settings(max_examples=10)
@given(kills=st.lists(st.integers(1, 150), max_size=6))
def test_kills_change_nothing_of_what_the_crm_streams_give(kills: list[int]) -> None:
    def facts(world: World) -> tuple[Any, ...]:
        return (
            {name: one.phones for name, one in latest(world, Organisation, "organisation_id").items()},
            {(one.organisation_id, one.stage, one.changed_at) for one in world.journal if isinstance(one, StageChange)},
            latest(world, Proposal, "proposal_id").keys(),
            latest(world, Rejected, "rejected_id").keys(),
        )

    whole, broken = World(), World()
    broken.kills = sorted(kills)
    for world in (whole, broken):
        funnel(world)
        world.pull(BEGIN + 4 * STEP, stages=STAGES)
    assert facts(broken) == facts(whole)


@settings(max_examples=8)
@given(kills=st.lists(st.integers(1, 150), max_size=4))
def test_mapping_that_changes_is_as_if_it_had_been_so_from_the_beginning(kills: list[int]) -> None:
    """A stage that was named, one that means another, another manager: what was read before is taken back."""
    after = STAGES | {"0/STRANGE": "development", "0/PREPARATION": "new"}
    mapped = PullOptions(managers={"7": "m-07", "12": "-"})
    right, changed = World(), World()
    for world in (right, changed):
        funnel(world)
    right.pull(BEGIN + 6 * STEP, stages=after, options=mapped)
    changed.pull(BEGIN + 5 * STEP, stages=STAGES)
    before = len(changed.journal)
    changed.kills = [changed.moments + kill for kill in sorted(kills)]
    changed.pull(BEGIN + 6 * STEP, stages=after, options=mapped)
    assert standing(changed) == standing(right)
    assert not [one for one in changed.journal[before:] if isinstance(one, CallLeg)]  # calls depend on none of it
    assert changed.checkpoints.state is not None
    assert changed.checkpoints.state.before is None


def standing(world: World) -> tuple[Any, ...]:
    """What the workers would hold: by identity the greatest version, without what is taken back or resolved."""
    stages: dict[Any, StageChange] = {}
    for one in world.journal:
        if isinstance(one, StageChange):
            key = (one.organisation_id, one.changed_at, one.stage)
            if key not in stages or one.version >= stages[key].version:
                stages[key] = one
    managers = latest(world, Manager, "manager_id").values()
    rejects = latest(world, Rejected, "rejected_id").values()
    return (
        {key: one.manager_id for key, one in stages.items() if not one.retracted},
        {one.manager_id: one.extensions for one in managers if not one.retracted},
        {(one.reason, one.payload) for one in rejects if not one.resolved},
        {key: one.manager_id for key, one in latest(world, Organisation, "organisation_id").items()},
        {key: one.manager_id for key, one in latest(world, Proposal, "proposal_id").items()},
    )


def test_contact_that_changes_carries_its_company_with_it() -> None:
    world = World()
    funnel(world)
    contact = world.portal.contacts[0]

    def change() -> None:
        contact["PHONE"][0]["VALUE"] = "+79160000009"
        contact["DATE_MODIFY"] = world.portal.time(world.now)

    world.at(BEGIN + HOUR, change)
    world.pull(BEGIN + 2 * HOUR)
    assert latest(world, Organisation, "organisation_id")["CO_1"].phones == ["+74950000001", "+79160000009"]


def test_rate_is_kept_so_that_the_portal_refuses_nothing() -> None:
    world = World(BEGIN + DAY)
    for number in range(1_500):
        world.portal.call(BEGIN + number * timedelta(seconds=9), 5)
    began = world.now
    world.pull(began + 5 * MINUTE, wanted=["calls"])
    assert world.portal.refused == 0
    assert len(legs(world)) == 1_500
    assert world.checkpoints.state is not None
    done_at = world.checkpoints.state.streams["calls"].done_at
    assert done_at is not None


def test_time_of_a_method_is_left_before_it_is_used_up() -> None:
    world = World(BEGIN + DAY)
    world.portal.cost_s["voximplant.statistic.get"] = 60.0
    for number in range(600):
        world.portal.call(BEGIN + number * timedelta(seconds=9), 5)
    world.pull(world.now + HOUR, wanted=["calls"])
    assert world.portal.refused == 0
    assert len(legs(world)) == 600


@pytest.mark.parametrize("status_and_code", [(503, "QUERY_LIMIT_EXCEEDED"), (429, "OPERATION_TIME_LIMIT")])
def test_refusal_for_a_limit_waits_and_goes_on(status_and_code: tuple[int, str]) -> None:
    world = World(BEGIN + HOUR)
    world.portal.call(BEGIN, 60)
    world.portal.errors = [(status_and_code[0], {"error": status_and_code[1], "error_description": "limit"})] * 2
    world.pull(world.now + HOUR, wanted=["calls"])
    assert pulled_calls(world) == true_calls(world.portal)


def test_missing_right_ends_its_streams_with_words_and_the_others_go_on() -> None:
    world = World()
    funnel(world)
    world.portal.scopes = {"crm", "user"}
    line = world.pull(BEGIN + 10 * MINUTE, stages=STAGES)
    feed = line.heartbeat()
    assert feed.state is not FeedState.FAILED
    assert "calls: the webhook lacks a right" in feed.detail
    assert "insufficient_scope" in feed.detail
    assert latest(world, Organisation, "organisation_id").keys() == {"CO_1", "CO_2", "C_2"}
    world.portal.call(world.now, 5)
    world.portal.scopes.add("telephony")
    line = world.pull(world.now + 2 * HOUR, stages=STAGES)
    assert len(legs(world)) == 1
    assert "lacks a right" not in line.heartbeat().detail


def test_deleted_webhook_ends_the_listener_and_says_what_to_do() -> None:
    world = World()
    world.portal.errors = [(401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"})] * 99
    with pytest.raises(Terminal, match="make an inbound webhook"):
        world.pull(BEGIN + HOUR)
    assert len(world.portal.asked) == 1  # vendors punish who tries again


def test_portal_that_ignores_the_filter_ends_the_stream_instead_of_giving_all_of_history() -> None:
    world = World(BEGIN + DAY)
    world.portal.call(BEGIN - 40 * DAY, 60)
    world.portal.errors = [(200, {"result": [world.portal.calls[0]], "total": 1})]
    with pytest.raises(Terminal, match="ignores the filter by time"):
        world.pull(world.now + HOUR, wanted=["calls"])
    assert not world.journal


def test_answer_of_another_shape_ends_the_stream_with_what_is_missing() -> None:
    world = World(BEGIN + DAY)
    world.portal.errors = [(200, {"results": []})]
    with pytest.raises(Terminal, match="the answer has no result"):
        world.pull(world.now + HOUR, wanted=["calls"])


def test_same_call_from_the_webhook_the_export_and_the_api_is_one_call() -> None:
    world = World(BEGIN + HOUR)
    row = world.portal.call(BEGIN, 60)
    world.pull(world.now + MINUTE, wanted=["calls"])
    event = "&".join(f"data[{name}]={'' if value is None else value}" for name, value in row.items() if name != "ID")
    body = f"event=ONVOXIMPLANTCALLEND&auth[application_token]=t&{event.replace('+', '%2B')}".encode()
    answered = webhook(Incoming("POST", "", {}, {}, body), "t", world.context())
    assert isinstance(answered, Answered)
    (leg,) = answered.items
    assert isinstance(leg, CallLeg)
    ours = legs(world)["1"]
    assert (leg.source, leg.call_id, leg.extension, leg.contact) == (
        ours.source,
        ours.call_id,
        ours.extension,
        ours.contact,
    )


def test_address_that_is_not_a_webhooks_is_refused_without_being_shown() -> None:
    for wrong in ("https://x.bitrix24.ru/rest/1/", "x", "https://x.bitrix24.ru/marketplace/s3cret/"):
        with pytest.raises(Terminal) as caught:
            Bitrix24Adapter(PullOptions()).account(wrong)
        assert "s3cret" not in str(caught.value)


def test_customer_of_years_ago_is_known_whatever_day_the_history_of_calls_begins_with() -> None:
    world = World(BEGIN - 3000 * DAY)
    world.portal.deal(company=world.portal.company("Старая", "+74950000001"))
    world.now = BEGIN
    world.pull(BEGIN + HOUR, stages=STAGES)
    assert list(latest(world, Organisation, "organisation_id")) == ["CO_1"]
    assert [one.stage for one in world.journal if isinstance(one, StageChange)] == ["new"]


def test_portal_that_ignores_a_filter_by_ids_ends_the_stream() -> None:
    world = World()
    alfa = world.portal.company("Альфа", "+74950000001")
    contact = dict(world.portal.contacts[world.portal.contact("Иван", "1", company=alfa) - 1]) | {"COMPANY_ID": "9"}
    world.portal.errors = [(200, {"result": world.portal.companies}), (200, {"result": [contact]})]
    with pytest.raises(Terminal, match="the filter by COMPANY_ID is ignored"):
        world.pull(BEGIN + HOUR, wanted=["companies"])


def several_deals(world: World) -> None:
    """One customer, a deal that goes far, a second one that begins and is lost, one of its contact alone."""
    portal = world.portal
    alfa = portal.company("Альфа", "+74950000001")
    ivan = portal.contact("Иван", "+79160000002", company=alfa)
    first = portal.deal(company=alfa, stage="PREPARATION")
    deals: list[int] = []
    world.at(BEGIN + STEP, lambda: deals.append(portal.deal(contact=ivan)))
    world.at(BEGIN + 2 * STEP, lambda: portal.move(deals[0], "LOSE"))
    world.at(BEGIN + 3 * STEP, lambda: portal.move(first, "WON"))
    world.at(BEGIN + 4 * STEP, lambda: deals.append(portal.deal(company=alfa)))


def where(world: World) -> list[tuple[timedelta, str]]:
    stages, *_ = standing(world)
    return sorted((at - BEGIN, stage) for name, at, stage in stages if name == "CO_1")


@settings(max_examples=8)
@given(kills=st.lists(st.integers(1, 200), max_size=4))
def test_organisation_stands_where_its_furthest_open_deal_does(kills: list[int]) -> None:
    world = World()
    several_deals(world)
    world.kills = sorted(kills)
    world.pull(BEGIN + 6 * STEP, stages=STAGES)
    assert where(world) == [(timedelta(0), "active"), (3 * STEP, "customer"), (4 * STEP, "new")]


def test_rule_that_changes_takes_back_what_the_other_made() -> None:
    world = World()
    several_deals(world)
    latest_rule = PullOptions(deals="latest")
    world.pull(BEGIN + 5 * STEP, stages=STAGES)
    world.pull(BEGIN + 6 * STEP, stages=STAGES, options=latest_rule)
    every_move = [
        (timedelta(0), "active"),
        (STEP, "new"),
        (2 * STEP, "disqualified"),
        (3 * STEP, "customer"),
        (4 * STEP, "new"),
    ]
    assert where(world) == every_move
    world.pull(BEGIN + 8 * STEP, stages=STAGES)
    assert where(world) == [(timedelta(0), "active"), (3 * STEP, "customer"), (4 * STEP, "new")]


def test_portal_that_is_away_for_half_a_day_is_waited_for_with_growing_pauses() -> None:
    world = World(BEGIN + HOUR)
    world.portal.call(BEGIN, 60)
    world.portal.is_away = True
    line = world.pull(world.now + 12 * HOUR, wanted=["calls"])
    assert (line.heartbeat().state, line.heartbeat().detail) == (FeedState.AWAY, "portal.example: no answer")
    assert len(world.portal.asked) < 12 * 60 / 2.5 + 20  # every five minutes at most, in the end
    world.portal.is_away = False
    line = world.pull(world.now + HOUR, wanted=["calls"])
    assert line.heartbeat().state is FeedState.LIVE
    assert pulled_calls(world) == true_calls(world.portal)


def test_calls_that_another_exchange_has_registered_are_left_out_where_it_is_a_source_itself() -> None:
    world = World(BEGIN + HOUR)
    world.portal.call(BEGIN, 60)
    world.portal.call(BEGIN + MINUTE, 60, CALL_ID="externalCall.9a3f.1700000000", REST_APP_ID="7")
    world.pull(world.now + MINUTE, wanted=["calls"], options=PullOptions(copies="skip"))
    assert list(legs(world)) == ["1"]
    world.portal.call(world.now, 60)
    world.pull(world.now + HOUR, wanted=["calls"], options=PullOptions(copies="skip"))
    assert list(legs(world)) == ["1", "3"]

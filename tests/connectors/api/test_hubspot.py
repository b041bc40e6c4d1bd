"""HubSpot pulled from an account that happens meanwhile: histories, an index that lags, kills, merges, refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api.adapter import ApiResponse, PullOptions, VerdictKind
from connectors.api.survey import Asking, StageKind
from connectors.hubspot.api import HubspotAdapter, classify
from connectors.hubspot.survey import survey
from schemas.records import CallLeg, Manager, Organisation, Proposal, ProposalStatus, Reason, Rejected
from tests.connectors.api.exchanges.hubspot import TOKEN, HubspotAccount
from tests.connectors.api.test_bitrix24 import latest, standing
from tests.connectors.api.virtual import BEGIN, World

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
STEP = 20 * MINUTE
STAGES = {"default/appointment": "new", "offer": "active", "default/won": "customer", "default/lost": "disqualified"}


def connected(now: datetime = BEGIN) -> tuple[World, HubspotAccount]:
    world = World(now)
    world.vendor = account = HubspotAccount(lambda: world.now)
    world.adapter = HubspotAdapter
    world.account = HubspotAdapter(PullOptions()).account(f"https://portal.example {TOKEN}")
    return world, account


def funnel(world: World, account: HubspotAccount) -> None:
    account.owners += [
        {"id": "7", "userId": 107, "firstName": "Анна", "lastName": "Петрова", "teams": [{"name": "Север"}]},
        {"id": "12", "userId": 112, "firstName": "Борис", "lastName": "Ильин"},
    ]
    alfa = account.company("Альфа", "8 (495) 000-00-01")
    account.contact("Иван", "+7 916 000-00-02", company=alfa)
    private = account.contact("Пётр", "+79160000003")
    first = account.deal("appointment", company=alfa, amount="5000.50")
    second = account.deal("appointment", contact=private)
    nobody = account.deal("offer")
    account.quote(alfa, "700")
    account.quote(alfa, "900", status="DRAFT")
    world.at(BEGIN + STEP, lambda: account.change("deals", first, 112, dealstage="offer"))
    world.at(BEGIN + 2 * STEP, lambda: account.change("deals", first, dealstage="won", amount="4800"))
    world.at(BEGIN + 2 * STEP, lambda: account.change("deals", second, 107, dealstage="other"))
    world.at(BEGIN + 3 * STEP, lambda: account.change("deals", nobody, 107, dealstage="lost"))
    world.at(BEGIN + 3 * STEP, lambda: account.change("deals", first, 112, amount=None))


def test_streams_give_managers_organisations_moves_with_their_author_quotes_and_amounts() -> None:
    world, account = connected()
    funnel(world, account)
    world.pull(BEGIN + 4 * STEP, stages=STAGES, options=PullOptions(proposals=("quotes", "deals")))
    alfa, *_ = account.objects["companies"]
    _, private = account.objects["contacts"]
    managers = latest(world, Manager, "manager_id")
    assert {name: (one.name, one.team, one.extensions) for name, one in managers.items()} == {
        "7": ("Петрова Анна", "Север", ["7@b24"]),
        "12": ("Ильин Борис", "", ["12@b24"]),
    }
    organisations = latest(world, Organisation, "organisation_id")
    assert {name: (one.name, one.phones, one.manager_id) for name, one in organisations.items()} == {
        f"CO_{alfa}": ("Альфа", ["+74950000001", "+79160000002"], "7"),
        f"C_{private}": ("Пётр", ["+79160000003"], "7"),
    }
    stages, *_ = standing(world)
    assert {(name, at - BEGIN, stage): by for (name, at, stage), by in stages.items()} == {
        (f"CO_{alfa}", timedelta(0), "new"): "7",
        (f"CO_{alfa}", STEP, "active"): "12",
        (f"CO_{alfa}", 2 * STEP, "customer"): "7",  # no user did it: the deal's owner
        (f"C_{private}", timedelta(0), "new"): "7",
    }
    proposals = [one for one in world.journal if isinstance(one, Proposal)]
    amounts = {(one.revision, one.amount, one.status, one.manager_id) for one in proposals if one.proposal_id[0] == "D"}
    assert amounts == {
        (1, Decimal("5000.50"), ProposalStatus.SENT, "7"),
        (2, Decimal(4800), ProposalStatus.SENT, "7"),
        (3, Decimal(0), ProposalStatus.WITHDRAWN, "12"),
    }
    assert {(one.amount, one.currency) for one in proposals if one.proposal_id[0] == "Q"} == {(Decimal(700), "EUR")}
    reasons = {one.reason for one in latest(world, Rejected, "rejected_id").values()}
    assert reasons == {Reason.UNKNOWN_STAGE, Reason.UNKNOWN_ORGANISATION}
    assert account.refused == 0


@settings(max_examples=10)
@given(kills=st.lists(st.integers(1, 160), max_size=5), lag_s=st.sampled_from((0, 30, 500)))
def test_kills_and_a_late_index_change_nothing_and_a_new_mapping_is_as_if_it_had_been_so(
    kills: list[int], lag_s: int
) -> None:
    after = STAGES | {"other": "development", "offer": "new"}
    worlds = [connected() for _ in range(2)]
    for world, account in worlds:
        funnel(world, account)
    (right, _), (broken, late) = worlds
    right.pull(BEGIN + 5 * STEP, stages=after)
    late.index_lags = timedelta(seconds=lag_s)
    broken.kills = sorted(kills)
    broken.pull(BEGIN + 4 * STEP, stages=STAGES)
    broken.pull(BEGIN + 5 * STEP, stages=after)
    assert standing(broken) == standing(right)


@settings(max_examples=10)
@given(
    kills=st.lists(st.integers(1, 60), max_size=4),
    bursts=st.lists(st.tuples(st.integers(0, 5 * 24 * 60), st.integers(1, 400)), min_size=1, max_size=4),
)
def test_thousands_that_changed_in_one_moment_are_all_read(kills: list[int], bursts: list[tuple[int, int]]) -> None:
    """An import gives one time to more objects than a search gives: ids tell them apart."""
    world, account = connected()
    account.most_found = 100
    for minute, size in sorted(bursts):
        world.now = BEGIN + minute * MINUTE
        for _ in range(size):
            account.contact("x", "+79160000003")
    world.now = BEGIN + 6 * DAY
    world.kills = sorted(kills)
    world.pull(world.now + HOUR, wanted=["contacts"])
    assert latest(world, Organisation, "organisation_id").keys() == {f"C_{one}" for one in account.objects["contacts"]}


def test_what_is_deleted_or_merged_is_taken_back_and_comes_back_when_it_is_restored() -> None:
    world, account = connected()
    alfa, beta, gamma = (account.company(name, f"+7495000000{n}") for n, name in enumerate(("А", "Б", "В")))
    account.contact("Иван", "+79160000002", company=beta)
    world.at(BEGIN + HOUR, lambda: account.archive("companies", gamma))
    world.at(BEGIN + HOUR, lambda: account.merge("companies", beta, alfa))
    world.pull(BEGIN + 3 * HOUR)
    found = latest(world, Organisation, "organisation_id")
    assert {name: bool(one.retracted) for name, one in found.items()} == {
        f"CO_{alfa['id']}": False, f"CO_{beta['id']}": True, f"CO_{gamma['id']}": True,
    }  # fmt: skip
    assert found[f"CO_{alfa['id']}"].phones == ["+74950000000", "+79160000002"]
    account.objects["companies"][int(gamma["id"])] = account.archived["companies"].pop(int(gamma["id"]))
    account.change("companies", gamma, name="В снова")
    world.pull(world.now + 2 * HOUR)
    assert not latest(world, Organisation, "organisation_id")[f"CO_{gamma['id']}"].retracted


def test_calls_are_notes_with_the_exchanges_id_and_are_left_out_where_settings_say() -> None:
    world, account = connected()
    account.add("calls", hs_timestamp="2026-11-02T06:00:00Z", hs_call_direction="OUTBOUND", hs_call_duration="61500",
                hs_call_to_number="+7 495 000-00-01", hs_call_status="COMPLETED", hs_call_external_id="pbx-1",
                hubspot_owner_id="7")  # fmt: skip
    account.add("calls", hs_timestamp="1793602800000", hs_call_direction="INBOUND", hs_call_duration=None,
                hs_call_from_number="+74950000002", hs_call_status=None)  # fmt: skip
    account.add("calls", hs_timestamp=None, hs_call_direction="OUTBOUND", hs_call_duration="5")
    world.pull(BEGIN + HOUR, wanted=["calls"])
    legs = sorted(latest(world, CallLeg, "record_id").values(), key=lambda leg: leg.record_id)
    assert [(leg.call_id, leg.billsec, leg.contact, leg.extension, leg.noted) for leg in legs] == [
        ("pbx-1", 61, "+74950000001", "7", 1),
        (legs[1].record_id, 0, "+74950000002", "", 1),
    ]
    assert [one.reason for one in latest(world, Rejected, "rejected_id").values()] == [Reason.BAD_TIME]
    other, _ = connected()
    assert "calls" not in {one.name for one in other.adapter(PullOptions(copies="skip")).streams()}


def test_scope_that_lacks_ends_its_stream_and_the_others_go_on() -> None:
    world, account = connected()
    funnel(world, account)
    account.scopes.remove("quotes")
    line = world.pull(BEGIN + STEP, stages=STAGES)
    assert "quotes: the private app lacks a scope" in line.heartbeat().detail
    assert latest(world, Organisation, "organisation_id")


@pytest.mark.parametrize(
    ("status", "body", "kind", "wait_s"),
    [
        (429, b'{"policyName": "DAILY"}', VerdictKind.SLOW_DOWN, 3600.0),
        (429, b'{"policyName": "SECONDLY"}', VerdictKind.SLOW_DOWN, 1.0),
        (429, b"<html>", VerdictKind.SLOW_DOWN, 10.0),
        (477, b"", VerdictKind.SLOW_DOWN, 10.0),
        (423, b"", VerdictKind.SLOW_DOWN, 10.0),
        (502, b"<html>", VerdictKind.RETRY, 0.0),
        (207, b"{}", VerdictKind.OK, 0.0),
        (400, b"{}", VerdictKind.FATAL, 0.0),
    ],
)
def test_refusals_mean_what_the_vendor_says(status: int, body: bytes, kind: VerdictKind, wait_s: float) -> None:
    verdict = classify(ApiResponse(status, {}, body))
    assert (verdict.kind, verdict.wait_s) == (kind, wait_s)


def test_survey_has_stages_in_their_order_with_what_they_mean_and_how_much_there_is() -> None:
    world, account = connected()
    funnel(world, account)
    asking = Asking(
        HubspotAdapter(PullOptions()), world.account, world, now=lambda: world.now, sleep=world.pass_time
    )  # fmt: skip
    found = asking.survey(survey(BEGIN))
    assert [(one.key, one.kind) for one in found.stages] == [
        ("default/appointment", StageKind.OPEN), ("default/offer", StageKind.OPEN),
        ("default/won", StageKind.WON), ("default/lost", StageKind.LOST),
    ]  # fmt: skip
    assert [user.user_id for user in found.users] == ["7", "12"]
    assert {size.stream: size.rows for size in found.sizes} == {"companies": 1, "contacts": 2, "deals": 3, "calls": 0}

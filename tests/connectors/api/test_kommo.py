"""Kommo and amoCRM pulled from an account that happens meanwhile: windows that are halved, kills, refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api.adapter import Account, PullOptions
from connectors.api.deals import DealRule
from connectors.api.survey import Asking, StageKind
from connectors.kommo.api import KommoAdapter
from connectors.kommo.survey import survey
from pipeline.stitch import stitch
from schemas.errors import Terminal
from schemas.records import CallLeg, Disposition, Manager, Organisation, Proposal, ProposalStatus, Reason, Rejected
from tests.connectors.api.kommo_account import LOST, TOKEN, WON
from tests.connectors.api.test_bitrix24 import latest, standing
from tests.connectors.api.virtual import BEGIN, World

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
STEP = 10 * MINUTE
STAGES = {"5/11": "new", "5/12": "active", "142": "customer", "5/143": "disqualified"}


def world(now: datetime = BEGIN) -> World:
    found = World(now)
    found.adapter = KommoAdapter
    found.account = KommoAdapter(PullOptions()).account(f"https://portal.example {TOKEN}")
    return found


def funnel(found: World) -> None:
    account = found.kommo
    account.lists["users"] += [{"id": 7, "name": "Анна Петрова"}, {"id": 12, "name": "Борис Ильин"}]
    alfa = account.company("Альфа", "8 (495) 000-00-01")
    account.contact("Иван", "+7 916 000-00-02", company=alfa)
    private = account.contact("Пётр", "+79160000003")
    first = account.lead(11, company=alfa, price=5000)
    second, third = account.lead(11, contact=private), account.lead(12)
    found.at(BEGIN + STEP, lambda: account.move(first, 12, by=12))
    found.at(BEGIN + 2 * STEP, lambda: account.move(first, WON, by=0))
    found.at(BEGIN + 2 * STEP, lambda: account.move(second, 99))
    found.at(BEGIN + 3 * STEP, lambda: account.move(third, LOST))


def test_streams_give_managers_organisations_moves_with_their_author_and_prices() -> None:
    found = world()
    funnel(found)
    found.pull(BEGIN + 4 * STEP, stages=STAGES, options=PullOptions(proposals=("deals",)))
    third = str(found.kommo.lists["leads"][2]["id"])
    alfa, private = found.kommo.lists["companies"][0]["id"], found.kommo.lists["contacts"][1]["id"]
    managers = latest(found, Manager, "manager_id")
    assert {name: (one.name, one.extensions) for name, one in managers.items()} == {
        "7": ("Анна Петрова", ["7@b24"]),
        "12": ("Борис Ильин", ["12@b24"]),
    }
    organisations = latest(found, Organisation, "organisation_id")
    assert {name: (one.name, one.phones) for name, one in organisations.items()} == {
        f"CO_{alfa}": ("Альфа", ["+74950000001", "+79160000002"]),
        f"C_{private}": ("Пётр", ["+79160000003"]),
    }
    stages, *_ = standing(found)
    assert {(name, at - BEGIN, stage): by for (name, at, stage), by in stages.items()} == {
        (f"CO_{alfa}", timedelta(0), "new"): "7",
        (f"CO_{alfa}", STEP, "active"): "12",
        (f"CO_{alfa}", 2 * STEP, "customer"): "7",  # a robot did it: the lead's responsible
        (f"C_{private}", timedelta(0), "new"): "7",
        (third, timedelta(0), "active"): "7",
        (third, 3 * STEP, "disqualified"): "7",
    }
    (price,) = latest(found, Proposal, "proposal_id").values()
    assert (price.organisation_id, price.amount, price.currency) == (f"CO_{alfa}", 5000, "RUB")
    assert {one.reason for one in latest(found, Rejected, "rejected_id").values()} == {Reason.UNKNOWN_STAGE}
    assert found.kommo.refused == 0


@settings(max_examples=8)
@given(kills=st.lists(st.integers(1, 120), max_size=5))
def test_kills_change_nothing_and_a_mapping_that_changes_is_as_if_it_had_been_so(kills: list[int]) -> None:
    after = STAGES | {"5/99": "development", "5/12": "new"}
    right, broken = world(), world()
    for one in (right, broken):
        funnel(one)
    right.pull(BEGIN + 5 * STEP, stages=after)
    broken.kills = sorted(kills)
    broken.pull(BEGIN + 4 * STEP, stages=STAGES)
    broken.pull(BEGIN + 5 * STEP, stages=after)
    assert standing(broken) == standing(right)


@settings(max_examples=10)
@given(
    kills=st.lists(st.integers(1, 60), max_size=4),
    bursts=st.lists(st.tuples(st.integers(0, 5 * 24 * 60), st.integers(1, 400)), min_size=1, max_size=4),
)
def test_windows_that_do_not_fit_into_a_page_are_halved_and_nothing_is_missing(
    kills: list[int], bursts: list[tuple[int, int]]
) -> None:
    """Imports make hundreds of contacts within one second."""
    found = world(BEGIN)
    for minute, size in sorted(bursts):
        found.now = BEGIN + minute * MINUTE
        for _ in range(size):
            found.kommo.contact("x", "+79160000003")
    found.now = BEGIN + 6 * DAY
    found.kills = sorted(kills)
    found.pull(found.now + 10 * MINUTE, wanted=["contacts"])
    assert len(latest(found, Organisation, "organisation_id")) == sum(size for _, size in bursts)


def test_copies_of_a_call_at_a_contact_and_its_lead_are_one_call() -> None:
    found = world()
    found.kommo.call("contacts", "pbx-1", 60)
    found.kommo.call("leads", "pbx-1", 60)
    found.kommo.call("companies", "pbx-2", 0, way="call_in")
    found.kommo.add("contacts/notes", note_type="common", params={"text": "hello"})
    found.pull(BEGIN + HOUR)
    legs = list(latest(found, CallLeg, "record_id").values())
    calls = {leg.call_id: stitch([one for one in legs if one.call_id == leg.call_id]) for leg in legs}
    assert {name: (one.disposition, one.talk_s, one.extension) for name, one in calls.items()} == {
        "pbx-1": (Disposition.ANSWERED, 60, "7"),
        "pbx-2": (Disposition.NO_ANSWER, 0, ""),
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "make a new one"), (402, "not paid"), (403, "address is blocked")],
)
def test_refusal_ends_the_listener_with_words(status: int, expected: str) -> None:
    found = world()
    found.kommo.errors = [(status, {"title": "x", "status": status, "detail": "why"})] * 20
    with pytest.raises(Terminal, match=expected) as caught:
        found.pull(BEGIN + HOUR)
    assert TOKEN not in str(caught.value)
    assert len(found.kommo.asked) <= 8  # at most one for each stream


def test_limit_waits_and_no_right_to_users_leaves_the_rest() -> None:
    found = world()
    funnel(found)
    found.kommo.errors = [(429, {"title": "Too Many Requests", "status": 429})] * 2
    found.kommo.is_admin = False
    line = found.pull(BEGIN + HOUR, stages=STAGES)
    assert "users: the token's user may not read this" in line.heartbeat().detail
    assert len(latest(found, Organisation, "organisation_id")) == 2


def test_survey_reads_pipelines_and_users() -> None:
    found = world()
    statuses = [{"id": 11, "name": "Новая", "sort": 10}, {"id": WON, "name": "Успех", "sort": 90}]
    found.kommo.pipelines = [{"id": 5, "name": "Воронка", "sort": 1, "_embedded": {"statuses": statuses}}]
    funnel(found)
    asking = Asking(KommoAdapter(PullOptions()), found.account, found, now=lambda: found.now, sleep=found.pass_time)
    seen = asking.survey(survey(BEGIN))
    assert [(one.key, one.kind) for one in seen.stages] == [("5/11", StageKind.OPEN), ("5/142", StageKind.WON)]
    assert [one.user_id for one in seen.users] == ["7", "12"]
    found.kommo.is_admin = False
    assert asking.survey(survey(BEGIN)).missing


def test_secret_is_an_address_and_a_token() -> None:
    for wrong in (
        "https://x.amocrm.ru",
        TOKEN,
        "https://x.amocrm.ru short",
        f"x.amocrm.ru {TOKEN}",
        f"https://x.amocrm.ru {TOKEN} more",
    ):
        with pytest.raises(Terminal) as caught:
            KommoAdapter(PullOptions()).account(wrong)
        assert TOKEN not in str(caught.value)


def test_access_token_that_ends_is_renewed_and_nothing_is_asked_twice_over() -> None:
    found = world()
    funnel(found)
    right = found.account
    found.account = KommoAdapter(PullOptions()).account(f"https://portal.example {TOKEN}x")
    renewals: list[int] = []

    def renew() -> Account:
        renewals.append(1)
        return right

    found.renew = renew
    found.pull(BEGIN + HOUR, stages=STAGES)
    assert len(renewals) == 1
    assert len(latest(found, Organisation, "organisation_id")) == 2


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("furthest", [(timedelta(0), "active"), (3 * STEP, "customer"), (4 * STEP, "new")]),
        (
            "latest",
            [
                (timedelta(0), "active"),
                (STEP, "new"),
                (2 * STEP, "disqualified"),
                (3 * STEP, "customer"),
                (4 * STEP, "new"),
            ],
        ),
    ],
)
def test_organisation_of_several_leads_stands_by_the_rule(
    rule: DealRule, expected: list[tuple[timedelta, str]]
) -> None:
    """A lead that goes far, a second one of the company's contact that is lost, a third."""
    found = world()
    account = found.kommo
    alfa = account.company("Альфа", "+74950000001")
    ivan = account.contact("Иван", "+79160000002", company=alfa)
    first = account.lead(12, company=alfa)
    later: list[Any] = []
    found.at(BEGIN + STEP, lambda: later.append(account.lead(11, contact=ivan)))
    found.at(BEGIN + 2 * STEP, lambda: account.move(later[0], LOST))
    found.at(BEGIN + 3 * STEP, lambda: account.move(first, WON))
    found.at(BEGIN + 4 * STEP, lambda: later.append(account.lead(11, company=alfa)))
    found.pull(BEGIN + 6 * STEP, stages=STAGES, options=PullOptions(deals=rule))
    stages, *_ = standing(found)
    assert sorted((at - BEGIN, stage) for _, at, stage in stages) == expected


def test_price_is_a_proposal_from_when_it_was_set_with_a_revision_for_each_change() -> None:
    found = world()
    account = found.kommo
    alfa = account.company("Альфа", "+74950000001")
    lead = account.lead(11, company=alfa)
    other = account.lead(11, company=alfa, price=700)
    found.at(BEGIN + STEP, lambda: account.price(lead, 5000, by=12))
    found.at(BEGIN + 2 * STEP, lambda: account.price(lead, 4500))
    found.at(BEGIN + 3 * STEP, lambda: account.price(other, 0))
    found.pull(BEGIN + 5 * STEP, stages=STAGES, options=PullOptions(proposals=("deals",)))
    rows: dict[tuple[str, int], Proposal] = {}
    for item in found.journal:
        if isinstance(item, Proposal):
            rows[item.proposal_id, item.revision] = item
    assert {key: (int(one.amount), one.sent_at - BEGIN, one.manager_id, one.status) for key, one in rows.items()} == {
        (f"D_{lead['id']}", 1): (5000, STEP, "12", ProposalStatus.SENT),
        (f"D_{lead['id']}", 2): (4500, 2 * STEP, "7", ProposalStatus.SENT),
        (f"D_{other['id']}", 1): (700, timedelta(0), "7", ProposalStatus.SENT),
        (f"D_{other['id']}", 2): (0, 3 * STEP, "7", ProposalStatus.WITHDRAWN),
    }


@settings(max_examples=8)
@given(kills=st.lists(st.integers(1, 80), max_size=4))
def test_deleted_and_merged_are_taken_back_and_the_winner_has_the_numbers(kills: list[int]) -> None:
    found = world()
    account = found.kommo
    alfa, beta = account.company("Альфа", "+74950000001"), account.company("Бета", "+74950000002")
    gamma, pyotr = account.company("Гамма", "+74950000003"), account.contact("Пётр", "+79160000003")
    found.at(BEGIN + STEP, lambda: account.merge("company", beta, alfa))
    found.at(BEGIN + 2 * STEP, lambda: account.delete("company", gamma))
    found.at(BEGIN + 3 * STEP, lambda: account.delete("contact", pyotr))
    found.kills = sorted(kills)
    found.pull(BEGIN + 5 * STEP)
    rows = latest(found, Organisation, "organisation_id")
    assert {name: one.phones for name, one in rows.items() if not one.retracted} == {
        f"CO_{alfa['id']}": ["+74950000001", "+74950000002"]
    }
    assert {name for name, one in rows.items() if one.retracted} == {
        f"CO_{beta['id']}", f"CO_{gamma['id']}", f"C_{pyotr['id']}",
    }  # fmt: skip


def test_company_that_came_back_is_not_taken_back() -> None:
    found = world()
    account = found.kommo
    gamma = account.company("Гамма", "+74950000003")
    found.now += STEP
    account.delete("company", gamma)
    gamma["updated_at"] = int(found.now.timestamp())
    account.lists["companies"].append(gamma)
    found.pull(found.now + 5 * STEP)
    (row,) = latest(found, Organisation, "organisation_id").values()
    assert not row.retracted


def test_notes_of_calls_are_left_out_where_the_exchange_is_a_source_itself() -> None:
    found = world()
    found.kommo.call("contacts", "pbx-1", 60)
    found.pull(BEGIN + HOUR, options=PullOptions(copies="skip"))
    assert not latest(found, CallLeg, "record_id")

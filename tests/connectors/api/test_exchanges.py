"""Cloud exchanges pulled while a department works: what is pulled counts as the department's own truth does, through
kills, errors, silence and late rows at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.api.adapter import Adapter, PullOptions
from connectors.beeline.api import BeelineAdapter
from connectors.hubspot.api import HubspotAdapter
from connectors.mango.api import MangoAdapter
from connectors.megafon.api import MegafonAdapter
from connectors.mikopbx.api import MikopbxAdapter
from connectors.mts.api import MtsAdapter
from connectors.threecx.api import ThreeCxAdapter
from connectors.uis.api import UisAdapter
from connectors.zadarma.api import ZadarmaAdapter
from schemas.errors import Terminal
from schemas.records import CallLeg, FeedState, Rejected
from tests.connectors.api.department_story import BEGIN, Story, play, pulled_numbers, story, true_numbers
from tests.connectors.api.exchanges import crmapi, hubspot, mango, mikopbx, operators, threecx, uis, zadarma
from tests.connectors.api.exchanges.vendor import Answer, Vendor
from tests.connectors.api.test_bitrix24 import latest
from tests.connectors.api.virtual import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Case(NamedTuple):
    adapter: Callable[[PullOptions], Adapter]
    make: Callable[[Callable[[], datetime]], Vendor]
    secret: str
    plain: bool
    """A call is one row: transfers are not told."""
    cut: Answer
    """An answer that breaks off, or is not the vendor's."""


CASES = {
    "mango": Case(MangoAdapter, mango.MangoExchange, f"https://portal.example {mango.SECRET}", False, (500, b"<h")),
    "uis": Case(
        UisAdapter, uis.UisAccount, f"https://portal.example/v2.0 {uis.TOKEN}", True, (200, b'{"result": {"data": [')
    ),
    "megafon": Case(
        MegafonAdapter, crmapi.CrmapiExchange, f"https://portal.example {crmapi.KEY}", True, (200, b'[{"uid": "1", ')
    ),
    "mikopbx": Case(
        MikopbxAdapter, mikopbx.MikopbxBox, f"https://portal.example {mikopbx.KEY}", True, (200, b'{"data": {"rec')
    ),
    "beeline": Case(
        BeelineAdapter, operators.BeelinePortal, f"https://portal.example {operators.TOKEN}", True, (200, b'[{"st')
    ),
    "mts": Case(MtsAdapter, operators.MtsPortal, f"https://portal.example {operators.TOKEN}", True, (200, b'{"con')),
    "hubspot": Case(
        HubspotAdapter, hubspot.HubspotAccount, f"https://portal.example {hubspot.TOKEN}", True, (200, b'{"results": [')
    ),
    "3cx": Case(
        ThreeCxAdapter,
        threecx.ThreeCxBox,
        f"https://portal.example {threecx.CLIENT} {threecx.CLIENT_SECRET}",
        True,
        (200, b'{"value": [{"Main'),
    ),
    "zadarma": Case(
        ZadarmaAdapter, zadarma.ZadarmaAccount, f"https://portal.example {zadarma.SECRET}", True, (200, b'{"stats": [{')
    ),
}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def connected(case: Case, now: datetime = BEGIN) -> tuple[World, Vendor]:
    world = World(now)
    world.vendor = vendor = case.make(lambda: world.now)
    world.adapter = case.adapter
    adapter = case.adapter(PullOptions())
    world.account = adapter.account(case.secret)
    if isinstance(vendor, threecx.ThreeCxBox):
        renewing = adapter.refreshing(case.secret)
        assert renewing is not None
        world.renew = lambda: renewing.account(vendor.issue())
        world.account = world.renew()
    return world, vendor


def options(vendor: Vendor, case: Case) -> PullOptions:
    """Each user is the manager whose extension it is."""
    forms = {
        MegafonAdapter: "user{0}",
        ThreeCxAdapter: "{1}",
        HubspotAdapter: "9{0}",
        ZadarmaAdapter: "{1}",
        BeelineAdapter: "{0}@ip.beeline.ru",
    }
    form = next((form for adapter, form in forms.items() if case.adapter is adapter), "{0}")
    return PullOptions(managers={form.format(user, extension): manager for user, extension, manager in vendor.users()})


def pull(world: World, vendor: Vendor, case: Case, told: Story, until: datetime) -> None:
    world.pull(until, begin=BEGIN, options=options(vendor, case))


@settings(max_examples=6, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(CASES)))
def test_department_counts_as_its_own_truth_through_kills_errors_and_late_rows(data: st.DataObject, name: str) -> None:
    case = CASES[name]
    world, vendor = connected(case)
    told = story(data.draw(st.integers(1, 50), label="seed"), plain=case.plain)
    play(world, vendor, told, data.draw(st.lists(st.integers(0, 90), min_size=1, max_size=5), label="late"))
    world.kills = sorted(data.draw(st.lists(st.integers(1, 3_000), max_size=6), label="kills"))
    bad: list[Answer] = [(500, b"<html>"), (0, b""), (429, b"{}"), case.cut]
    for hour in data.draw(st.lists(st.integers(0, 47), max_size=8), label="errors at"):
        error = data.draw(st.sampled_from(bad))
        world.at(BEGIN + hour * HOUR, lambda error=error: vendor.errors.append(error))  # type: ignore[misc]
    pull(world, vendor, case, told, BEGIN + 3 * DAY)
    assert true_numbers(told)
    assert pulled_numbers(world) == true_numbers(told)
    assert not latest(world, Rejected, "rejected_id")
    assert vendor.refused <= 3 + 3 * 6  # a killed process does not know what the last one asked


def test_history_that_is_there_already_is_pulled_within_the_limits_and_sent_once(case: Case) -> None:
    world, vendor = connected(case, BEGIN + 60 * DAY)
    told = story(7, plain=case.plain)
    vendor.staff = told.staff
    for call in told.calls:
        vendor.happens(call)
    pull(world, vendor, case, told, world.now + 3 * HOUR)
    assert pulled_numbers(world) == true_numbers(told)
    legs = [one for one in world.journal if isinstance(one, CallLeg)]
    assert len(legs) == len({leg.record_id for leg in legs})
    assert vendor.refused == 0


def test_account_that_is_away_for_a_day_is_waited_for(case: Case) -> None:
    world, vendor = connected(case)
    told = story(3, plain=case.plain)
    play(world, vendor, told)
    world.at(BEGIN + 9 * HOUR, lambda: setattr(vendor, "is_away", True))
    world.at(BEGIN + 33 * HOUR, lambda: setattr(vendor, "is_away", False))
    line = world.pull(BEGIN + 30 * HOUR, begin=BEGIN, options=options(vendor, case))
    assert line.heartbeat().state is FeedState.AWAY
    pull(world, vendor, case, told, BEGIN + 3 * DAY)
    assert pulled_numbers(world) == true_numbers(told)


def test_wrong_key_ends_the_listener_after_one_request_and_is_in_no_word(case: Case) -> None:
    world, vendor = connected(case)
    world.renew = None  # a token that is asked for with a wrong secret is refused: test_tokens
    address, _, key = case.secret.partition(" ")
    world.account = case.adapter(PullOptions()).account(f"{address} {'x' + key[1:]}")
    with pytest.raises(Terminal) as caught:
        world.pull(BEGIN + HOUR)
    assert key[1:] not in str(caught.value)
    assert len(vendor.asked) == 1


def test_secret_of_another_shape_is_refused_without_being_shown(case: Case) -> None:
    for wrong in (
        "",
        "s3cretword",
        "https://portal.example",
        "https://portal.example a b",
        "ftp://x s3cretword0:s3cretword",
    ):
        with pytest.raises(Terminal) as caught:
            case.adapter(PullOptions()).account(wrong)
        assert "s3cret" not in str(caught.value)


def test_answer_of_another_shape_ends_the_stream_with_what_is_missing(case: Case) -> None:
    world, vendor = connected(case)
    vendor.errors = [(200, {"unexpected": 1})] * 50
    with pytest.raises(Terminal, match="the vendor's API has changed"):
        world.pull(BEGIN + HOUR)


def test_report_of_3cx_that_is_cut_at_its_limit_is_halved_and_a_token_is_renewed_each_hour() -> None:
    case = CASES["3cx"]
    world, vendor = connected(case, BEGIN + 60 * DAY)
    assert isinstance(vendor, threecx.ThreeCxBox)
    told = story(7, plain=True)
    vendor.staff = told.staff
    for call in told.calls:
        vendor.happens(call)
    while len(vendor.rows) < 60_000:  # of one night, in which nobody of the department calls
        number = len(vendor.rows) + 1
        ids = {"MainCallHistoryId": f"n{number}", "CdrId": f"n{number}", "SegmentId": number}
        vendor.rows.append(vendor.rows[0] | ids | {"Direction": "Internal", "StartTime": _night(number)})
    pull(world, vendor, case, told, world.now + 3 * HOUR)
    assert pulled_numbers(world) == true_numbers(told)
    assert len(latest(world, CallLeg, "record_id")) == len(vendor.rows)
    assert 2 <= len(vendor.tokens) <= 5


def _night(number: int) -> str:
    return (BEGIN + timedelta(hours=2, seconds=number % 10_000)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

"""Whose, and in which stage: as of the moment, by half-open periods, whatever order it was said in."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.directory import Directory, History, Managers
from schemas.records import StageChange
from schemas.stages import default_stages
from tests.pipeline.unit.making import CUSTOMER, NINE, at, entered, manager

MS = timedelta(milliseconds=1)
ORDER = {code: place for place, code in enumerate(default_stages().codes)}


def directory(candidates: tuple[str, ...], *changes: StageChange) -> Directory:
    """One number of several organisations, with their histories."""
    made = Directory(default_stages())
    made.organisations[CUSTOMER] = candidates
    for organisation_id in candidates:
        of_it = [change for change in changes if change.organisation_id == organisation_id]
        made.histories[organisation_id] = History(of_it, ORDER)
    return made


# The extension that changed hands at noon on the second of November, and was nobody's after the tenth.
HANDED_OVER = Managers(
    [
        manager("anna", ["101", "102"], at("00:00:00", 1), at("12:00:00"), team="north"),
        manager("boris", ["101"], at("12:00:00"), at("00:00:00", 10), team="south"),
        manager("anna", ["103"], at("12:00:00"), team="south"),
    ]
)


@pytest.mark.parametrize(
    ("moment", "owner"),
    [
        (at("00:00:00", 1) - MS, ("", "")),
        (at("00:00:00", 1), ("anna", "north")),
        (at("12:00:00") - MS, ("anna", "north")),
        (at("12:00:00"), ("boris", "south")),
        (at("00:00:00", 10) - MS, ("boris", "south")),
        (at("00:00:00", 10), ("", "")),
    ],
)
def test_extension_is_its_owners_from_the_first_moment_to_before_the_last(
    moment: datetime, owner: tuple[str, str]
) -> None:
    assert HANDED_OVER.of_extension("101", moment) == owner


def test_extension_that_was_given_up_is_nobodys() -> None:
    assert HANDED_OVER.of_extension("102", at("12:00:00")) == ("", "")
    assert HANDED_OVER.of_extension("199", at("09:00:00")) == ("", "")


@pytest.mark.parametrize(
    ("moment", "team"),
    [
        (at("00:00:00", 1) - timedelta(days=900), "north"),  # before any period: the earliest
        (at("12:00:00") - MS, "north"),
        (at("12:00:00"), "south"),
        (at("00:00:00", 30), "south"),
    ],
)
def test_team_of_a_manager_as_of_a_time(moment: datetime, team: str) -> None:
    assert HANDED_OVER.team_of("anna", moment) == team


def test_team_of_one_who_left_is_the_last_one_and_in_a_gap_the_one_before() -> None:
    managers = Managers(
        [
            manager("vera", ["104"], at("00:00:00", 1), at("00:00:00", 3), team="first"),
            manager("vera", ["104"], at("00:00:00", 5), at("00:00:00", 7), team="second"),
        ]
    )
    assert [managers.team_of("vera", at("00:00:00", day)) for day in (2, 4, 6, 20)] == [
        "first",
        "first",
        "second",
        "second",
    ]
    assert managers.team_of("nobody", NINE) == ""


@given(st.permutations(range(3)), st.sampled_from(["101", "102", "103"]), st.integers(-200, 300))
def test_owner_does_not_depend_on_the_order_of_the_roster(order: list[int], extension: str, hours: int) -> None:
    roster = [
        manager("anna", ["101", "102"], at("00:00:00", 1), at("12:00:00"), team="north"),
        manager("boris", ["101"], at("12:00:00"), at("00:00:00", 10), team="south"),
        manager("anna", ["103"], at("12:00:00"), team="south"),
    ]
    moment = at("12:00:00") + timedelta(hours=hours)
    owners = {
        (one.manager_id, one.team)
        for one in roster
        if extension in one.extensions and one.valid_from <= moment and (one.valid_to is None or moment < one.valid_to)
    }
    assert Managers([roster[place] for place in order]).of_extension(extension, moment) == (
        owners.pop() if owners else ("", "")
    )


def test_stage_holds_from_its_moment_on() -> None:
    made = directory(("o1",), entered("o1", "new", at("09:00:00")), entered("o1", "active", at("10:00:00")))
    moments = [at("09:00:00") - MS, at("09:00:00"), at("10:00:00") - MS, at("10:00:00"), at("10:00:00", 20)]
    assert [made.stage_of("o1", moment) for moment in moments] == ["", "new", "new", "active", "active"]
    assert made.stage_of("never heard of", NINE) == ""


def test_of_two_stages_entered_at_one_time_the_later_of_the_funnel_holds() -> None:
    changes = [entered("o1", "development", NINE, version=1), entered("o1", "active", NINE, version=9)]
    assert directory(("o1",), *changes).stage_of("o1", NINE) == "development"
    assert directory(("o1",), *reversed(changes)).stage_of("o1", NINE) == "development"


def test_stage_that_is_no_longer_configured_yields_to_one_that_is() -> None:
    assert directory(("o1",), entered("o1", "cold", NINE), entered("o1", "new", NINE)).stage_of("o1", NINE) == "new"


def test_regression_holds_from_its_moment_on() -> None:
    made = directory(("o1",), entered("o1", "customer", at("09:00:00")), entered("o1", "active", at("11:00:00")))
    assert [made.stage_of("o1", at(clock)) for clock in ("10:00:00", "11:00:00")] == ["customer", "active"]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([*ORDER, "cold"]), st.integers(1, 3)),
        unique_by=lambda change: change[:2],
        max_size=10,
    ),
    st.randoms(use_true_random=False),
    st.integers(-1, 5),
)
def test_stage_is_the_greatest_change_so_far_in_any_order(
    said: list[tuple[int, str, int]], dice: Random, hour: int
) -> None:
    """Greatest by (time, place in the funnel, version): one unordered reading of the whole history."""
    changes = [entered("o1", stage, NINE + timedelta(hours=hours), version=version) for hours, stage, version in said]
    so_far = [change for change in said if change[0] <= hour]
    expected = max(so_far, key=lambda c: (c[0], ORDER.get(c[1], -1), c[2]))[1] if so_far else ""
    dice.shuffle(changes)
    assert directory(("o1",), *changes).stage_of("o1", NINE + timedelta(hours=hour)) == expected


TEN = at("10:00:00")


def test_number_of_nobody_and_number_never_asked_for_are_unknown() -> None:
    assert directory(()).organisation_of(CUSTOMER, TEN) == ("", "")
    assert directory(()).organisation_of("+74950000099", TEN) == ("", "")


def test_only_organisation_of_a_number_is_it_even_when_disqualified_or_without_a_stage() -> None:
    assert directory(("o1",)).organisation_of(CUSTOMER, TEN) == ("o1", "")
    gone = entered("o1", "disqualified", at("09:00:00"))
    assert directory(("o1",), gone).organisation_of(CUSTOMER, TEN) == ("o1", "disqualified")


def test_of_several_organisations_an_open_one_comes_before_a_later_disqualified_one() -> None:
    made = directory(
        ("o1", "o2"), entered("o1", "disqualified", at("09:59:00")), entered("o2", "customer", at("08:00:00"))
    )
    assert made.organisation_of(CUSTOMER, TEN) == ("o2", "customer")


def test_of_several_open_organisations_the_latest_change_before_the_call_decides() -> None:
    made = directory(
        ("o1", "o2", "o3"),
        entered("o1", "active", at("08:00:00")),
        entered("o2", "new", at("09:00:00")),
        entered("o3", "new", at("07:00:00")),
        entered("o3", "active", at("10:00:01")),  # after the call: not yet
    )
    assert made.organisation_of(CUSTOMER, TEN) == ("o2", "new")
    assert made.organisation_of(CUSTOMER, at("10:00:01")) == ("o3", "active")


def test_organisation_that_was_disqualified_after_the_call_was_open_at_the_call() -> None:
    made = directory(
        ("o1", "o2"),
        entered("o1", "active", at("09:30:00")),
        entered("o1", "disqualified", at("11:00:00")),
        entered("o2", "active", at("09:00:00")),
    )
    assert made.organisation_of(CUSTOMER, TEN) == ("o1", "active")
    assert made.organisation_of(CUSTOMER, at("11:00:00")) == ("o2", "active")


def test_of_equals_the_lowest_id_whatever_the_order_of_candidates() -> None:
    changes = [entered(name, "active", at("09:00:00")) for name in ("o10", "o2")]
    assert directory(("o10", "o2"), *changes).organisation_of(CUSTOMER, TEN) == ("o10", "active")  # as text
    assert directory(("o2", "o10"), *changes).organisation_of(CUSTOMER, TEN) == ("o10", "active")
    assert directory(("o2", "o1")).organisation_of(CUSTOMER, TEN) == ("o1", "")


def test_changes_of_one_millisecond_apart_are_told_apart() -> None:
    """Not in float seconds: a millisecond is a millisecond in 2026 too."""
    made = directory(("o1", "o2"), entered("o1", "active", NINE), entered("o2", "active", NINE + MS))
    assert made.organisation_of(CUSTOMER, TEN) == ("o2", "active")


EVERYTHING = Managers(
    [
        manager(
            "anna", ["101", "201@branch"], at("00:00:00", 1), mobiles=["+79169990001"], logins=["Ivanova", "agent7"]
        ),
        manager("boris", ["101"], at("00:00:00", 1), source="branch", logins=["ivanova"]),
        manager("vera", ["101@a.example"], at("00:00:00", 1)),
        manager("gleb", [], at("00:00:00", 1), name="Gleb K"),
        manager("twin", [], at("00:00:00", 1), name="Two"),
        manager("other", [], at("00:00:00", 1), name="two"),
    ]
)


@pytest.mark.parametrize(
    ("extension", "source", "owner"),
    [
        ("101", "office", "anna"),
        ("101", "branch", "boris"),  # what names the exchange goes before what is of all
        ("101", "Branch", "boris"),
        ("201", "branch", "anna"),
        ("201", "office", ""),
        ("101@a.example", "fusion", "vera"),  # a tenant of one exchange
        ("101@b.example", "fusion", "anna"),
        ("101@b.example", "branch", "boris"),
        ("IVANOVA", "office", "anna"),
        ("ivanova", "branch", "boris"),
        ("+79169990001", "branch", "anna"),
        ("gleb k", "office", "gleb"),  # a queue's member by name
        ("Two", "office", ""),  # two people of one name: neither
        ("", "office", ""),
    ],
)
def test_manager_is_known_by_extension_login_mobile_and_exchange(extension: str, source: str, owner: str) -> None:
    assert EVERYTHING.of_extension(extension, at("09:00:00"), source)[0] == owner

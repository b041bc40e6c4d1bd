"""The funnel's truth against histories small enough to count on fingers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from department.funnel_truth import FunnelMonth, TrueFunnelStep, cohorts, flows, histories, months, snapshots
from department.people import ManagerPeriod, Salesperson
from department.portfolio import Prospect
from department.working_days import is_worked, midnight

MOSCOW = ZoneInfo("Europe/Moscow")
NEW, ACTIVE, DEVELOPMENT, SHIPMENT, CUSTOMER, DISQUALIFIED = range(6)
JANUARY = FunnelMonth("2026-01", midnight(date(2026, 1, 1), MOSCOW), midnight(date(2026, 2, 1), MOSCOW))
JUNE = FunnelMonth("2026-06", midnight(date(2026, 6, 1), MOSCOW), midnight(date(2026, 7, 1), MOSCOW))
ANNA, BORIS = (Salesperson(n, "", [ManagerPeriod("A", (str(n),), None, None)], Random(n)) for n in (1, 2))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=MOSCOW).timestamp())


def went(*moves: tuple[str, int], owner: Salesperson = ANNA) -> Prospect:
    organisation = Prospect(1, "", [], owner)
    for moment, stage in moves:
        organisation.move(at(moment), stage)
    return organisation


def whole(steps: list[TrueFunnelStep]) -> list[tuple[int, int]]:
    """(entered, reached) of the department's stages in order."""
    return [(step.entered, step.reached) for step in steps if step.manager_id == ""]


def weekday(day: date) -> bool:
    return day.weekday() < 5


def cohort(
    *organisations: Prospect, month: FunnelMonth = JANUARY, is_worked: Callable[[date], bool] = weekday
) -> list[tuple[int, int]]:
    return whole(list(cohorts(histories(organisations), [month], MOSCOW, is_worked)))


def flow(*organisations: Prospect, month: FunnelMonth = JANUARY) -> list[tuple[int, int]]:
    return whole(list(flows(histories(organisations), [month])))


def test_later_stage_implies_the_earlier_ones() -> None:
    straight = went(("2026-01-12T10:00", NEW), ("2026-01-20T10:00", ACTIVE))
    skipping = went(("2026-01-13T10:00", NEW), ("2026-01-21T10:00", SHIPMENT))
    assert cohort(straight, skipping) == [(2, 2), (2, 2), (1, 1), (1, 1), (0, 0)]


def test_cohort_is_of_first_entries_in_the_month() -> None:
    back_again = went(("2025-12-30T10:00", NEW), ("2026-01-10T10:00", DISQUALIFIED), ("2026-01-20T10:00", NEW))
    assert cohort(back_again) == [(0, 0)] * 5


def test_entries_of_older_cohorts_are_entered_and_not_reached() -> None:
    assert cohort(went(("2025-12-30T10:00", NEW), ("2026-01-10T10:00", ACTIVE))) == [
        (0, 0),
        (1, 0),
        (0, 0),
        (0, 0),
        (0, 0),
    ]


def test_disqualified_is_no_part_of_the_cohort() -> None:
    assert cohort(went(("2026-01-12T10:00", NEW), ("2026-01-13T10:00", DISQUALIFIED)))[1:] == [(0, 0)] * 4


@pytest.mark.parametrize(
    ("entered", "last_second"),
    [
        # 90 working days are 18 weeks: from Monday the 12th of January to Monday the 18th of May, which counts whole.
        ("2026-01-12T10:00", "2026-05-18T23:59:59"),
        # From a Friday to a Friday; the weekend behind it is before the next working day.
        ("2026-01-16T10:00", "2026-05-24T23:59:59"),
        # A Saturday is day 0, and Monday day 1: as from the Friday before.
        ("2026-01-17T10:00", "2026-05-24T23:59:59"),
        ("2026-01-18T10:00", "2026-05-24T23:59:59"),
    ],
)
def test_window_is_ninety_working_days_the_last_one_whole(entered: str, last_second: str) -> None:
    in_time = went((entered, NEW), (last_second, ACTIVE))
    too_late = went((entered, NEW))
    too_late.move(at(last_second) + 1, ACTIVE)
    assert cohort(in_time)[1][1] == 1
    assert cohort(too_late)[1][1] == 0


def test_holidays_make_the_window_longer_and_a_moved_saturday_shorter() -> None:
    """Three holidays and a worked Saturday: two working days beyond Monday the 18th of May."""
    other = {date(2026, 2, 23): False, date(2026, 3, 9): False, date(2026, 5, 1): False, date(2026, 5, 16): True}

    def worked(day: date) -> bool:
        return other.get(day, weekday(day))

    in_time = went(("2026-01-12T10:00", NEW), ("2026-05-20T23:59:59", ACTIVE))
    too_late = went(("2026-01-12T10:00", NEW), ("2026-05-21T00:00:00", ACTIVE))
    assert (cohort(in_time, is_worked=worked)[1][1], cohort(too_late, is_worked=worked)[1][1]) == (1, 0)


def test_country_says_which_days_are_worked() -> None:
    """Of any year: 8 March 2026 is a Sunday, so Monday is free in Russia; Saturday, 1 November 2025, is worked."""
    russia, germany = is_worked("ru"), is_worked("de")
    assert (russia(date(2026, 3, 9)), germany(date(2026, 3, 9))) == (False, True)
    assert (russia(date(2025, 11, 1)), germany(date(2025, 11, 1))) == (True, False)
    assert (russia(date(2026, 3, 7)), russia(date(2026, 3, 10))) == (False, True)


def test_flow_counts_every_entry_and_what_came_up() -> None:
    """In and out and in again: the way back down is an entry of the lower stage that did not come up."""
    restless = went(
        ("2026-01-12T10:00", NEW),
        ("2026-01-13T10:00", ACTIVE),
        ("2026-01-14T10:00", DEVELOPMENT),
        ("2026-01-15T10:00", ACTIVE),
        ("2026-01-16T10:00", DEVELOPMENT),
        ("2026-01-19T10:00", DISQUALIFIED),
    )
    assert flow(restless) == [(1, 1), (2, 1), (2, 2), (0, 0), (0, 0), (1, 1)]


def test_flow_passes_through_skipped_stages_and_forgets_repeats() -> None:
    assert flow(went(("2026-01-12T10:00", DEVELOPMENT))) == [(1, 1), (1, 1), (1, 1), (0, 0), (0, 0), (0, 0)]
    assert flow(went(("2025-12-12T10:00", NEW), ("2026-01-12T10:00", NEW))) == [(0, 0)] * 6


def test_back_from_disqualified_counts_from_where_it_was() -> None:
    back = went(("2025-12-01T10:00", ACTIVE), ("2025-12-20T10:00", DISQUALIFIED), ("2026-01-12T10:00", SHIPMENT))
    assert flow(back) == [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0), (0, 0)]


def test_snapshot_is_who_stands_where_at_the_months_end() -> None:
    stands = went(("2026-01-12T10:00", NEW), ("2026-01-31T23:59:59", ACTIVE))
    moves_later = went(("2026-01-12T10:00", NEW), ("2026-02-01T00:00:00", ACTIVE))
    closed = went(("2026-01-12T10:00", DISQUALIFIED))
    steps = list(snapshots(histories([stands, moves_later, closed]), [JANUARY]))
    assert whole(steps) == [(1, 1), (1, 1), (0, 0), (0, 0), (0, 0), (1, 1)]


def test_of_two_moves_in_one_second_the_later_stage_is_the_last() -> None:
    organisation = Prospect(1, "", [], ANNA)
    organisation.move(at("2026-01-12T10:00"), ACTIVE)
    organisation.move(at("2026-01-12T10:00"), NEW)
    steps = list(snapshots(histories([organisation]), [JANUARY]))
    assert [step.stage for step in steps if step.entered and not step.manager_id] == ["active"]


def test_entry_belongs_to_the_owner_at_the_entry() -> None:
    organisation = went(("2026-01-12T10:00", NEW))
    organisation.owner = BORIS
    organisation.move(at("2026-01-20T10:00"), ACTIVE)
    steps = list(cohorts(histories([organisation]), [JANUARY], MOSCOW, weekday))
    counts = {(step.manager_id, step.stage): (step.entered, step.reached) for step in steps}
    assert counts["m01", "new"] == (1, 1)
    assert counts["m02", "active"] == (1, 0)  # entered under Boris; reached by a cohort of Anna's
    assert counts["m01", "active"] == (0, 1)


def test_conversions_are_of_the_step_before_and_of_the_first() -> None:
    three = [went(("2026-06-01T10:00", NEW), ("2026-06-02T10:00", ACTIVE)) for _ in range(3)]
    steps = [
        step
        for step in cohorts(histories([*three, went(("2026-06-01T10:00", NEW))]), [JUNE], MOSCOW, weekday)
        if not step.manager_id
    ]
    assert [(step.step_conversion, step.overall_conversion) for step in steps] == [
        *((None, 1.0), (0.75, 0.75), (0.0, 0.0), (None, 0.0), (None, 0.0)),
    ]


def test_months_go_from_the_first_move_to_the_end_of_the_period() -> None:
    all_moves = histories([went(("2025-11-30T23:30", NEW))])
    assert [month.name for month in months(all_moves, date(2026, 2, 1), MOSCOW)] == ["2025-11", "2025-12", "2026-01"]
    assert [month.name for month in months(all_moves, date(2026, 2, 2), MOSCOW)][-1] == "2026-02"

"""Yesterday in five lines: what each says, and what incomplete data does to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from pipeline.readouts.activity import ActivityNumbers
from pipeline.readouts.plan_fact import Measure, PlanFact
from pipeline.warnings.digest import DigestNumbers, ManagerPace, compose_digest, expected_of
from pipeline.warnings.wording import Telling
from tests.warnings.worlds import NOON, ZONE, incident

NBSP = "\N{NO-BREAK SPACE}"
DAY = NOON.date().replace(day=26)


def pace(manager_id: str, calls: int, expected: float, why: str = "calling", **more: Any) -> ManagerPace:
    given = {"team": "Север", "frame": "today", "is_known": 1, "is_dropping": 0, **more}
    return ManagerPace(
        manager_id=manager_id, manager=manager_id.title(), calls=calls, expected=expected, why=why, **given
    )


PEOPLE = [
    pace("", 412, 450.0),
    pace("anna", 12, 31.4, is_dropping=1),
    pace("ivan", 0, 28.0, "silent"),
    pace("olga", 40, 38.0),
    pace("pavel", 0, 0.0, "away", is_known=0),
]
PLAN = PlanFact(
    month="2026-11", manager_id="", team="", working_days=60, planned_working_days=80,
    calls_to_potential=Measure(fact=85, plan_to_date=100, ratio=0.85),
    general_proposals=Measure(fact=9, plan_to_date=10, ratio=0.92),
    individual_proposals=Measure(fact=7, plan_to_date=10, ratio=0.7),
    individual_amount={"RUB": Measure(fact=Decimal(1), ratio=0.641)}, without_plan=0, unknown_days=0,
)  # fmt: skip
FOUND = DigestNumbers(
    day=DAY, totals=ActivityNumbers(calls=412, conversations=181, contacts=240), people=PEOPLE, plan=PLAN,
    missed=21, not_returned=6, stale=(),
)  # fmt: skip
RU = Telling(language="ru", zone=ZONE, now=NOON)


def test_yesterday_in_five_lines() -> None:
    told = compose_digest(FOUND, [incident()], RU)
    assert told.text.splitlines() == [
        f"Четверг 26.11: 412 звонков, ожидалось 450 (\N{MINUS SIGN}8{NBSP}%)",
        "181 разговор; разных номеров: 240",
        f"План на дату: A 85{NBSP}%, C 92{NBSP}%, D 70{NBSP}%, сумма 64{NBSP}%",
        "Ниже обычного: Anna 12 из 31. Не звонят: Ivan. Отсутствуют: Pavel",
        "21 пропущенный звонок, из них не перезвонили: 6",
        "Действуют предупреждения: Анна Петрова",
    ]
    assert told.preview == told.text.splitlines()[0]


def test_the_same_in_english_with_a_link_and_nothing_that_stands() -> None:
    telling = Telling(language="en", zone=ZONE, now=NOON, link="https://boards.example.com")
    calm = msgspec.structs.replace(FOUND, people=[pace("", 412, 410.0), pace("olga", 40, 38.0)], plan=None, missed=0)
    assert compose_digest(calm, [], telling).text.splitlines() == [
        "Thursday 26 Nov: 412 calls, 410 expected (0%)",
        "181 conversations; with 240 different numbers",
        "No plan is loaded for this month",
        "Nobody was below their usual",
        "No missed calls",
        "No warning stands",
        "Boards: https://boards.example.com/today?lang=en&first=2026-11-26&last=2026-11-26",
    ]


def test_incomplete_day_is_said_to_be_and_is_held_against_nothing() -> None:
    stale = msgspec.structs.replace(FOUND, stale=["АТС: звонки по 12:55"])
    lines = compose_digest(stale, [], RU).text.splitlines()
    assert lines[:2] == ["Четверг 26.11: 412 звонков", "Данные неполные: АТС: звонки по 12:55"]
    assert not any("Ниже обычного: " in line or "ожидалось" in line for line in lines)


def test_expectation_of_a_team_is_that_of_its_people_and_unknown_when_one_of_them_is() -> None:
    team = [pace("anna", 12, 31.0), pace("olga", 40, 38.5), pace("pavel", 0, 0.0, "away")]
    assert expected_of(team) == 69.5
    assert expected_of([*team, pace("new", 3, 0.0, is_known=0)]) is None
    assert expected_of([pace("", 412, 450.0, frame="week")]) is None
    assert expected_of([]) is None

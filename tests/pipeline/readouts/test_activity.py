"""The numbers of `activity`, and the calls behind them, equal a count by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.readouts.activity import BY, ActivityNumbers, ActivityRow, CountedCall, activity, unassigned_calls
from pipeline.readouts.period import Period
from schemas.records import Activity as Fact
from schemas.records import ActivityKind, Direction, Disposition, Manager
from tests.pipeline.property.brute import CONVERSATION_S, POTENTIAL
from tests.pipeline.property.tables import Database
from tests.pipeline.readouts.facts import BEGINS, DAYS, MANAGER_IDS, ZONES, activities, keep, managers

QUESTIONS = 6
COUNTED_CALLS = ("calls", "attempts", "answered", "conversations", "calls_to_potential", "unknown_calls")


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


class Asked(msgspec.Struct, frozen=True):
    """A question about activity."""

    period: Period
    by: tuple[str, ...]
    managers: tuple[str, ...]
    teams: tuple[str, ...]
    unassigned: bool

    def takes(self, manager_id: str, team: str) -> bool:
        return (not self.managers or manager_id in self.managers) and (not self.teams or team in self.teams)


def _asked(random: Random, begin: date, zone: ZoneInfo) -> Asked:
    first = begin + timedelta(days=random.randrange(DAYS - 2))
    return Asked(
        Period(first, first + timedelta(days=random.choice((1, 2, 7, 14))), zone),
        tuple(one for one in BY if random.random() < 0.5),
        random.choice(((), (), ("ann",), ("ann", "eve"))),
        random.choice(((), (), ("south",), ("north", "west"))),
        random.random() < 0.3,
    )


def by_hand(facts: Iterable[Fact], people: Iterable[Manager], asked: Asked) -> list[dict[str, object]]:
    """docs/metrics.md, "The four indicators", fact by fact."""
    groups: dict[tuple[str, ...], list[Fact]] = {}
    for fact in facts:
        day = fact.at.astimezone(asked.period.zone).date()
        if not (asked.period.first <= day < asked.period.last and asked.takes(fact.manager_id, fact.team)):
            continue
        internal = fact.kind is ActivityKind.CALL and fact.direction is Direction.INTERNAL
        if internal or (not fact.manager_id and not asked.unassigned):
            continue
        groups.setdefault(_key(asked, fact.manager_id, fact.team, day), []).append(fact)
    if asked.by and set(asked.by) <= {"manager", "team"}:
        for one in people:
            ended = one.valid_to is not None and one.valid_to <= asked.period.start
            if not ended and one.valid_from < asked.period.end and asked.takes(one.manager_id, one.team):
                groups.setdefault(_key(asked, one.manager_id, one.team, asked.period.first), [])
    names = [{"manager": "manager_id"}.get(one, one) for one in asked.by]
    return [
        {**dict(zip(names, key, strict=True)), **msgspec.structs.asdict(_numbers(groups[key], asked.period.zone))}
        for key in sorted(groups)
    ]


def _key(asked: Asked, manager_id: str, team: str, day: date) -> tuple[str, ...]:
    monday = day - timedelta(days=day.weekday())
    words = {"manager": manager_id, "team": team, "day": day.isoformat(), "week": monday.isoformat()}
    return tuple(words[one] for one in asked.by)


def _numbers(facts: Sequence[Fact], zone: ZoneInfo) -> ActivityNumbers:
    calls = [fact for fact in facts if fact.kind is ActivityKind.CALL]
    answered = [fact for fact in calls if fact.disposition is Disposition.ANSWERED]
    conversations = [fact for fact in answered if fact.talk_s >= CONVERSATION_S]
    known = [fact for fact in calls if fact.organisation_id]
    organisations = {fact.organisation_id for fact in known}
    sent = [fact for fact in facts if fact.kind is not ActivityKind.CALL and not fact.withdrawn]
    individual = [fact for fact in sent if fact.kind is ActivityKind.INDIVIDUAL]
    amounts: dict[str, Decimal] = {}
    for fact in individual:
        amounts[fact.currency] = amounts.get(fact.currency, Decimal(0)) + fact.amount
    return ActivityNumbers(
        calls=len(calls),
        attempts=sum(fact.direction is Direction.OUTBOUND for fact in calls),
        answered=len(answered),
        conversations=len(conversations),
        talk_s=sum(fact.talk_s for fact in answered),
        contacts=len({fact.contact for fact in calls} - {""}),
        organisations=len(organisations),
        calls_to_potential=sum(fact.stage in POTENTIAL for fact in conversations),
        calls_per_organisation=round(len(known) / len(organisations), 4) if organisations else None,
        general_proposals=len(
            {
                (fact.organisation_id, fact.at.astimezone(zone).date())
                for fact in sent
                if fact.kind is ActivityKind.GENERAL
            }
        ),
        individual_proposals=len(individual),
        individual_amount=amounts,
        unknown_calls=len(calls) - len(known),
        match_coverage=round(len(known) / len(calls), 4) if calls else None,
    )


def _in_order(rows: Iterable[ActivityRow]) -> list[dict[str, object]]:
    return [row.flat() for row in sorted(rows, key=lambda row: tuple(row.of.values()))]


examples = settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@examples
@given(seed=st.integers(0, 2**32))
def test_activity_equals_a_count_by_hand(database: Database, seed: int) -> None:
    random = Random(seed)
    zone, begin = ZoneInfo(random.choice(ZONES)), random.choice(BEGINS)
    facts, people = activities(random, begin, zone), managers(begin, zone)
    keep(database, facts, people)
    for _ in range(QUESTIONS):
        asked = _asked(random, begin, zone)
        found = activity(
            database.numbers,
            asked.period,
            asked.by,
            managers=asked.managers,
            teams=asked.teams,
            unassigned=asked.unassigned,
        )
        assert _in_order(found) == by_hand(facts, people, asked), asked


@examples
@given(seed=st.integers(0, 2**32))
def test_calls_behind_a_number_are_as_many_as_the_number_says(database: Database, seed: int) -> None:
    random = Random(seed)
    zone, begin = ZoneInfo(random.choice(ZONES)), random.choice(BEGINS)
    keep(database, activities(random, begin, zone), managers(begin, zone))
    asked = msgspec.structs.replace(_asked(random, begin, zone), by=(), unassigned=False)
    rows = activity(database.numbers, asked.period, (), managers=asked.managers, teams=asked.teams)
    numbers = rows[0].numbers if rows else ActivityNumbers()
    for name in COUNTED_CALLS:
        assert len(_calls(database, asked, name)) == getattr(numbers, name), (name, asked)
    nobody = unassigned_calls(database.numbers, asked.period)
    everyone = msgspec.structs.replace(asked, managers=(), teams=())
    assert len(_calls(database, everyone, "unassigned")) == nobody.missed + nobody.of_extensions
    known = _calls(database, asked, "calls_per_organisation")
    organisations = len({call.organisation_id for call in known})
    assert numbers.calls_per_organisation == (round(len(known) / organisations, 4) if organisations else None)


def _calls(database: Database, asked: Asked, of: str) -> list[CountedCall]:
    parameters = {
        **asked.period.parameters,
        "of": of,
        "managers": list(asked.managers),
        "teams": list(asked.teams),
        "organisations": [],
        "contacts": [],
        "conversation_s": CONVERSATION_S,
        "potential": list(POTENTIAL),
        "limit": 1_000_000,
    }
    return database.numbers.rows("calls", CountedCall, parameters)


def test_ratio_of_sums_is_not_the_mean_of_daily_ratios(database: Database) -> None:
    """docs/metrics.md: (30/10, 20/20, 50/5) is 2.86, not 4.67; ten organisations on each of five days are ten."""
    begin, zone = date(2026, 11, 2), ZoneInfo("Europe/Moscow")
    period = Period(begin, begin + timedelta(days=5), zone)
    template = next(one for one in activities(Random(1), begin, zone) if one.kind is ActivityKind.CALL)

    def called(day: int, calls: int, organisations: range) -> list[Fact]:
        at = period.start + timedelta(days=day, hours=9)
        return [
            msgspec.structs.replace(
                template,
                activity_id=f"call:office:{day}.{n}",
                manager_id="ann",
                direction=Direction.OUTBOUND,
                at=at,
                bucket=int(at.timestamp()) // 300 * 300,
                organisation_id=f"o{organisations[n % len(organisations)]}",
            )
            for n in range(calls)
        ]

    facts = [*called(0, 30, range(10)), *called(1, 20, range(10, 30)), *called(2, 50, range(30, 35))]
    keep(database, facts, [])
    (row,) = activity(database.numbers, period, ("manager",))
    assert (row.numbers.organisations, row.numbers.calls_per_organisation) == (35, 2.8571)

    keep(database, [fact for day in range(5) for fact in called(day, 10, range(10))], [])
    (row,) = activity(database.numbers, period, ("manager",))
    assert (row.numbers.organisations, row.numbers.calls_per_organisation) == (10, 5.0)


@pytest.mark.parametrize("by", [("manager",), ("team",), ("manager", "team"), ("team", "manager")])
def test_the_silent_are_rows_of_zeros(database: Database, by: tuple[str, ...]) -> None:
    begin, zone = BEGINS[0], ZoneInfo("Asia/Kolkata")
    keep(database, [], managers(begin, zone))
    period = Period(begin, begin + timedelta(days=DAYS), zone)
    rows = activity(database.numbers, period, by)
    of = {"manager": {*MANAGER_IDS}, "team": {"north", "south", "west"}}
    names = [{"manager": "manager_id"}.get(one, one) for one in by]
    for name, one in zip(names, by, strict=True):
        assert {row.of[name] for row in rows} == of[one]
    assert all(row.numbers == ActivityNumbers() for row in rows)

"""Who is asked for and is nobody is refused, with those who are somebody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.terminal.known_people import KnownManager, refuse_strangers, refuse_unknown
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import Manager, StageChange
from tests.pipeline.property.tables import Database

ANNA, BORIS = KnownManager("m1", "Anna Lind", ["North"]), KnownManager("m2", "Boris", ["South"])


@pytest.mark.parametrize(
    ("managers", "teams", "said"),
    [
        (["m1", "m9"], [], "--manager m9: no manager has this id; there are m1 (Anna Lind), m2 (Boris)"),
        (["anna"], [], "--manager anna: no manager has this id; there is m1 (Anna Lind)"),
        ([], ["north"], "--team north: there is no such team; there are North, South"),
    ],
)
def test_a_stranger_is_refused_with_those_who_are_known(managers: list[str], teams: list[str], said: str) -> None:
    with pytest.raises(Terminal) as refused:
        refuse_strangers([ANNA, BORIS], managers, teams)
    assert str(refused.value) == said


def test_who_is_known_is_answered_and_an_empty_store_refuses_nobody() -> None:
    refuse_strangers([ANNA, BORIS], ["m1", "m2"], ["South"])
    refuse_strangers([], ["m9"], ["Z"])


def test_a_large_department_is_not_listed_in_whole() -> None:
    with pytest.raises(Terminal, match=r"m011 and 288 more$"):
        refuse_strangers([KnownManager(f"m{n:03}") for n in range(300)], ["x"], [])


def test_whoever_anything_was_told_of_is_known_though_on_no_roster(store_dsn: str) -> None:
    database = Database(store_dsn)
    database.empty()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    anna = Manager(manager_id="m1", name="Anna", team="North", extensions=[], valid_from=long_ago, version=1)
    moved = StageChange(organisation_id="o1", stage="new", changed_at=long_ago, manager_id="crm7", version=1)
    database.store.keep("managers", [encode(anna)])
    database.store.keep("stage_changes", [encode(moved)])
    refuse_unknown(database.numbers, ["m1", "crm7"], ["North"])
    with pytest.raises(Terminal, match=r"there are crm7, m1 \(Anna\)"):
        refuse_unknown(database.numbers, ["m9"], [])

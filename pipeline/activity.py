"""What managers did: the rows of `callfunnel activity`, as every screen shows them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from pipeline.readouts import Numbers, Period

BY = ("manager", "team", "day", "week")


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One row of numbers, defined in docs/metrics.md. None where there is nothing to divide by."""

    calls: int = 0
    attempts: int = 0
    answered: int = 0
    conversations: int = 0
    talk_s: int = 0
    contacts: int = 0
    organisations: int = 0
    calls_to_potential: int = 0
    calls_per_organisation: float | None = None
    general_proposals: int = 0
    individual_proposals: int = 0
    individual_amount: dict[str, Decimal] = {}
    unknown_calls: int = 0
    match_coverage: float | None = None


class _Answer(Activity, frozen=True, kw_only=True):
    manager_id: str
    team: str
    day: str
    week: str
    currencies: list[str]
    amounts: list[Decimal]


class Row(msgspec.Struct, frozen=True):
    """What the numbers are of (in the order of `by`), and the numbers."""

    of: dict[str, str]
    numbers: Activity

    def flat(self) -> dict[str, object]:
        """One object, as `--json` prints it."""
        return {**self.of, **msgspec.structs.asdict(self.numbers)}


class Manager(msgspec.Struct, frozen=True):
    manager_id: str
    name: str
    team: str


class Unassigned(msgspec.Struct, frozen=True):
    """Calls of nobody: missed by all, and of extensions that no manager had."""

    missed: int
    of_extensions: int
    extensions: list[str]


_KEYS = {"manager": "manager_id", "team": "team", "day": "day", "week": "week"}
_COUNTED = Activity.__struct_fields__


def activity(
    numbers: Numbers,
    period: Period,
    by: Sequence[str],
    *,
    managers: Sequence[str] = (),
    teams: Sequence[str] = (),
    unassigned: bool = False,
) -> list[Row]:
    """A row per combination of `by`. By manager alone, a silent manager of the roster is a row of zeros."""
    parameters = {**period.parameters, "managers": list(managers), "teams": list(teams)}
    answers = numbers.rows("activity", _Answer, {**parameters, "by": list(by), "unassigned": int(unassigned)})
    rows = [_row(answer, by) for answer in answers]
    if tuple(by) == ("manager",):
        there = {row.of["manager_id"] for row in rows}
        rows += [
            Row({"manager_id": silent.manager_id}, Activity())
            for silent in roster(numbers, period)
            if silent.manager_id not in there
            and (not managers or silent.manager_id in managers)
            and (not teams or silent.team in teams)
        ]
        rows.sort(key=lambda row: row.of["manager_id"])
    return rows


def _row(answer: _Answer, by: Sequence[str]) -> Row:
    counted = {name: getattr(answer, name) for name in _COUNTED}
    counted["individual_amount"] = dict(zip(answer.currencies, answer.amounts, strict=True))
    return Row({_KEYS[one]: getattr(answer, _KEYS[one]) for one in by}, Activity(**counted))


def roster(numbers: Numbers, period: Period) -> list[Manager]:
    """Who was a manager in the period."""
    return numbers.rows("roster", Manager, period.parameters)


def unassigned_calls(numbers: Numbers, period: Period) -> Unassigned:
    """Calls that are in nobody's row."""
    return numbers.rows("unassigned", Unassigned, period.parameters)[0]

"""What managers did: the rows of `callfunnel activity`, as every screen shows them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period

BY = ("manager", "team", "day", "week")


class ActivityNumbers(msgspec.Struct, frozen=True, kw_only=True):
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


class _Answer(ActivityNumbers, frozen=True, kw_only=True):
    manager_id: str
    team: str
    day: str
    week: str
    currencies: list[str]
    amounts: list[Decimal]


class ActivityRow(msgspec.Struct, frozen=True):
    """What the numbers are of (in the order of `by`), and the numbers."""

    of: dict[str, str]
    numbers: ActivityNumbers

    def flat(self) -> dict[str, object]:
        """One object, as `--json` prints it."""
        return {**self.of, **msgspec.structs.asdict(self.numbers)}


class CountedCall(msgspec.Struct, frozen=True):
    """One call as it was counted. `started_at` is UTC, `local_time` in the reporting zone."""

    started_at: str
    local_time: str
    source: str
    call_id: str
    manager_id: str
    team: str
    extension: str
    direction: str
    disposition: str
    contact: str
    organisation_id: str
    stage: str
    talk_s: int
    wait_s: int
    queue: str
    did: str
    legs: int
    recording: str


class RosterManager(msgspec.Struct, frozen=True):
    """Someone of the roster, with the name and team said last."""

    manager_id: str
    name: str
    team: str
    teams: list[str] = []
    """All teams of the period, in order of name."""


class Unassigned(msgspec.Struct, frozen=True):
    """Calls without a manager: missed by all, and of extensions that no manager had."""

    missed: int
    of_extensions: int
    extensions: list[str]


_KEYS = {"manager": "manager_id", "team": "team", "day": "day", "week": "week"}
_COUNTED = ActivityNumbers.__struct_fields__


def activity(
    numbers: Numbers,
    period: Period,
    by: Sequence[str],
    *,
    managers: Sequence[str] = (),
    teams: Sequence[str] = (),
    unassigned: bool = False,
) -> list[ActivityRow]:
    """A row per combination of `by`. By manager, team or both, the silent ones of the roster are rows of zeros."""
    # By the threshold that they were counted with, whichever it is.
    as_counted = {"conversation_s": 0, "counted_s": 0, "potential": []}
    parameters = {**period.parameters, **as_counted, "managers": list(managers), "teams": list(teams)}
    answers = numbers.rows("activity", _Answer, {**parameters, "by": list(by), "unassigned": int(unassigned)})
    rows = [_row(answer, by) for answer in answers]
    if by and set(by) <= {"manager", "team"}:
        rows += _silent(roster(numbers, period), rows, by, managers, teams)
        rows.sort(key=lambda row: (row.of.get("team", ""), row.of.get("manager_id", "")))
    return rows


def _silent(
    known: Sequence[RosterManager],
    rows: Sequence[ActivityRow],
    by: Sequence[str],
    managers: Sequence[str],
    teams: Sequence[str],
) -> list[ActivityRow]:
    """Zero is a value: rows of those who were there and did nothing."""
    silent: dict[tuple[str, ...], ActivityRow] = {}
    there = {tuple(row.of.values()) for row in rows}
    for one in known:
        for team in one.teams:
            if (managers and one.manager_id not in managers) or (teams and team not in teams):
                continue
            of = {_KEYS[key]: one.manager_id if key == "manager" else team for key in by}
            if tuple(of.values()) not in there:
                silent[tuple(of.values())] = ActivityRow(of, ActivityNumbers())
    return list(silent.values())


def _row(answer: _Answer, by: Sequence[str]) -> ActivityRow:
    counted = {name: getattr(answer, name) for name in _COUNTED}
    counted["individual_amount"] = dict(zip(answer.currencies, answer.amounts, strict=True))
    return ActivityRow({_KEYS[one]: getattr(answer, _KEYS[one]) for one in by}, ActivityNumbers(**counted))


def roster(numbers: Numbers, period: Period) -> list[RosterManager]:
    """Who was a manager in the period."""
    return numbers.rows("roster", RosterManager, period.parameters)


def unassigned_calls(numbers: Numbers, period: Period) -> Unassigned:
    """Calls that are in nobody's row."""
    return numbers.rows("unassigned", Unassigned, period.parameters)[0]

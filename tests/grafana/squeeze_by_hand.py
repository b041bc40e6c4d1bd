"""Who lives off existing customers, in plain Python: what the first comment of `alert_squeeze` says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from schemas.records import Activity, ActivityKind
from tests.alerts.by_hand import tail
from tests.grafana.by_hand import Question, Rows, answered, ratio
from tests.grafana.worlds import STAGES

ALPHA_NEW = 0.01
CONVERSATION_S = 30
_WEEK = timedelta(days=7)


class Span(NamedTuple):
    """What one manager did in a part of the sixteen weeks."""

    days: int
    new: int
    per_existing: float | None
    deals: float | None
    """A day."""


def squeezers(q: Question) -> Rows:
    """A row for each of the roster that is asked for, by id."""
    moment = q.moment
    now, before = (moment - 4 * _WEEK, moment), (moment - 16 * _WEEK, moment - 4 * _WEEK)
    who = {c.manager_id for c in q.world.calls() if before[0] <= c.at < moment} - {""}
    spans = {one: (_span(q, one, *before), _span(q, one, *now)) for one in who}
    on_roster = q.world.roster(moment, moment + timedelta(microseconds=1))
    return [
        _row(manager_id, spans)
        for manager_id, manager in sorted(on_roster.items())
        if q.takes(manager_id, manager.team)
    ]


def _row(manager_id: str, spans: dict[str, tuple[Span, Span]]) -> dict[str, Any]:
    if manager_id not in spans:
        numbers = dict.fromkeys(("calls_per_existing_before", "calls_per_existing_now", "deals_before", "deals_now"))
        return {"manager_id": manager_id, "new_now": 0, "expected_new": 0.0, **numbers, "is_squeezing": 0}
    before, now = spans[manager_id]
    expected, phi = _expected(manager_id, spans)
    is_little = expected >= 8 and now.new <= 0.5 * expected
    holds = (
        None not in (before.per_existing, now.per_existing, before.deals, now.deals)
        and (now.per_existing or 0) >= 0.9 * (before.per_existing or 0)
        and (now.deals or 0) >= 0.9 * (before.deals or 0)
    )
    return {
        "manager_id": manager_id,
        "new_now": now.new,
        "expected_new": round(expected, 2),
        "calls_per_existing_before": _rounded(before.per_existing),
        "calls_per_existing_now": _rounded(now.per_existing),
        "deals_before": _rounded(before.deals),
        "deals_now": _rounded(now.deals),
        "is_squeezing": int(is_little and tail(now.new, expected, phi) < ALPHA_NEW and holds),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _expected(manager_id: str, spans: dict[str, tuple[Span, Span]]) -> tuple[float, float]:
    """(new organisations that were to be expected, how much more than by pure chance they vary)."""
    before, now = spans[manager_id]
    others = [both for one, both in spans.items() if one != manager_id]
    others_before, others_now = sum(b.new for b, _ in others), sum(n.new for _, n in others)
    days_before, days_now = sum(b.days for b, _ in others), sum(n.days for b, n in others if b.days)
    season = 1.0
    if others_before >= 10 and days_now:
        season = (others_now / days_now) / (others_before / days_before)
    expected = before.new / before.days * now.days * season if before.days >= 15 else 0.0
    phi = 0.05 + (1 / before.new if before.new else 0)
    return expected, phi + (1 / max(others_now, 1) + 1 / others_before if season != 1 else 0)


def _span(q: Question, manager_id: str, first: datetime, last: datetime) -> Span:
    own = [c for c in q.world.calls() if c.manager_id == manager_id and first <= c.at < last]
    days: set[tuple[int, date]] = {(_week(q, call), q.world.day(call.at)) for call in own}
    existing = [(_week(q, call), call.organisation_id) for call in own if _is_existing(call)]
    opened = [_opened(q, one) for one in {call.organisation_id for call in own} - {""}]
    deals = [
        f.at for f in q.world.facts
        if f.kind is ActivityKind.INDIVIDUAL and not f.withdrawn and f.manager_id == manager_id
    ]  # fmt: skip
    deals += [at for who, at in _shipped(q) if who == manager_id]
    return Span(
        # A day in two of the weeks before the moment counts in both.
        days=len(days),
        new=sum(1 for one in opened if one and one.manager_id == manager_id and first <= one.at < last),
        per_existing=ratio(len(existing), len(set(existing))),
        deals=ratio(sum(first <= at < last for at in deals), len(days)),
    )


def _week(q: Question, call: Activity) -> int:
    """Weeks from a call to the moment, its second included."""
    return (int(q.moment.timestamp()) - int(call.at.timestamp() // 1) - 1) // 604_800


def _is_existing(call: Activity) -> bool:
    return bool(call.organisation_id) and _is_won(call.stage)


def _is_won(stage: str) -> bool:
    return stage in STAGES.codes and stage not in STAGES.potential and stage not in STAGES.terminal


def _opened(q: Question, organisation: str) -> Activity | None:
    """The company's first conversation with it, if it was a new one then."""
    spoken = [
        c for c in q.world.calls()
        if c.organisation_id == organisation and answered(c) and c.talk_s >= CONVERSATION_S and c.at < q.moment
    ]  # fmt: skip
    return spoken[0] if spoken and spoken[0].stage in ("", STAGES.codes[0]) else None


def _shipped(q: Question) -> list[tuple[str, datetime]]:
    """(by whom, when) of each organisation's first entry into a stage that is neither potential nor terminal."""
    firsts: dict[str, tuple[datetime, str]] = {}
    for change in q.world.changes:
        if _is_won(change.stage) and change.changed_at < q.moment:
            one = change.changed_at, change.manager_id
            firsts[change.organisation_id] = min(one, firsts.get(change.organisation_id, one))
    return [(who, at) for at, who in firsts.values()]

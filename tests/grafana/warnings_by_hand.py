"""Counts by hand of what warns early: novelty, silence, forgotten organisations, missed calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from schemas.records import Activity, Direction, StageChange
from tests.grafana.by_hand import Question, Rows, answered, clock_s, is_open
from tests.grafana.worlds import CLOSES_S, OPENS_S, STAGES, World

LONG = timedelta(days=180)
YEAR = timedelta(days=365)
_DAY_S = CLOSES_S - OPENS_S


def _novelty(q: Question, call: Activity) -> str:
    """What the organisation was to the company and to the manager, when this conversation began."""
    before = [
        one
        for one in q.world.calls()
        if q.spoke(one)
        and one.bucket >= (q.start - YEAR).timestamp()
        and one.organisation_id == call.organisation_id
        and (one.at, one.activity_id) < (call.at, call.activity_id)
    ]
    own = [one for one in before if one.manager_id == call.manager_id]
    if not before or (call.at - before[-1].at >= YEAR and call.stage in ("", STAGES.codes[0])):
        return "new" if call.stage in ("", STAGES.codes[0]) else "repeat"
    if call.at - before[-1].at >= LONG:
        return "reactivated"
    return "repeat" if own and call.at - own[-1].at < LONG else "new_to_manager"


def weeks_of(q: Question) -> list[date]:
    """Mondays in the period; the last may be unfinished."""
    first, last = q.world.day(q.start), q.world.day(q.end - timedelta(seconds=1))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() == 0]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def novelty(q: Question) -> Rows:
    firsts: dict[tuple[date, str, str], str] = {}
    for call in q.world.calls():
        if q.spoke(call) and call.organisation_id and q.of(call) and call.bucket < q.end.timestamp():
            key = _monday(q.world.day(call.at)), call.manager_id, call.organisation_id
            if key not in firsts:
                firsts[key] = _novelty(q, call)
    rows = []
    for week in weeks_of(q):
        of = [what for (monday, _, _), what in firsts.items() if monday == week]
        over = q.world.midnight(week + timedelta(days=7)) <= q.now
        rows.append(
            {
                "time": q.world.midnight(week),
                "new_organisations": of.count("new") if over else None,
                "reactivated": of.count("reactivated") if over else None,
                "new_to_manager": of.count("new_to_manager") if over else None,
                "repeats": of.count("repeat") if over else None,
                "new_so_far": None if over else of.count("new"),
                "repeats_so_far": None if over else of.count("repeat"),
            }
        )
    return rows


def _standing(world: World, organisation: str, moment: datetime) -> tuple[str, datetime] | None:
    """(stage, since the last change) just before a moment."""
    known = [c for c in world.changes if c.organisation_id == organisation and c.stage in STAGES.codes]
    before = [c for c in known if c.changed_at < moment]
    if not before:
        return None
    last = max(before, key=lambda c: (c.changed_at, STAGES.codes.index(c.stage)))
    return last.stage, last.changed_at


def untouched(q: Question, days: int) -> Rows:
    moment = q.until
    rows: Rows = []
    looks_after = {one.organisation_id: one.manager_id for one in q.world.organisations}
    teams = {one.manager_id: one.team for one in sorted(q.world.managers, key=lambda m: m.valid_from)
             if one.valid_from <= moment}  # fmt: skip
    for organisation in sorted({change.organisation_id for change in q.world.changes}):
        standing = _standing(q.world, organisation, moment)
        if standing is None or standing[0] in STAGES.terminal:
            continue
        year = [c for c in q.world.calls() if c.bucket >= (moment - YEAR).timestamp() and c.at < moment]
        talked = [c.at for c in year if c.organisation_id == organisation and answered(c)]
        last = max(talked, default=None)
        manager_id = looks_after.get(organisation, "")
        if (last or standing[1]) >= moment - timedelta(days=days):
            continue
        if not q.takes(manager_id, teams.get(manager_id, "")) or (q.in_stages and standing[0] not in q.in_stages):
            continue
        rows.append(
            {
                "organisation_id": organisation,
                "stage": standing[0],
                "manager_id": manager_id,
                "silent_days": (moment.date() - last.astimezone(UTC).date()).days if last else None,
            }
        )
    return rows


def funnel_top(q: Question) -> Rows:
    entries: dict[str, StageChange] = {}
    order = STAGES.funnel.index
    for change in sorted(
        (c for c in q.world.changes if c.stage in STAGES.funnel), key=lambda c: (c.changed_at, order(c.stage))
    ):
        entries.setdefault(change.organisation_id, change)
    counted: dict[date, int] = {}
    for change in entries.values():
        if q.takes(_owner(q.world, change), _team(q.world, _owner(q.world, change), change.changed_at)):
            week = _monday(q.world.day(change.changed_at))
            counted[week] = counted.get(week, 0) + 1
    rows = []
    for week in weeks_of(q):
        over = q.world.midnight(week + timedelta(days=7)) <= q.now
        before = [counted.get(week - timedelta(days=7 * n), 0) for n in range(1, 9)]
        rows.append(
            {
                "time": q.world.midnight(week),
                "entered": counted.get(week, 0) if over else None,
                "entered_so_far": None if over else counted.get(week, 0),
                "mean_before": sum(before) / 8,
            }
        )
    return rows


def _owner(world: World, change: StageChange) -> str:
    of = [one.manager_id for one in world.organisations if one.organisation_id == change.organisation_id]
    return change.manager_id or (of[0] if of else "")


def _team(world: World, manager_id: str, at: datetime) -> str:
    periods = sorted((m for m in world.managers if m.manager_id == manager_id), key=lambda m: m.valid_from)
    began = [period for period in periods if period.valid_from <= at]
    return (began[-1] if began else periods[0]).team if periods else ""


def worked_s(world: World, since: date, moment: datetime) -> int:
    """Working seconds from the beginning of a day to a moment."""
    day, total = since, 0
    while day < world.day(moment):
        total += _DAY_S * world.is_worked(day)
        day += timedelta(days=1)
    open_s = max(0, min(_DAY_S, clock_s(world, moment) - OPENS_S))
    return total + (open_s if world.is_worked(day) else 0)


def missed(q: Question, patience_s: int, hours: int) -> Rows:
    world = q.world
    since = world.day(q.start)
    looks_after = {one.organisation_id: one.manager_id for one in world.organisations}
    teams = {one.manager_id: one.team for one in sorted(world.managers, key=lambda m: m.valid_from)}
    rows: Rows = []
    for call in world.calls():
        lost = call.direction is Direction.INBOUND and not answered(call) and call.wait_s >= patience_s
        if not (lost and q.inside(call) and call.at < q.now and is_open(world, call.at)):
            continue
        manager_id = looks_after.get(call.organisation_id, "")
        if not world.is_worked(world.day(call.at)) or not q.takes(manager_id, teams.get(manager_id, "")):
            continue
        later = [
            c.at for c in world.calls()
            if call.contact and c.contact == call.contact and answered(c) and call.at < c.at < q.now
        ]  # fmt: skip
        began = worked_s(world, since, call.at)
        in_time = bool(later) and worked_s(world, since, min(later)) - began <= hours * 3600
        waiting = not in_time and worked_s(world, since, q.now) - began <= hours * 3600
        rows.append(
            {
                "activity": (call.at, call.activity_id),
                "manager_id": manager_id,
                "recovered": int(in_time),
                "still_open": int(waiting),
                "time": call.at,
                "called_back_at": min(later) if later else None,
            }
        )
    rows.sort(key=lambda row: row["activity"][1])
    rows.sort(key=lambda row: row["activity"][0], reverse=True)
    rows.sort(key=lambda row: row["recovered"])
    return [{name: value for name, value in row.items() if name != "activity"} for row in rows]


def silent(q: Question, quiet_min: int) -> Rows:
    moment = q.moment
    world = q.world
    day = world.day(moment)
    recent = [
        call
        for call in world.calls()
        if moment - timedelta(days=14) <= datetime.fromtimestamp(call.bucket, UTC) and call.at < moment
    ]
    rows: Rows = []
    for manager_id, manager in world.roster(world.midnight(day), world.midnight(day + timedelta(days=1))).items():
        if not q.takes(manager_id, manager.team):
            continue
        own = [call for call in recent if call.manager_id == manager_id]
        quiet = _minutes(own[-1].at, moment) if own else None
        rows.append(
            {
                "manager_id": manager_id,
                "calls": sum(c.manager_id == manager_id and q.inside(c) and c.at < q.now for c in world.calls()),
                "silent_min": quiet,
                "last_call": own[-1].at if own else None,
                "why": _why(q, manager_id, quiet, quiet_min),
            }
        )
    return sorted(rows, key=lambda row: str(row["manager_id"]))


def _minutes(since: datetime, until: datetime) -> int:
    """Turns of the minute between two moments, as ClickHouse's dateDiff counts."""
    return int(until.timestamp() // 60 - since.timestamp() // 60)


def _why(q: Question, manager_id: str, quiet: int | None, quiet_min: int) -> str:
    """Of departments that call too seldom for a warning."""
    day = q.world.day(q.moment)
    if q.world.is_away(manager_id, day):
        return "away"
    if not q.world.is_worked(day):
        return "day_off"
    if not is_open(q.world, q.moment) and clock_s(q.world, q.moment) != CLOSES_S:
        return "closed"
    return "working" if quiet is not None and quiet <= quiet_min else "quiet"

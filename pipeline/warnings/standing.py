"""What stands, for whoever reads it in a terminal: incidents, what was said of them, what was not delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.warnings.kept import WarningReader
from pipeline.warnings.notices import is_quiet, latest_marks
from pipeline.warnings.receivers import WarningPlan
from pipeline.warnings.spoken import moment
from pipeline.warnings.wording import Telling, line, since
from schemas.errors import Terminal
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import (
    DeliveryState,
    Incident,
    IncidentMark,
    IncidentState,
    MarkKind,
    WarningDelivery,
    WarningWatch,
)

_SHORTEST = 4
_WATCHES_WITHIN = timedelta(minutes=10)
_BEGINS_WITHIN = timedelta(minutes=2)
_FAILED_FOR = timedelta(days=7)


def find_incident(kept: WarningReader, given: str, now: datetime) -> Incident:
    """The incident whose id begins so. Raises Terminal."""
    going_on = [one for one in kept.incidents(now) if one.state is not IncidentState.RESOLVED]
    found = [one for one in going_on if len(given) >= _SHORTEST and one.incident_id.startswith(given.lower())]
    if len(found) != 1:
        raise Terminal(
            f"{given!r}: {'several warnings begin' if found else 'no warning that stands begins'} so;"
            " `callfunnel alerts list` shows their ids"
        )
    return found[0]


def undelivered(deliveries: Sequence[WarningDelivery], now: datetime) -> list[WarningDelivery]:
    """Those that failed already and are tried again, and those given up within the last days."""
    return [
        one
        for one in deliveries
        if (one.state is DeliveryState.WAITING and one.error)
        or (one.state is DeliveryState.FAILED and now - one.created_at < _FAILED_FOR)
    ]


def watched_for(plan: WarningPlan) -> str:
    """Who is told of what stands."""
    names = ", ".join(one.name for one in plan.receivers)
    return f"{names} are told" if plan.delivers else "nobody is told, since [warnings] names no receiver"


def is_watched(watch: WarningWatch | None, now: datetime) -> bool:
    """Whether the rules are asked: what does not stand now can be believed not to."""
    return watch is not None and now - watch.watched_at <= _WATCHES_WITHIN


def watch_state(
    kept: WarningReader, plan: WarningPlan, now: datetime, *, begun: datetime | None = None
) -> tuple[bool, str, str]:
    """Whether all is well, what was found and what to do: for `callfunnel doctor`. `begun`: since when a stack runs
    that watches by itself; None for servers, where nobody need watch if nobody is to be told.

    Raises Transient or Terminal.
    """
    watch = kept.watch()
    if watch is None or not is_watched(watch, now):
        last = "never" if watch is None else f"{watch.watched_at:%Y-%m-%d %H:%M} UTC"
        found = f"{watched_for(plan)}; the rules were asked last: {last}"
        if begun is not None and now - begun < _BEGINS_WITHIN:
            return True, f"{found}; the stack has just started, they are asked within a minute", ""
        if begun is None and not plan.delivers:
            return True, f"{found}; `callfunnel alerts watch` has boards and `alerts list` know what stands", ""
        todo = "`callfunnel up` watches by itself (logs/alerts-watch.log); with servers run `callfunnel alerts watch`"
        return False, found, todo
    if watch.error:
        return False, f"some rules cannot be asked: {watch.error}", "look at the store's log"
    if missing := undelivered(kept.deliveries(now), now):
        found = "\n".join(delivery_lines(missing, "en"))
        return (
            False,
            found,
            "mend the settings that the error names, then `callfunnel alerts test`; what waits is sent then",
        )
    standing = sum(one.state is IncidentState.FIRING for one in kept.incidents(now))
    watched = f"watched {watch.watched_at:%Y-%m-%d %H:%M} UTC"
    return True, f"{watched_for(plan)}; warnings that stand: {standing}, {watched}", ""


def mark_text(mark: IncidentMark | None, now: datetime, zone: ZoneInfo, language: str) -> str:
    """What holds of an incident; "" when nobody said anything."""
    if mark is None or not is_quiet(mark, now):
        return ""
    texts = warning_texts(language).lists
    until = moment(mark.until, now, zone, language) if mark.until else ""
    form = texts["mark_ack" if mark.kind is MarkKind.ACK else "mark_snooze"]
    parts = [form.format(by=mark.by, at=moment(mark.at, now, zone, language), until=until)]
    if mark.note:
        parts.append(texts["note"].format(note=mark.note))
    return "; ".join(parts)


def standing_lines(incidents: Sequence[Incident], marks: Sequence[IncidentMark], telling: Telling) -> Iterator[str]:
    """A line for each, and one below it that says since when and what somebody said of it."""
    latest: Mapping[str, IncidentMark] = latest_marks(marks)
    for one in incidents:
        yield f"{one.incident_id}  {line(one, telling)}"
        mark = mark_text(latest.get(one.incident_id), telling.now, telling.zone, telling.language)
        yield f"            {since(one, telling)}{f'; {mark}' if mark else ''}"


def delivery_lines(found: Sequence[WarningDelivery], language: str) -> Iterator[str]:
    texts = warning_texts(language).lists
    for one in found:
        yield texts["waiting" if one.state is DeliveryState.WAITING else "failed"].format(
            receiver=one.receiver,
            where=f"{one.channel} {one.address}",
            preview=one.preview,
            attempts=one.attempts,
            error=one.error,
        )


def watch_lines(watch: WarningWatch | None, telling: Telling) -> Iterator[str]:
    """When it was watched last, and as of when."""
    texts = warning_texts(telling.language).lists
    if watch is None:
        yield texts["unwatched"]
        return
    yield texts["watched"].format(moment=moment(watch.watched_at, telling.now, telling.zone, telling.language))
    if watch.of_files:
        yield texts["as_of"].format(moment=moment(watch.as_of, telling.now, telling.zone, telling.language))
    if watch.error:
        yield texts["trouble"].format(error=watch.error)

"""The warnings that stand, in words for a reader of the board page, and what a reader says of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from pipeline.drawing.page.incidents import ShownIncident, Snoozes, incidents
from pipeline.readouts.numbers import Numbers
from pipeline.serving.board.server import NotThere, NotUnderstood
from pipeline.settings import Settings
from pipeline.store import Store, connect
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.marking import MarkRequest, keep_mark
from pipeline.warnings.spoken import moment
from pipeline.warnings.standing import is_watched, mark_text
from pipeline.warnings.wording import Telling, as_of_text, behind, is_about_people, line, since, todo
from schemas.alerts import RULES
from schemas.screens.translations.alerts import alert_texts
from schemas.screens.translations.page import page_texts
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import Incident, IncidentMark, IncidentState, MarkKind, WarningWatch

Row = Mapping[str, Any]
_HOUR = timedelta(hours=1)
_LONGEST = timedelta(days=366)
_CALLS_OF = "manager"
"""The board whose panel of calls a warning about somebody leads to."""


class MarkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reader says of a warning, as the page sends it."""

    kind: MarkKind
    snooze: str = ""
    """hour, morning or day."""
    day: date | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    by: Annotated[str, msgspec.Meta(max_length=60)] = ""


class Marks:
    """Keeps what readers say. `writer` may add marks to the store."""

    def __init__(self, writer: WarningWriter, audit: Path) -> None:
        self._writer = writer
        self._audit = audit

    def keep(
        self,
        reader: WarningReader,
        incident_id: str,
        body: MarkBody,
        settings: Settings,
        now: datetime,
        who: str,
        language: str,
    ) -> None:
        """Raises NotThere when it is over, NotUnderstood, Transient or Terminal."""
        texts = page_texts(language).attention
        going_on = {one.incident_id for one in reader.incidents(now) if one.state is not IncidentState.RESOLVED}
        if incident_id not in going_on:
            raise NotThere(texts["gone"])
        until = None
        if body.kind is MarkKind.SNOOZE:
            until = snooze_end(body, now, settings.time_zone, settings.calendar.opens)
            if until is None:
                raise NotUnderstood(texts["past"])
        by = body.by.strip() or f"{texts['anybody']} ({who})"
        wanted = MarkRequest(kind=body.kind, by=by, until=until, note=body.note.strip())
        keep_mark(reader, self._writer, incident_id, wanted, now, self._audit, who=who)


def marks_of(dsn: str, audit: Path) -> Marks | None:
    """Marks that this user of the store keeps; None when it may only read. Raises Transient or Terminal."""
    client = connect(dsn)
    (answer,) = Numbers(client).ask("SELECT value FROM system.settings WHERE name = 'readonly'", _Setting, {})
    return Marks(WarningWriter(Store(client)), audit) if answer.value == "0" else None


class _Setting(msgspec.Struct):
    value: str


def decode_mark(body: bytes) -> MarkBody:
    """Raises NotUnderstood."""
    try:
        return msgspec.json.decode(body, type=MarkBody)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotUnderstood(str(error)) from None


def snooze_end(body: MarkBody, now: datetime, zone: ZoneInfo, opens: time) -> datetime | None:
    """Until when: in an hour, or the opening hour of tomorrow or of a chosen day; None for any other. Pure."""
    today = now.astimezone(zone).date()
    if body.snooze == "hour":
        return now + _HOUR
    day = today + timedelta(days=1) if body.snooze == "morning" else body.day if body.snooze == "day" else None
    if day is None or not today < day <= today + _LONGEST:
        return None
    return datetime.combine(day, opens, zone)


def draw_incidents(
    rows: Sequence[Row],
    watch: WarningWatch | None,
    settings: Settings,
    now: datetime,
    language: str,
    *,
    can_mark: bool,
) -> str:
    """HTML of the rows of `standing_incidents`, in their order. Pure."""
    telling = Telling(
        language=language, zone=settings.time_zone, now=now, as_of=watch.as_of_files if watch is not None else None
    )
    known = {rule.id for rule in RULES}
    found = [(_incident(row), _mark(row)) for row in rows if row["rule"] in known]
    shown = [_shown(incident, mark, telling) for incident, mark in found]
    today = now.astimezone(settings.time_zone).date()
    snoozes = Snoozes(
        clock=f"{settings.calendar.opens:%H:%M}",
        first=f"{today + timedelta(days=1)}",
        last=f"{today + _LONGEST}",
    )
    are_people = any(is_about_people(incident) for incident, _ in found)
    return incidents(
        shown,
        list(_notes(watch, telling, are_people)),
        list(_problems(watch, telling)),
        snoozes if can_mark else None,
        page_texts(language).attention,
    )


def _incident(row: Row) -> Incident:
    names = ("incident_id", "rule", "urgency", "thing", "state", "since", "last_at", "changed_at")
    objects = {name: msgspec.json.decode(row[name]) for name in ("labels", "numbers")}
    return msgspec.convert({**{name: row[name] for name in names}, **objects}, Incident)


def _mark(row: Row) -> IncidentMark | None:
    """What somebody said, while it holds."""
    if not row["mark"]:
        return None
    names = {"kind": "mark", "at": "mark_at", "until": "mark_until", "note": "mark_note", "by": "mark_by"}
    given = {name: row[column] for name, column in names.items()}
    return msgspec.convert({"incident_id": row["incident_id"], **given}, IncidentMark)


def _shown(incident: Incident, mark: IncidentMark | None, telling: Telling) -> ShownIncident:
    texts = page_texts(telling.language).attention
    board, pairs = behind(incident, telling)
    is_of_calls = board == _CALLS_OF
    remark = mark_text(mark, telling.now, telling.zone, telling.language)
    return ShownIncident(
        incident_id=incident.incident_id,
        title=alert_texts(telling.language).rules[incident.rule].title,
        line=line(incident, telling),
        since=since(incident, telling),
        todo=warning_texts(telling.language).phrases["todo"].format(todo=todo(incident, telling)),
        href=f"/{board}?{urlencode(pairs)}" + (f"#{_CALLS_OF}_calls" if is_of_calls else ""),
        link=texts["calls" if is_of_calls else "look"],
        mark="" if mark is None else mark.kind,
        remark=remark[:1].upper() + remark[1:],
    )


def _notes(watch: WarningWatch | None, telling: Telling, are_people: bool) -> Iterator[str]:
    if watch is not None and is_watched(watch, telling.now):
        shown = moment(watch.watched_at, telling.now, telling.zone, telling.language)
        yield page_texts(telling.language).attention["checked"].format(moment=shown)
    if telling.as_of is not None and are_people:
        yield f"{as_of_text(telling)}."


def _problems(watch: WarningWatch | None, telling: Telling) -> Iterator[str]:
    """Why what is not shown may stand all the same."""
    texts = page_texts(telling.language).attention
    if watch is None:
        yield texts["never"]
    elif not is_watched(watch, telling.now):
        yield texts["late"].format(moment=moment(watch.watched_at, telling.now, telling.zone, telling.language))
    elif watch.error:
        yield texts["trouble"].format(error=watch.error)

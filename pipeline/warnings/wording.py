"""Messages: the first line is enough, the rest says since when, what to do and where the calls are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from pipeline.warnings.notices import Notice, NoticeKind
from pipeline.warnings.spoken import fill, moment
from schemas.alerts import ABOUT_PEOPLE, rule
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import Incident

_MOST = 10
"""Incidents of one message that are told in full."""
_MOST_NAMES = 4
_PERSON = "manager_id"
_PERSON_BOARD = "manager"


class MessageText(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: the line that a phone shows, all of it, and the same for programs."""

    preview: str
    text: str
    data: dict[str, Any]


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """How and when it is told."""

    language: str
    zone: ZoneInfo
    now: datetime
    link: str = ""
    """Address of the boards; "" when no reader could reach them."""
    as_of: datetime | None = None
    """The moment of the data, where that is not now: calls come in files."""


def compose(notices: Sequence[Notice], telling: Telling) -> MessageText:
    """One message of all of them; there is one at least."""
    blocks = [block(notice, telling) for notice in notices[:_MOST]]
    if len(notices) == 1:
        preview, text = blocks[0].partition("\n")[0], blocks[0]
    else:
        preview = _preview(notices, telling)
        text = "\n\n".join((preview, *blocks, *_rest(notices, telling)))
    if telling.as_of is not None and any(is_about_people(one.incident) for one in notices):
        text += f"\n\n{as_of_text(telling)}"
    items = [_item(notice, telling) for notice in notices]
    return MessageText(preview=preview, text=text, data={"kind": "warnings", "items": items})


def as_of_text(telling: Telling) -> str:
    """As of when the data is."""
    as_of = telling.as_of or telling.now
    return _phrase(telling, "as_of").format(moment=moment(as_of, telling.now, telling.zone, telling.language))


def line(incident: Incident, telling: Telling) -> str:
    """Who, what, how much, and what was expected."""
    return _filled(warning_texts(telling.language).rules[incident.rule].line, incident, telling)


def first_line(notice: Notice, telling: Telling) -> str:
    """The line of a notice: an end is said as one."""
    phrases = warning_texts(telling.language).phrases
    if notice.kind is NoticeKind.RESOLVED:
        over = warning_texts(telling.language).rules[notice.incident.rule].over
        return f"{phrases['resolved']}: {_filled(over, notice.incident, telling)}"
    head = f"{phrases['still']}: " if notice.kind is NoticeKind.STILL else ""
    return head + line(notice.incident, telling)


def block(notice: Notice, telling: Telling) -> str:
    """The lines about one incident."""
    incident = notice.incident
    lines = [first_line(notice, telling)]
    if notice.kind is NoticeKind.RESOLVED:
        ended = incident.resolved_at or telling.now
        first, last = _span(incident.since, ended, telling)
        return "\n".join((*lines, _phrase(telling, "lasted").format(first=first, last=last)))
    lines.append(since(incident, telling))
    lines.append(_phrase(telling, "todo").format(todo=todo(incident, telling)))
    if link := look(incident, telling):
        lines.append(link)
    return "\n".join(lines)


def _span(first: datetime, last: datetime, telling: Telling) -> tuple[str, str]:
    """Both as clock times where both are of today, else both with their days."""
    zone, today = telling.zone, telling.now.astimezone(telling.zone).date()
    are_today = first.astimezone(zone).date() == last.astimezone(zone).date() == today
    form = _phrase(telling, "clock" if are_today else "moment")
    return first.astimezone(zone).strftime(form), last.astimezone(zone).strftime(form)


def since(incident: Incident, telling: Telling) -> str:
    """Since when, and for how long by now where that is more than a moment."""
    until = telling.as_of if telling.as_of is not None and is_about_people(incident) else telling.now
    for_s = (until - incident.since).total_seconds()
    shown = moment(incident.since, telling.now, telling.zone, telling.language)
    phrase = _phrase(telling, "since_for" if for_s >= 900 else "since")
    return fill(phrase, telling.language, {"moment": shown}, {"for_s": for_s})


def is_about_people(incident: Incident) -> bool:
    """Whether it is of calls that did not come, and so as of the data's moment."""
    return rule(incident.rule).metric in ABOUT_PEOPLE


def todo(incident: Incident, telling: Telling) -> str:
    """What to do next."""
    return _filled(warning_texts(telling.language).rules[incident.rule].todo, incident, telling)


def look(incident: Incident, telling: Telling) -> str:
    """Where the calls are: an address, or the command where no board can be reached; "" where neither helps."""
    manager = incident.labels.get(_PERSON)
    if not telling.link:
        day = incident.last_at.astimezone(telling.zone).date()
        return _phrase(telling, "look_manager").format(manager_id=manager, day=day) if manager else ""
    board, pairs = behind(incident, telling)
    phrase = _phrase(telling, "look_calls" if manager else "look")
    return phrase.format(link=address(telling.link, board, pairs))


def behind(incident: Incident, telling: Telling) -> tuple[str, list[tuple[str, str]]]:
    """The board that shows what is behind it, and what is chosen there."""
    board, pairs = rule(incident.rule).board, [("lang", telling.language)]
    manager = incident.labels.get(_PERSON)
    if not manager:
        return board, pairs
    pairs.append(("manager", manager))
    day = incident.last_at.astimezone(telling.zone).date()
    if incident.labels.get("frame") in ("before", "week"):
        pairs.append(("period", "7d"))
    elif board != "warning":
        pairs += [("first", f"{day}"), ("last", f"{day}")]
    return board if board == "warning" else _PERSON_BOARD, pairs


def address(link: str, board: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The address of a board for a reader who logs in there: it holds no key."""
    return f"{link}/{board}?{urlencode(list(pairs))}"


def subject(incident: Incident, language: str) -> str:
    """Whom or what an incident is of, in a word or two."""
    labels = incident.labels
    found = labels.get("manager") or labels.get(_PERSON) or labels.get("source")
    return found or warning_texts(language).phrases["department"]


def names(incidents: Sequence[Incident], language: str) -> str:
    """`Anna Petrova, Ivan Sidorov and 3 more`."""
    found = list(dict.fromkeys(subject(one, language) for one in incidents))
    shown = ", ".join(found[:_MOST_NAMES])
    more = len(found) - _MOST_NAMES
    return f"{shown} {warning_texts(language).phrases['more'].format(count=more)}" if more > 0 else shown


def _preview(notices: Sequence[Notice], telling: Telling) -> str:
    over = [one.incident for one in notices if one.kind is NoticeKind.RESOLVED]
    firing = [one.incident for one in notices if one.kind is not NoticeKind.RESOLVED]
    parts = []
    if firing:
        of = {"names": names(firing, telling.language)}
        parts.append(fill(_phrase(telling, "several"), telling.language, of, {"warnings": len(firing)}))
    if over:
        parts.append(_phrase(telling, "several_over").format(names=names(over, telling.language)))
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _rest(notices: Sequence[Notice], telling: Telling) -> list[str]:
    more = len(notices) - _MOST
    return [_phrase(telling, "more").format(count=more)] if more > 0 else []


def _item(notice: Notice, telling: Telling) -> dict[str, Any]:
    incident = notice.incident
    return {
        "notice": notice.notice_id,
        "kind": notice.kind,
        "incident": incident.incident_id,
        "rule": incident.rule,
        "urgency": incident.urgency,
        "since": incident.since.isoformat(),
        "resolved_at": None if incident.resolved_at is None else incident.resolved_at.isoformat(),
        "labels": incident.labels,
        "numbers": incident.numbers,
        "line": first_line(notice, telling),
        "todo": todo(incident, telling),
    }


def _filled(text: str, incident: Incident, telling: Telling) -> str:
    return fill(text, telling.language, _labels(incident, telling), incident.numbers)


def _labels(incident: Incident, telling: Telling) -> dict[str, str]:
    """Labels as people read them."""
    texts = warning_texts(telling.language)
    labels = dict(incident.labels)
    if "team" in labels:
        labels["team"] = labels["team"] or texts.phrases["no_team"]
    if "manager" in labels:
        labels["manager"] = labels["manager"] or labels[_PERSON]
    if "frame" in labels:
        here, today = (at.astimezone(telling.zone).date() for at in (incident.last_at, telling.now))
        # The day of the data, which is not today where calls come in files.
        is_earlier = labels["frame"] == "today" and here != today
        shown = texts.frames.get(labels["frame"], labels["frame"])
        labels["frame"] = here.strftime(texts.phrases["day"]) if is_earlier else shown
    return labels


def _phrase(telling: Telling, name: str) -> str:
    return warning_texts(telling.language).phrases[name]

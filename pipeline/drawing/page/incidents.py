"""Warnings that stand on the board page: what needs somebody now, and below, folded, what is looked after. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pipeline.drawing.templates import render

MOST = 5
"""So many are seen at once; the others are folded."""


class ShownIncident(msgspec.Struct, frozen=True, kw_only=True):
    """One warning, in the reader's words."""

    incident_id: str
    title: str
    """The rule."""
    line: str
    """Who, what is, and what was expected."""
    since: str
    todo: str
    href: str
    """To what is behind it."""
    link: str
    """The title of that."""
    mark: str = ""
    """ack or snooze while it holds."""
    remark: str = ""
    """Who said so, when, until when, and the note."""


class Snoozes(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader may choose."""

    clock: str
    """The opening hour."""
    first: str
    """The first day that can be chosen, ISO 8601."""
    last: str


def incidents(
    shown: Sequence[ShownIncident],
    notes: Sequence[str],
    problems: Sequence[str],
    snoozes: Snoozes | None,
    texts: Mapping[str, str],
) -> str:
    """HTML. `problems` are why what is not there may stand all the same; without `snoozes` it can only be read."""
    waiting = [one for one in shown if not one.mark]
    return render(
        "page/incidents.html",
        waiting=waiting[:MOST],
        more=waiting[MOST:],
        folded=[one for one in shown if one.mark],
        notes=notes,
        problems=problems,
        snoozes=snoozes,
        texts=texts,
    )

"""The lines of the board for a width and a height. Pure: what is on it, is in the arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import zip_longest
from textwrap import wrap
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from pipeline.drawing.floor.columns import ColumnFit, FloorLine, bars, clock_of, fit
from pipeline.readouts.floor import STEP_S, Floor, Latest, Person
from pipeline.readouts.floor_notes import LEGEND, Note, Sign, feed_is_dead, notes

MEANING = (
    "A: conversations with who has not bought yet. B: calls per organisation. C, D: general, individual proposals."
    " They tell of the next months' sales today."
)
_STYLES = {
    Sign.SILENT: "bold yellow",
    Sign.MOVED: "bold yellow",
    Sign.FEW_TALKS: "bold magenta",
    Sign.BEHIND: "cyan",
    Sign.AWAY: "dim",
}
_PULSE_FROM = 8 * 3_600 // STEP_S
"""Nights are not drawn."""
_AROUND = 3
"""Lines that are always there beside people: the head, the heads of columns, and all together."""


class Around(NamedTuple):
    """What is beside the numbers: how fast the simulation runs, what arrives, where to look further, what is wrong."""

    speed: float
    arriving: float
    """Legs a second of the wall's clock."""
    where: Sequence[str] = ()
    problem: str = ""
    is_waiting: bool = False
    """Nothing has arrived yet, and it is too early to call that a dead feed."""


def board(floor: Floor, around: Around, width: int, height: int, *, plain: bool = False) -> list[Text]:
    """At most `height` lines, none wider than `width`. Everybody is on it, or counted in "and N more".

    What there is no room for goes in this order: the latest calls, blank lines, teams, where to look, meanings, people.
    """
    zone = floor.now.tzinfo
    assert zone is not None
    person_notes = notes(floor)
    people = [_person(one, note) for one, note in zip(floor.people, person_notes, strict=True)]
    total = _total(floor)
    teams = _teams(floor) if len(floor.teams) > 1 else []
    layout = fit([*people, *teams, total], width, zone)
    most = max(1, height - _AROUND)
    room = _Room(height - _AROUND - min(len(people), most))
    meaning = room.take(_paragraph(MEANING, width))
    legend = room.take(_legend(person_notes, width))
    where = room.take([Text(piece, "dim") for line in around.where for piece in _wrapped(line, width)])
    shown_teams = room.take([_line(team, layout, zone, plain=plain) for team in teams])
    blanks = room.take([Text()] * 3)
    latest = room.some([_ticker(call, floor) for call in reversed(floor.latest)], head=Text("latest calls", "bold"))
    lines = [
        _head(floor, around, width),
        _heads(layout),
        *_cut([_line(one, layout, zone, plain=plain) for one in people], person_notes, most),
        *blanks[:1],
        _line(total, layout, zone, plain=plain),
        *shown_teams,
        *blanks[:1],
        *latest,
        *(blanks[:1] if latest else ()),
        *legend,
        *meaning,
        *where,
    ]
    return [_cropped(line, width) for line in lines[:height]]


class _Room:
    """Lines that are left for what is wanted, in the order of asking."""

    def __init__(self, lines: int) -> None:
        self._left = lines

    def take(self, lines: Sequence[Text]) -> Sequence[Text]:
        """All of them, or none."""
        if len(lines) > self._left:
            return ()
        self._left -= len(lines)
        return lines

    def some(self, lines: Sequence[Text], head: Text) -> Sequence[Text]:
        """As many as there is room for below a head."""
        shown = lines[: max(0, self._left - 1)]
        return [head, *shown] if shown else ()


def _person(one: Person, note: Note) -> FloorLine:
    return FloorLine(
        label=one.name,
        numbers=one.numbers,
        sign=note.sign,
        team=one.team,
        last_at=one.last_at,
        pulse=one.pulse[_PULSE_FROM:],
        plan_fact=one.plan_fact,
        remark=note.text,
        style=_STYLES.get(note.sign, ""),
    )


def _total(floor: Floor) -> FloorLine:
    return FloorLine(
        label=f"all {len(floor.people)} manager{'s' * (len(floor.people) != 1)}",
        numbers=floor.total,
        last_at=floor.last_at,
        pulse=_added(one.pulse for one in floor.people),
        plan_fact=floor.plans.total,
        style="bold",
    )


def _teams(floor: Floor) -> list[FloorLine]:
    """Those of the roster; B and the organisations are the team's own, not sums of its people's."""
    lines = []
    for team, numbers in sorted(floor.teams.items()):
        members = [one for one in floor.people if one.team == team]
        last_at = max((one.last_at for one in members if one.last_at is not None), default=None)
        pulse = _added(one.pulse for one in members)
        label, plan_fact = f"team {team or '-'}", floor.plans.teams.get(team)
        lines.append(FloorLine(label=label, numbers=numbers, last_at=last_at, pulse=pulse, plan_fact=plan_fact))
    return lines


def _added(pulses: Iterable[Sequence[int]]) -> list[int]:
    return [sum(counts) for counts in zip_longest(*pulses, fillvalue=0)][_PULSE_FROM:]


def _head(floor: Floor, around: Around, width: int) -> Text:
    """The clock first; then as much as there is room for."""
    fresh = "no call yet" if floor.last_at is None else f"last call {_ago(floor.now.timestamp() - floor.last_at)} ago"
    if around.is_waiting:
        fresh = "waiting for the first calls"
    is_dead = feed_is_dead(floor.people) and not around.is_waiting
    problem = around.problem or ("nothing is recorded: is the feed dead?" if is_dead else "")
    zone = floor.now.tzinfo
    match = floor.total.match_coverage
    pieces = [
        (" callfunnel ", "reverse bold"),
        (f"{floor.now:%a %d %b %H:%M:%S}", "bold"),
        (f"x{around.speed:g}", ""),
        (f"! {problem}", "bold red") if problem else (fresh, "green"),
        (f"match {match:.0%}" if match is not None else "", ""),
        (f"{around.arriving:.1f} legs/s", ""),
        (f"{floor.records:,} legs stored", ""),
        (f"{floor.now:%Y}, {zone}", "dim"),
    ]
    text = Text()
    for piece, style in pieces:
        if piece and text.cell_len + 2 + cell_len(piece) <= width:
            text.append("  " if text.cell_len else "").append(piece, style)
    return text


def _ago(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}" if whole < 3600 else f"{clock_of(whole)} h"


def _heads(layout: ColumnFit) -> Text:
    text = Text("  " + set_cell_size("manager", layout.name), "underline")
    for column, width in layout.columns:
        text.append(" " + (column.head.ljust(width) if column.left else column.head.rjust(width)))
    if layout.pulse:
        text.append(" " + f"by {STEP_S // 60} min"[: layout.pulse].ljust(layout.pulse))
    return text


def _line(line: FloorLine, layout: ColumnFit, zone: tzinfo, *, plain: bool) -> Text:
    text = Text(f"{line.sign} " + set_cell_size(line.label, layout.name), line.style)
    for column, width in layout.columns:
        cell = column.write(line, zone)
        text.append(
            " " + (cell.ljust(width) if column.left else cell.rjust(width)), "bold" if column.head == "A" else ""
        )
    if layout.pulse:
        shown = bars(line.pulse, layout.pulse, max(line.pulse[-layout.pulse :], default=0), plain=plain)
        text.append(" " + shown[:-1], "green")
        text.append(shown[-1:], "dim green")  # the quarter that is not over yet
    return text


def _legend(person_notes: Sequence[Note], width: int) -> list[Text]:
    """What the signs on the board mean: the ones that are there."""
    there = {note.sign for note in person_notes}
    row_text = "   ".join(f"{sign} {LEGEND[sign]}" for sign in LEGEND if sign in there)
    return _paragraph(row_text, width) if row_text else []


def _ticker(call: Latest, floor: Floor) -> Text:
    name = next((one.name for one in floor.people if one.manager_id == call.manager_id), call.manager_id)
    way = {"inbound": "from", "outbound": "to"}.get(call.direction, "with")
    whom = f"{call.organisation_id} ({call.stage or 'no stage'})" if call.organisation_id else "somebody unknown"
    outcome = (
        f"talked {call.talk_s // 60}:{call.talk_s % 60:02d}" if call.talk_s else call.disposition.replace("_", " ")
    )
    return Text(f"  {call.local_time[11:]}  {name}, {way} {whom}: {outcome}")


def _paragraph(content: str, width: int) -> list[Text]:
    return [Text(line, "dim") for line in _wrapped(content, width)]


def _wrapped(content: str, width: int) -> list[str]:
    return wrap(content, width, break_long_words=False, break_on_hyphens=False)


def _cropped(line: Text, width: int) -> Text:
    line.no_wrap = True
    line.truncate(width, overflow="ellipsis")
    return line


def _cut(lines: Sequence[Text], person_notes: Sequence[Note], most: int) -> list[Text]:
    """The lines that there is room for, those with a warning first, in their order; the others are counted."""
    if len(lines) <= most:
        return list(lines)
    warned = [index for index, note in enumerate(person_notes) if note.warns]
    others = [index for index, note in enumerate(person_notes) if not note.warns]
    kept = sorted([*warned, *others][: most - 1])
    return [*(lines[index] for index in kept), Text(f"  and {len(lines) - len(kept)} more", "dim")]

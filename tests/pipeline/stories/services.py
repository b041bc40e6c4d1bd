"""A story as Mango Office, 3CX and a table of one's own tell it. `at` is the start in epoch seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from department.mango import MangoLeg
from department.mango import write as mango_line
from department.threecx import SegmentEnd, ThreeCxSegment
from department.threecx import write as threecx_line
from schemas.mapping import Mapping
from schemas.records import Direction
from tests.pipeline.stories.story import MOBILES, End, Entry, How, Story

_LINE, _QUEUE = "74950000900", "600"


def _other(story: Story) -> str:
    return "102" if story.called != "102" else "101"


def mango(told: Sequence[tuple[Story, int]]) -> str:
    return "".join(
        mango_line(leg) for number, (story, at) in enumerate(told) for leg in _mango(story, at, f"MTAx{number:06}")
    )


def _mango(story: Story, at: int, entry: str) -> Iterator[MangoLeg]:
    number = story.contact[1:]

    def account(desk: str) -> str:
        return f"sip:user{desk}@vpbx.example"

    def arrived(desk: str, since: int, answer: int, until: int, where: str = "abonent", to: str = "") -> MangoLeg:
        """`answer` below 0: never."""
        return MangoLeg(
            at + since,
            at + until,
            at + answer if answer >= 0 else 0,
            "",
            number,
            desk,
            to or (account(desk) if desk else ""),
            1110,
            _LINE,
            where,
            entry,
        )

    answer, until = (story.talks[0].since, story.talks[0].until) if story.talks else (-1, story.over)
    answered_at = at + answer if answer >= 0 else 0
    if story.way is Direction.OUTBOUND:
        yield MangoLeg(
            at, at + until, answered_at, story.called, account(story.called), "", number, 1110, _LINE, "abonent", entry
        )
        return
    if story.way is Direction.INTERNAL:
        other = _other(story)
        yield MangoLeg(
            at,
            at + until,
            answered_at,
            story.called,
            account(story.called),
            other,
            account(other),
            1110,
            "",
            "abonent",
            entry,
        )
        return
    rings = story.menu_s
    if story.end is End.MENU and not story.talks:
        yield arrived("", 0, -1, story.over, "ivr")
        return
    if story.menu_s:
        yield arrived("", 0, -1, rings, "ivr")
    taken = story.talks[0].since if story.talks else story.over
    picked_elsewhere = story.entry is Entry.PICKUP and story.talks != ()
    for desk in (*(() if story.talks and not picked_elsewhere else (story.called,)), *story.rang):
        yield arrived(desk, rings, -1, taken)
    if story.end is End.VOICEMAIL and not story.talks:
        yield arrived("", story.over, story.over, story.over + 20, "ivr")
    begun = rings
    for number_, talk in enumerate(story.talks):
        to = MOBILES[talk.who][1:] if story.entry is Entry.FORWARD else ""
        if talk.how is How.ATTENDED:
            before = story.talks[number_ - 1]
            asked = talk.since - story.consult_s
            yield MangoLeg(
                at + asked,
                at + talk.since,
                at + asked + 1,
                before.who,
                account(before.who),
                talk.who,
                account(talk.who),
                1110,
                "",
                "abonent",
                entry,
            )
        yield arrived(talk.who, begun, talk.since, talk.until, to=to)
        begun = talk.until


def threecx(told: Sequence[tuple[Story, int]]) -> str:
    return "".join(
        threecx_line(leg) for number, (story, at) in enumerate(told, 1) for leg in _threecx(story, at, number * 100)
    )


_NOBODY = SegmentEnd("", "", "")
_MENU = SegmentEnd("Ext.801", "801", "Ivr", "Menu")
_VOICEMAIL = SegmentEnd("Ext.999", "999", "voicemail", "Voice Mail")


def _threecx(story: Story, at: int, number: int) -> Iterator[ThreeCxSegment]:
    def desk(extension: str) -> SegmentEnd:
        return SegmentEnd(f"Ext.{extension}", extension, "Extension", f"N{extension}")

    def segment(
        since: int, answer: int, until: int, near: SegmentEnd, to: SegmentEnd, final: SegmentEnd, call: int = number
    ) -> ThreeCxSegment:
        reason = "src_participant_terminated" if answer >= 0 or story.end is not End.BUSY else "Busy"
        return ThreeCxSegment(
            call, number + len(made), at + since, at + answer if answer >= 0 else 0, at + until, reason, near, to, final
        )

    made: list[ThreeCxSegment] = []
    line = SegmentEnd("8" + story.contact[2:], "10001", "Line", "x") if story.contact else _NOBODY
    answer, until = (story.talks[0].since, story.talks[0].until) if story.talks else (-1, story.over)
    if story.way is not Direction.INBOUND:
        to = line if story.way is Direction.OUTBOUND else desk(_other(story))
        yield segment(0, answer, until, desk(story.called), to, to if story.talks else _NOBODY)
        return
    to, final = desk(story.called), _NOBODY
    if story.entry in (Entry.QUEUE, Entry.GROUP):
        kind = "queue" if story.entry is Entry.QUEUE else "ringgroup"
        to = SegmentEnd(f"Ext.{_QUEUE}", _QUEUE, kind, "Sales")
    elif story.menu_s:
        to = _MENU
    if story.talks:
        who = story.talks[0].who
        mobile = SegmentEnd("8" + MOBILES[who][2:], "10001", "Line", "x")
        final = mobile if story.entry is Entry.FORWARD else desk(who)
    elif story.end is End.VOICEMAIL:
        answer, until, final = story.over, story.over + 20, _VOICEMAIL
    elif story.end is End.MENU:
        to, answer, final = _MENU, 0, _MENU
    made.append(segment(0, answer, until, line, to, final))
    for before, talk in zip(story.talks, story.talks[1:], strict=False):
        if talk.how is How.ATTENDED:
            asked = talk.since - story.consult_s
            made.append(
                segment(asked, asked + 1, talk.since, desk(before.who), desk(talk.who), desk(talk.who), number + 50)
            )
        made.append(segment(before.until, talk.since, talk.until, line, desk(talk.who), desk(talk.who)))
    yield from made


MAPPING = Mapping(
    kind="calls",
    columns={
        "start": "Begin",
        "direction": "Way",
        "extension": "Who",
        "contact": "Number",
        "status": "Result",
        "talk": "Talk, s",
        "wait": "Wait, s",
        "call_id": "Call",
    },
)


def own_table(told: Sequence[tuple[Story, int]]) -> str:
    """A row for each person that a call came to."""
    rows = ["Call;Begin;Way;Who;Number;Result;Wait, s;Talk, s\n"]
    for number, (story, at) in enumerate(told):
        way = {Direction.INBOUND: "in", Direction.OUTBOUND: "out"}.get(story.way, "internal")
        talks = story.talks or (None,)
        begun = 0
        for talk in talks:
            who = talk.who if talk else story.called
            result = "answered" if talk else {End.BUSY: "busy", End.VOICEMAIL: "voicemail"}.get(story.end, "missed")
            waited, length = (talk.since - begun, talk.until - talk.since) if talk else (story.over, 0)
            start = datetime.fromtimestamp(at + begun, UTC).strftime("%Y-%m-%d %H:%M:%S")
            rows.append(f"c{number};{start};{way};{who};{story.contact};{result};{waited};{length}\n")
            begun = talk.until if talk else 0
    return "".join(rows)

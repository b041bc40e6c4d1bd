"""For any story that a layout can tell, who talked, how long and with whom is what the story says."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.freeswitch.fusionpbx import leg as leg_of_fusionpbx
from connectors.mapped.choose import choose_mapped
from connectors.reading.sample import Sample
from department.layouts import LAYOUTS, ExportClock
from schemas.records import CallLeg, Direction
from tests.connectors.asterisk.cel_rows import START_S, log
from tests.connectors.conftest import Items, context, read
from tests.pipeline.cases.harness import Counted, counted
from tests.pipeline.stories import services, switches
from tests.pipeline.stories.asterisk import AsteriskTape
from tests.pipeline.stories.story import ROSTER, End, Entry, How, Story, stories, truth

APART_S = 7_200
"""Between the beginnings of two stories of a file."""
Files = dict[str, str]
MOSCOW = ZoneInfo("Europe/Moscow")


class Layout(NamedTuple):
    """Files that tell stories, and which they can."""

    name: str
    can: Set[object]
    write: Callable[[Sequence[Story]], Files]


def _taped(told: Sequence[Story]) -> AsteriskTape:
    tape = AsteriskTape()
    for number, story in enumerate(told):
        tape.record(story, number * APART_S)
    return tape


def _cdr(layout: str) -> Callable[[Sequence[Story]], Files]:
    def write(told: Sequence[Story]) -> Files:
        one = LAYOUTS[layout]
        row = one.writer(ExportClock(MOSCOW))
        return {"Master.csv": one.header + "".join(row(leg) for leg in _taped(told).legs)}

    return write


def _cel(told: Sequence[Story]) -> Files:
    return {"cel.csv": log(*_taped(told).events)}


def _queue_log(told: Sequence[Story]) -> Files:
    tape = AsteriskTape(has_names=False)
    for number, story in enumerate(told):
        tape.record(story, number * APART_S)
    return {"queue_log": "\n".join([*tape.queue_log, ""])}


def _all(told: Sequence[Story]) -> Files:
    queue_log = _taped(told).queue_log
    files = {**_cdr("asterisk-csv")(told), **_cel(told)}
    return {**files, "queue_log": "\n".join([*queue_log, ""])} if queue_log else files


def _dated(name: str, write: Callable[[Sequence[tuple[Story, int]]], str]) -> Callable[[Sequence[Story]], Files]:
    return lambda told: {name: write([(story, START_S + number * APART_S) for number, story in enumerate(told)])}


ENDS = {End.BUSY, End.VOICEMAIL, End.MENU}
ANY_WAY = {Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL, Entry.DIRECT}
CDR = {
    *ANY_WAY,
    *(Entry.GROUP, Entry.QUEUE, Entry.FORWARD, Entry.PICKUP, How.BLIND, How.ATTENDED, How.PARKED),
    *ENDS,
    *("zero", "handed over outbound"),
}
CEL = CDR | {Entry.MENU, How.ROOM, "rings again"}

ONE_TALK = {*ANY_WAY, Entry.GROUP, End.BUSY, "zero"}
JSON = {*ANY_WAY, *ENDS, Entry.GROUP, Entry.MENU, Entry.FORWARD, How.BLIND, "rings again", "zero"}
CUCM = {*ANY_WAY, Entry.FORWARD, End.BUSY, End.VOICEMAIL, How.BLIND, How.ATTENDED, How.PARKED, "rings again", "zero"}
SERVICE = {
    *ANY_WAY,
    *ENDS,
    *(Entry.GROUP, Entry.QUEUE, Entry.MENU, Entry.FORWARD, Entry.PICKUP, How.BLIND, How.ATTENDED, How.PARKED),
    *("rings again", "zero"),
}
TABLE = {*ANY_WAY, End.BUSY, End.VOICEMAIL, How.BLIND, How.PARKED, "rings again", "zero"}

LAYOUTS_OF_STORIES = [
    Layout("cdr_csv", CDR, _cdr("asterisk-csv")),
    Layout("FreePBX report", CDR, _cdr("freepbx")),
    Layout("CEL", CEL, _cel),
    Layout("queue_log", {Direction.INBOUND, Entry.QUEUE, "zero"}, _queue_log),
    Layout("CDR, CEL and queue_log", CEL, _all),
    Layout("FreeSWITCH csv", ONE_TALK, _dated("Master.csv", switches.cdr_csv)),
    Layout("FreeSWITCH json", JSON, _dated("cdr.jsonl", switches.json_lines)),
    Layout("CUCM", CUCM, _dated("cdr_office_01", switches.cucm)),
    Layout("Mango", SERVICE, _dated("mango.csv", services.mango)),
    Layout("3CX", SERVICE, _dated("cdr.log", services.threecx)),
    Layout("own table", TABLE, _dated("calls.csv", services.own_table)),
]


def read_own(path: Path) -> Items:
    """A table of one's own, by its mapping."""
    found = choose_mapped(Sample(path), "calls", "auto", "RU", {"mine": services.MAPPING})
    assert found is not None
    source, seen = found
    return list(source.read(path, seen, context("UTC")))


def test_who_talked_and_how_long_in_the_table_of_fusionpbx() -> None:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(stories(JSON - {Entry.FORWARD}), min_size=1, max_size=5))
    def check(told: list[Story]) -> None:
        rows = switches.fusionpbx([(story, START_S + number * APART_S) for number, story in enumerate(told)])
        legs = [leg_of_fusionpbx(row, str(number), context("UTC")) for number, row in enumerate(rows)]
        assert differing(told, counted(legs, ROSTER)) == []

    check()


def calls_of(files: Files) -> list[Counted]:
    legs: list[CallLeg] = []
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            for item in read_own(path) if name == "calls.csv" else read(path):
                assert isinstance(item, CallLeg), item
                legs.append(item)
    return counted(legs, ROSTER)


def differing(told: Sequence[Story], found: Sequence[Counted]) -> list[tuple[Counted, Counted]]:
    """(what the story says, what was counted) of the calls with the outside; those inside belong to nobody."""
    with_outside = [call for call in found if call.direction is not Direction.INTERNAL]
    outside = [truth(story) for story in told if story.way is not Direction.INTERNAL]
    assert len(with_outside) == len(outside), (outside, found)
    return [pair for pair in zip(outside, with_outside, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize("layout", LAYOUTS_OF_STORIES, ids=lambda layout: layout.name)
def test_who_talked_and_how_long_is_what_the_story_says(layout: Layout) -> None:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(stories(layout.can), min_size=1, max_size=5))
    def check(told: list[Story]) -> None:
        found = calls_of(layout.write(told))
        assert differing(told, found) == []
        inside = [(one.talk_s, one.answered) for one in found if one.direction is Direction.INTERNAL]
        for story in told:
            if story.way is Direction.INTERNAL:
                right = truth(story)
                assert (right.talk_s, right.answered) in inside

    check()

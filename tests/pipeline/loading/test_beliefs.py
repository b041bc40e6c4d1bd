"""What is believed of a source: sums add up, the implausible is a warning with its setting, numbers can be hidden."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.phones import is_hidden
from pipeline.drawing.terminal.beliefs_text import describe, short
from pipeline.loading.read_beliefs import around, read_beliefs
from pipeline.readouts.beliefs import FEWEST_CALLS, Beliefs, CallTotals, Party, beliefs_of
from tests.pipeline.loading.in_memory import Office, only

UTC = ZoneInfo("UTC")
USUAL = {
    "calls": 100,
    "inbound": 45,
    "outbound": 45,
    "internal": 10,
    "unknown_direction": 0,
    "answered": 60,
    "machine": 5,
    "numbers_read": 88,
    "of_no_organisation": 10,
    "of_no_manager": 3,
    "legs": 150,
    "first": 1_772_521_200,
    "last": 1_772_607_600,
}


def totals(**other: int) -> CallTotals:
    return CallTotals(**{**USUAL, **other})


def believed(source: str, totals: CallTotals, parties: list[Party]) -> Beliefs:
    return beliefs_of(source, totals, parties, is_hidden)


def party(what: str, name: str, calls: int, of_nobody: int = 0, names: int = 1) -> Party:
    return Party(
        what=what,
        name=name,
        calls=calls,
        of_nobody=of_nobody,
        first=USUAL["first"],
        last=USUAL["last"],
        names=names,
        calls_of_all=calls,
    )


def test_usual_exchange_gives_no_warning() -> None:
    assert believed("office", totals(), [party("unread", "anonymous", 2)]).warnings == []


@pytest.mark.parametrize(
    ("odd", "name", "setting"),
    [
        ({"outbound": 0, "inbound": 90}, "outbound", "`trunks`"),
        ({"answered": 0}, "answered by a person", "`extensions`"),
        ({"answered": 90}, "answered by a person", "`extensions`"),
        ({"legs": 5000}, "legs per call", "--source"),
        ({"unknown_direction": 20, "inbound": 25}, "without direction", "`trunks`"),
        ({"of_no_manager": 80}, "of extensions without a manager", "load managers"),
        ({"of_no_organisation": 88}, "of no organisation", "load organisations"),
        ({"numbers_read": 60}, "with a number that is not understood", "`region`"),
    ],
)
def test_implausible_share_is_a_warning_with_what_decides_it(odd: dict[str, int], name: str, setting: str) -> None:
    (warning,) = (
        believed("office", totals(**odd), []).warnings
        if "numbers_read" in odd
        else believed("office", totals(**odd), [party("unread", "", 2)]).warnings
    )
    assert warning.startswith(f"{name}: ")
    assert setting in warning


def test_few_calls_say_nothing_of_what_is_usual() -> None:
    few = dict.fromkeys(USUAL, 0)
    for calls in (0, FEWEST_CALLS - 1):
        assert believed("office", CallTotals(**{**few, "calls": calls, "inbound": calls}), []).warnings == []


counts = st.integers(0, 10_000)


@given(
    st.fixed_dictionaries({"inbound": counts, "outbound": counts, "internal": counts, "unknown_direction": counts}),
    st.lists(st.tuples(st.sampled_from(("", "anonymous", "0000000000", "abc", "12345678901234567890")), counts)),
    counts,
)
def test_numbers_of_all_calls_with_the_outside_add_up(
    directions: dict[str, int], unread: list[tuple[str, int]], more: int
) -> None:
    outside = sum(directions.values()) - directions["internal"]
    parties = [party("unread", name, calls) for name, calls in unread]
    without = min(outside, sum(calls for _, calls in unread) + more)
    if sum(calls for _, calls in unread) > without:
        return  # the store gives no more of them than there are
    all_of_them = totals(**directions, calls=sum(directions.values()), numbers_read=outside - without)
    found = believed("office", all_of_them, parties)
    assert found.numbers_read + found.numbers_hidden + found.numbers_not_understood == outside
    assert found.numbers_not_understood >= sum(one.calls for one in found.not_understood)


def test_numbers_are_hidden_where_readers_may_not_see_them() -> None:
    parties = [
        party("phone", "101", 40, of_nobody=4),
        party("line", "+74950000001", 9),
        party("unread", "8 (916) 123-45-678", 3),
        party("stranger", "+79161234567", 7, names=40),
    ]
    found: Beliefs = believed("office", totals(), parties)
    for lines in (describe(found, UTC, hides_numbers=True), short(found, hides_numbers=True)):
        assert not any(number in line for line in lines for number in ("1234567", "123-45", "0000001"))
    text = "\n".join(describe(found, UTC, hides_numbers=False))
    for part in ("+79161234567 7, and 28 more", "8 (916) 123-45-678 3", "101: 4 of 40 calls, 2026-03-03 to 2026-03-04"):
        assert part in text, text


HEAD = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid\n"


def row(minute: int, src: str, dst: str, channel: str, dstchannel: str, app: str = "Dial", billsec: int = 50) -> str:
    at = f"2026-03-03 10:{minute:02}:00"
    return f"{at},{src},{dst},{channel},{dstchannel},{app},60,{billsec},ANSWERED,{1772521200 + 60 * minute}.{minute}\n"


def test_what_the_store_has_of_a_source_is_told(office: Office) -> None:
    office.managers()
    office.load("organisations", office.write("o.csv", "id;name;phones\no1;A;+79160000050\n"))
    text = HEAD + "".join(
        [
            row(1, "101", "89160000050", "PJSIP/101-00000001", "PJSIP/provider-00000002"),
            row(2, "107", "89160000051", "PJSIP/107-00000001", "PJSIP/provider-00000002"),
            row(3, "anonymous", "102", "PJSIP/provider-00000003", "PJSIP/102-00000004"),
            row(4, "79160000052", "500", "PJSIP/provider-00000005", "", "VoiceMail"),
        ]
    )
    outcome: Any = only(office.load("calls", office.write("Master.csv", text), source="office"))
    start, end = around(outcome.first_call_at, outcome.last_call_at)
    found = read_beliefs("office", start, end, office.database.numbers)
    assert (found.totals.calls, found.totals.outbound, found.totals.inbound) == (4, 2, 2)
    assert [(one.name, one.calls, one.of_nobody) for one in found.phones] == [
        *(("101", 1, 0), ("102", 1, 0), ("107", 1, 1))
    ]
    assert [one.name for one in found.of_nobody] == ["107"]
    assert {(one.name, one.taken_for) for one in found.peers} == {
        *(("PJSIP/101", "phone"), ("PJSIP/102", "phone"), ("PJSIP/107", "phone"), ("PJSIP/provider", "line")),
    }
    assert found.peers_file == "Master.csv"
    assert [(one.name, one.calls) for one in found.machines] == [("VoiceMail", 1)]
    assert [one.name for one in found.strangers] == ["+79160000051", "+79160000052"]
    assert (found.numbers_read, found.numbers_hidden, found.numbers_not_understood) == (3, 1, 0)
    assert read_beliefs("another", start, end, office.database.numbers).totals.calls == 0

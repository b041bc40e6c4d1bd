"""Steps on a store: what one chunk leaves behind, and that the same chunk again leaves nothing more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.agents.count_activities import CountActivities
from pipeline.agents.decider import Decider
from pipeline.agents.record_proposals import RecordProposals
from pipeline.agents.step import Frame, Outgoing, Step, read_chunk
from pipeline.agents.stitch_calls import StitchCalls
from pipeline.agents.store_rejected import StoreRejected
from pipeline.count import Rules
from pipeline.directory_cache import DirectoryCache
from pipeline.store import Store, connect
from schemas.codec import Codec, encode
from schemas.records import Activity, CallLeg, ManagerActivity, Proposal, Reason, Record, Rejected, Restatement
from schemas.stages import default_stages
from schemas.topics import CALL_LEGS
from tests.pipeline.unit.making import NINE, activity, leg, organisation, proposal

TABLES = ("call_legs", "placements", "activities", "manager_activity", "restatements", "proposals", "rejected",
          "organisations")  # fmt: skip
NEXT_DAY = int(datetime(2026, 11, 3, 8, 0, tzinfo=UTC).timestamp()) * 10**9
RULES = Rules(30, frozenset({"new", "active", "development"}))


@pytest.fixture
def store(store_dsn: str) -> Iterator[Store]:
    client = connect(store_dsn)
    for table in TABLES:
        client.command(f"TRUNCATE TABLE {table}")
    yield Store(client)
    for table in TABLES:
        client.command(f"TRUNCATE TABLE {table}")


class Ticking:
    """A clock that is a nanosecond further with every reading, from the morning of the next day."""

    def __init__(self) -> None:
        self._ticks = itertools.count(NEXT_DAY)

    def __call__(self) -> int:
        return next(self._ticks)


def decider(store: Store) -> Decider:
    return Decider(store, DirectoryCache(store, default_stages()))


def send(step: Step, *records: Record | bytes) -> list[Outgoing]:
    """One frame through a step; gives what it sends on."""
    lines = [record if isinstance(record, bytes) else encode(record) for record in records]
    settled = step.settle_chunk([Frame(b"\n".join(lines), "call-legs:0:7")])
    outgoing = list(settled.outgoing)
    settled.then()
    return outgoing


def rows(store: Store, kind: type[Any], table: str) -> Sequence[Any]:
    epoch = "* REPLACE(toUnixTimestamp(bucket) AS bucket)" if "bucket" in kind.__struct_fields__ else "*"
    return sorted(store.rows(msgspec.json.Decoder(kind), f"SELECT {epoch} FROM {table} FINAL"), key=repr)


# Lines that are no records.

BAD = b"GET / HTTP/1.1\r"


def test_line_that_is_no_record_becomes_a_rejection_with_its_place_and_the_rest_goes_on() -> None:
    good, other = encode(leg("r1")), encode(leg("r2"))
    frame = Frame(b"\n".join([good, BAD, other]), "call-legs:3:1042")
    records, lines, rejected = read_chunk(Codec(CallLeg), CALL_LEGS, [frame], lambda: NEXT_DAY)
    assert ([record.record_id for record in records], lines) == (["r1", "r2"], [good, other])
    (said,) = [msgspec.json.decode(line.line, type=Rejected) for line in rejected]
    assert (said.reason, said.origin, said.topic) == (Reason.BAD_WIRE, "call-legs:3:1042", "call-legs")
    assert (said.payload, said.version) == ("GET / HTTP/1.1\r", NEXT_DAY)
    assert said.rejected_id.startswith("wire:call-legs:3:1042:")


def test_same_bad_line_at_the_same_place_is_one_rejection_and_at_another_place_another() -> None:
    def ids(place: str, *lines: bytes) -> list[str]:
        _, _, rejected = read_chunk(Codec(CallLeg), CALL_LEGS, [Frame(b"\n".join(lines), place)], lambda: 1)
        return [msgspec.json.decode(line.line, type=Rejected).rejected_id for line in rejected]

    assert ids("call-legs:0:1", BAD) == ids("call-legs:0:1", BAD)
    assert len({*ids("call-legs:0:1", BAD, BAD + b"x"), *ids("call-legs:0:2", BAD)}) == 3


def test_bytes_that_are_no_text_are_kept_readable_and_a_megabyte_is_cut() -> None:
    frame = Frame(b"\xd0\xee\xff" + b"x" * 2**20, "call-legs:0:1")
    _, _, (rejected,) = read_chunk(Codec(CallLeg), CALL_LEGS, [frame], lambda: 1)
    payload = msgspec.json.decode(rejected.line, type=Rejected).payload
    assert payload.startswith(r"\xd0\xee\xffxxx")
    assert len(payload.encode()) < 70_000


def test_line_of_a_later_wire_version_says_so() -> None:
    later = encode(leg()).replace(b'"v":1', b'"v":2')
    _, _, (rejected,) = read_chunk(Codec(CallLeg), CALL_LEGS, [Frame(later, "p")], lambda: 1)
    assert msgspec.json.decode(rejected.line, type=Rejected).reason is Reason.UNKNOWN_WIRE_VERSION


def test_rejection_that_is_no_rejection_is_kept_as_one(store: Store) -> None:
    assert send(StoreRejected(store, Ticking()), BAD) == []
    (row,) = rows(store, Rejected, "rejected")
    assert (row.reason, row.topic, row.payload) == (Reason.BAD_WIRE, "rejected", "GET / HTTP/1.1\r")


@pytest.mark.parametrize("value", [b"", b"\n\n", BAD])
def test_chunk_without_a_record_stores_nothing(store: Store, value: bytes) -> None:
    steps: list[Step] = [StitchCalls(decider(store)), RecordProposals(decider(store)), counting(store)]
    for step in steps:
        settled = step.settle_chunk([Frame(value, "p")])
        assert {line.topic.name for line in settled.outgoing} <= {"rejected"}
    assert [table for table in TABLES if store.rows(msgspec.json.Decoder(), f"SELECT 1 FROM {table} LIMIT 1")] == []


# Legs.


def test_call_of_two_loads_is_the_first_ones_in_one_chunk_and_in_two(store: Store) -> None:
    monday = leg("r1", answer="09:00:05", version=1, import_id="monday", origin="a.csv:1")
    tuesday = leg("r1", answer="09:00:05", version=2, import_id="tuesday", origin="b.csv:1")
    for chunks in ([[monday, tuesday]], [[tuesday, monday]], [[monday], [tuesday]]):
        step = StitchCalls(decider(store), Ticking())
        for chunk in chunks:
            send(step, *chunk)
        assert rows(store, CallLeg, "call_legs") == [monday]
        assert [(place.cause, place.caused_at) for place in rows(store, Activity, "placements")] == [("monday", 1)]


def test_stranger_with_microseconds_who_sends_again_corrects_nothing(store: Store) -> None:
    step = StitchCalls(decider(store), Ticking())
    strange = encode(leg("r1", version=1)).replace(b'"2026-11-02T09:00:00Z"', b'"2026-11-02T12:00:00.123456+03:00"')
    again = strange.replace(b'"version":1}', b'"version":2}')
    send(step, strange)
    before = [rows(store, kind, table) for kind, table in ((CallLeg, "call_legs"), (Activity, "placements"))]
    send(step, again)
    after = [rows(store, kind, table) for kind, table in ((CallLeg, "call_legs"), (Activity, "placements"))]
    assert after == before
    assert [row.version for row in after[0]] == [1]


def test_correction_by_a_right_clock_replaces_what_a_fast_machine_stored_and_is_counted(store: Store) -> None:
    def fast() -> int:
        return NEXT_DAY + 3 * 3600 * 10**9

    first = leg("r1", answer="09:00:05", billsec=10, version=fast())
    corrected = leg("r1", answer="09:00:05", billsec=20, version=NEXT_DAY)
    outgoing = send(StitchCalls(decider(store), fast), first)
    send(CountActivities(store, RULES, ZoneInfo("UTC"), fast), *(line.line for line in outgoing))
    right, counter = StitchCalls(decider(store), Ticking()), counting(store)
    for _ in range(2):  # delivered twice
        outgoing = send(right, corrected)
        send(counter, *(line.line for line in outgoing))
        assert [row.billsec for row in rows(store, CallLeg, "call_legs")] == [20]
        assert [cell.talk_s for cell in rows(store, ManagerActivity, "manager_activity")] == [20]


def test_longest_call_there_can_be_does_not_stop_the_worker(store: Store) -> None:
    end = datetime(2105, 12, 31, tzinfo=UTC)
    endless = leg("r1", answer="09:00:00", billsec=2**32 - 1, ended_at=end)
    outgoing = send(StitchCalls(decider(store), Ticking()), endless)
    assert [line.topic.name for line in outgoing] == ["activities"]
    send(CountActivities(store, RULES, ZoneInfo("UTC"), Ticking()), *(line.line for line in outgoing))
    assert [cell.talk_s for cell in rows(store, ManagerActivity, "manager_activity")] == [
        int((end - NINE).total_seconds())
    ]


# Proposals.


def test_rejection_that_a_fast_machine_stored_is_resolved_all_the_same(store: Store) -> None:
    (refused,) = send(RecordProposals(decider(store), lambda: NEXT_DAY + 3 * 3600 * 10**9), proposal(1))
    store.keep("rejected", [refused.line])
    store.keep("organisations", [encode(organisation("o1", []))])
    send(RecordProposals(decider(store), Ticking()), proposal(1))
    assert [row.resolved for row in rows(store, Rejected, "rejected")] == [1]


def test_sum_that_no_column_holds_is_rejected_and_its_neighbour_is_kept(store: Store) -> None:
    send_to = RecordProposals(decider(store), Ticking())
    store.keep("organisations", [encode(organisation("o1", []))])
    huge = encode(proposal(1)).replace(b'"v":1', b'"v":1,"amount":"1e30"')
    outgoing = send(send_to, huge, proposal(2, proposal_id="КП-18"))
    assert sorted(line.topic.name for line in outgoing) == ["activities", "rejected"]
    assert [row.proposal_id for row in rows(store, Proposal, "proposals")] == ["КП-18"]


def test_proposal_waits_for_its_organisation_and_its_rejection_is_resolved(store: Store) -> None:
    step = RecordProposals(decider(store), Ticking())
    (refused,) = send(step, proposal(1))
    rejected = msgspec.json.decode(refused.line, type=Rejected)
    assert (rejected.reason, rejected.resolved) == (Reason.UNKNOWN_ORGANISATION, 0)
    store.keep("rejected", [refused.line])
    store.keep("organisations", [encode(organisation("o1", []))])
    counted, resolved = send(step, proposal(1))
    assert counted.topic.name == "activities"
    again = msgspec.json.decode(resolved.line, type=Rejected)
    assert (again.rejected_id, again.resolved) == (rejected.rejected_id, 1)
    assert again.version > rejected.version


# Counting.


def counting(store: Store) -> CountActivities:
    return CountActivities(store, RULES, ZoneInfo("UTC"), Ticking())


def test_call_that_moved_restates_its_old_cell_once_however_often_it_is_sent(store: Store) -> None:
    step = counting(store)
    answered = {"disposition": "answered", "direction": "outbound", "talk_s": 60}
    first = activity(manager_id="m1", version=1, cause="monday", caused_at=NEXT_DAY - 1, **_words(answered))
    send(step, first)
    assert rows(store, Restatement, "restatements") == []  # counted for the first time

    later = NEXT_DAY + 10**9
    moved = msgspec.structs.replace(first, manager_id="m2", version=2, cause="tuesday", caused_at=later)
    gone = msgspec.structs.replace(first, retracted=1, version=2, cause="tuesday", caused_at=later)
    sent_on = send(step, moved, gone)
    assert len(sent_on) == 2
    (ledger,) = rows(store, Restatement, "restatements")
    assert (ledger.manager_id, ledger.cause) == ("m1", "tuesday")
    assert (msgspec.json.decode(ledger.before)["calls"], msgspec.json.decode(ledger.after)["calls"]) == (1, 0)
    cells = rows(store, ManagerActivity, "manager_activity")
    assert [(cell.manager_id, cell.calls, cell.conversations) for cell in cells] == [("m2", 1, 1)]

    for _ in range(3):
        assert sorted(send(step, moved, gone)) == sorted(sent_on), "the same cells again, and none anew"
    assert rows(store, Restatement, "restatements") == [ledger]
    assert rows(store, ManagerActivity, "manager_activity") == cells


def test_internal_call_makes_no_cell_and_sends_nothing(store: Store) -> None:
    assert send(counting(store), activity(**_words({"direction": "internal", "disposition": "answered"}))) == []
    assert rows(store, ManagerActivity, "manager_activity") == []


def test_todays_cells_are_no_restatement(store: Store) -> None:
    step = CountActivities(store, RULES, ZoneInfo("UTC"), lambda: int(NINE.timestamp() * 10**9) + 3600 * 10**9)
    send(step, activity(version=1, caused_at=1))
    send(step, activity(activity_id="call:office:2", version=1, caused_at=2**62))
    assert [cell.calls for cell in rows(store, ManagerActivity, "manager_activity")] == [2]
    assert rows(store, Restatement, "restatements") == []


def _words(said: dict[str, Any]) -> dict[str, Any]:
    """Words of the wire as the values they stand for."""
    hints = {field.name: field.type for field in msgspec.structs.fields(Activity)}
    return {name: msgspec.convert(word, hints[name]) for name, word in said.items()}

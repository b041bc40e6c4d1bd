"""An event now and the row of Master.csv tonight are one leg."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.asterisk.ami.cdr import HEADERS, CdrEvents, lacks_ids
from connectors.asterisk.ami.messages import MOST_LINE, AmiMessage, AmiMessages
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Reason, Rejected
from tests.connectors.asterisk.ami.peer import event
from tests.connectors.conftest import Write, context, read
from tests.connectors.rows import MOSCOW, NINE, many, row

FOLD = datetime(2010, 10, 31, 2, 30, tzinfo=MOSCOW)  # an hour that came twice


def leg_of(data: bytes) -> CallLeg | Rejected:
    (message,) = AmiMessages().feed(data)
    return CdrEvents(context).item(message)


@pytest.mark.parametrize("talk_s", [0, 60])
@pytest.mark.parametrize("at", [NINE, FOLD, FOLD.replace(fold=1)], ids=str)
def test_event_is_the_leg_of_its_row(write: Write, at: datetime, talk_s: int) -> None:
    written = row(7, at=at, talk_s=talk_s, disposition="ANSWERED" if talk_s else "NO ANSWER")
    others = many(5, first=at - timedelta(days=2))  # one row of a repeated hour alone would deny the zone
    *_, from_csv = read(write("".join([*others, written])))
    from_event = leg_of(event(7, at, talk_s=talk_s))
    assert isinstance(from_csv, CallLeg)
    assert isinstance(from_event, CallLeg)
    assert msgspec.structs.replace(from_event, origin="") == msgspec.structs.replace(from_csv, origin="")


def test_event_without_the_mapped_ids_is_still_the_row_that_lacks_them_too(write: Write) -> None:
    (from_csv,) = read(write(row(7, linkedid="", sequence="")))
    data = event(7, NINE, ids=False)
    from_event = leg_of(data)
    assert isinstance(from_csv, CallLeg)
    assert isinstance(from_event, CallLeg)
    assert (from_event.call_id, from_event.record_id) == (from_csv.call_id, from_csv.record_id)
    assert lacks_ids(AmiMessages().feed(data)[0])
    assert not lacks_ids(AmiMessages().feed(event(7, NINE))[0])


def test_what_is_wrong_is_a_reject_with_the_whole_event() -> None:
    rejected = leg_of(event(7, NINE, Duration="long"))
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.field) == (Reason.BAD_DURATION, "duration")
    assert "UniqueID: " in rejected.payload
    assert rejected.origin.startswith("ami:")


def test_event_that_was_cut_is_no_leg() -> None:
    rejected = leg_of(event(7, NINE, UserField="x" * MOST_LINE))
    assert isinstance(rejected, Rejected)
    assert rejected.reason is Reason.LINE_TOO_LONG


texts = st.one_of(st.text(max_size=12), st.sampled_from(["", "0", "60", "101", "2026-11-02 09:00:00", "ANSWERED"]))


@given(st.dictionaries(st.sampled_from(list(HEADERS)), texts))
def test_any_event_is_a_leg_that_the_wire_takes_or_a_reject(headers: dict[str, str]) -> None:
    item = CdrEvents(context).item(AmiMessage(headers, "text", True))
    if isinstance(item, CallLeg):
        assert Codec(CallLeg).read(encode(item))[0] == [item]

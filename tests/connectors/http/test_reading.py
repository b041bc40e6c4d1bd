"""What may be posted, item by item; and that nothing whatever raises, is lost, or stops the sender."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.reading import ROUTES, Item, Route
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Direction, Disposition, Reason, Record, Rejected
from tests.connectors.http.listener import call, context_of

BY_PATH: dict[str, Route[Any]] = {route.path: route for route in ROUTES}
NINE = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


def read(path: str, value: object) -> Record | Rejected:
    """What becomes of one posted value."""
    ((_, item),) = BY_PATH[path].read(json.dumps(value).encode(), False, context_of)
    return item


def leg(**more: Any) -> CallLeg:
    found = read("/calls", call(**more))
    assert isinstance(found, CallLeg), found
    return found


def why(path: str, value: object) -> tuple[Reason, str]:
    found = read(path, value)
    assert isinstance(found, Rejected), found
    return found.reason, found.field


def without(value: Mapping[str, object], *names: str) -> dict[str, object]:
    return {name: one for name, one in value.items() if name not in names}


def test_least_that_must_be_said_of_a_call() -> None:
    least = {
        "record_id": "c1",
        "started_at": "2026-11-02T09:00:00Z",
        "ended_at": "2026-11-02T09:00:20Z",
        "direction": "inbound",
    }
    found = read("/calls", least)
    assert isinstance(found, CallLeg)
    assert (found.call_id, found.source, found.disposition, found.billsec) == ("c1", "office", "no_answer", 0)
    for name in least:
        assert why("/calls", without(least, name)) == (Reason.MISSING_FIELD, name)


def test_answer_and_talk_each_say_the_other() -> None:
    by_talk = leg()
    assert (by_talk.answered_at, by_talk.billsec) == (NINE + timedelta(seconds=10), 50)
    by_answer = read("/calls", without(call(answered_at="2026-11-02T06:00:10Z"), "billsec"))
    assert isinstance(by_answer, CallLeg)
    assert (by_answer.answered_at, by_answer.billsec) == (by_talk.answered_at, by_talk.billsec)
    assert by_answer.disposition is by_talk.disposition is Disposition.ANSWERED
    nobody = leg(billsec=0)
    assert (nobody.answered_at, nobody.disposition) == (None, Disposition.NO_ANSWER)


def test_phone_in_any_writing_is_e164_of_the_region_and_kept_as_written() -> None:
    found = leg(contact="8 (495) 000-00-01")
    assert (found.contact, found.contact_raw) == ("+74950000001", "8 (495) 000-00-01")
    assert leg(contact="").contact == ""
    assert why("/calls", call(contact="7,9E+10")) == (Reason.BAD_PHONE, "contact")


def test_another_source_of_a_record_is_its_source() -> None:
    assert (leg().source, leg(source="branch").source) == ("office", "branch")


@pytest.mark.parametrize(
    ("more", "reason", "field"),
    [
        ({"started_at": "2026-11-02T09:00:00"}, Reason.BAD_TIME, "started_at"),  # no offset
        ({"ended_at": "2026-11-02T08:59:59+03:00"}, Reason.BAD_DURATION, "ended_at"),
        ({"ended_at": "2026-11-12T09:00:00+03:00"}, Reason.BAD_DURATION, "ended_at"),
        ({"answered_at": "2026-11-02T09:02:00+03:00"}, Reason.BAD_TIME, "answered_at"),
        ({"billsec": 62}, Reason.BAD_DURATION, "billsec"),
        ({"billsec": -1}, Reason.BAD_DURATION, "billsec"),
        ({"direction": "in"}, Reason.UNKNOWN_LAYOUT, "direction"),
        ({"extention": "101"}, Reason.UNKNOWN_LAYOUT, "extention"),
        ({"record_id": ""}, Reason.UNKNOWN_LAYOUT, "record_id"),
        ({"started_at": "1969-12-31T23:59:00Z", "ended_at": "1969-12-31T23:59:59Z"}, Reason.BAD_TIME, "started_at"),
    ],
)
def test_call_that_cannot_be_is_rejected_by_field(more: dict[str, Any], reason: Reason, field: str) -> None:
    assert why("/calls", call(**more)) == (reason, field)


def test_stage_by_code_or_title_and_an_unknown_one_names_those_there_are() -> None:
    stage = {"organisation_id": "o1", "stage": "Заказчик", "changed_at": "2026-11-02T09:00:00Z"}
    assert getattr(read("/stages", stage), "stage") == "customer"  # noqa: B009  # a record of another type has none
    found = read("/stages", {**stage, "stage": "won"})
    assert isinstance(found, Rejected)
    assert (found.reason, found.field) == (Reason.UNKNOWN_STAGE, "stage")
    assert "customer (Заказчик)" in found.detail


def test_other_records_and_what_is_wrong_with_them() -> None:
    proposal = {
        "proposal_id": "p1",
        "organisation_id": "o1",
        "manager_id": "m1",
        "kind": "individual",
        "sent_at": "2026-11-02T09:00:00Z",
    }
    found = read("/proposals", {**proposal, "amount": 1234.5, "currency": "rub"})
    assert (getattr(found, "amount"), getattr(found, "currency")) == (Decimal("1234.50"), "RUB")  # noqa: B009
    assert why("/proposals", {**proposal, "amount": -1}) == (Reason.BAD_AMOUNT, "amount")
    assert why("/proposals", {**proposal, "amount": 1e12}) == (Reason.BAD_AMOUNT, "amount")
    assert why("/proposals", {**proposal, "kind": "big"}) == (Reason.BAD_KIND, "kind")
    assert why("/proposals", {**proposal, "revision": 0}) == (Reason.BAD_NUMBER, "revision")
    company = {"organisation_id": "o1", "phones": ["8 495 000-00-01", "+49 30 0000123"]}
    assert getattr(read("/organisations", company), "phones") == ["+49300000123", "+74950000001"]  # noqa: B009
    assert why("/organisations", {**company, "phones": ["101"]}) == (Reason.BAD_PHONE, "phones")
    seller = {"manager_id": "m1", "extensions": ["101", "101"], "valid_from": "2026-11-02T00:00:00Z"}
    assert getattr(read("/managers", seller), "extensions") == ["101"]  # noqa: B009
    assert why("/managers", {**seller, "valid_to": seller["valid_from"]}) == (Reason.BAD_PERIOD, "valid_to")


def test_places_are_numbers_of_an_array_and_lines_of_lines() -> None:
    route = BY_PATH["/calls"]
    bad, good = json.dumps({}), json.dumps(call())
    array = route.read(f"[{good}, {bad}, {good}]".encode(), False, context_of)
    lines = route.read(f"{good}\n\n{bad}\r\n{good}\n".encode(), True, context_of)
    assert [item.position for item in array if isinstance(item.record, Rejected)] == [2]
    assert [item.position for item in lines] == [1, 3, 4]
    assert [item.position for item in lines if isinstance(item.record, Rejected)] == [3]


def test_broken_body_is_one_reject_and_a_broken_line_costs_itself() -> None:
    route = BY_PATH["/calls"]
    broken = [f"[{json.dumps(call())}, ".encode(), b"\xff\xfe", b"[" * 5_000, b"null", b'{"a":1}{"b":2}']
    for body in broken:
        ((position, found),) = route.read(body, False, context_of)
        assert position == 1
        assert isinstance(found, Rejected)
    lines = route.read(b"{\n" + json.dumps(call()).encode() + b"\n\xff", True, context_of)
    assert [type(item.record) for item in lines] == [Rejected, CallLeg, Rejected]


def test_item_that_is_too_long_is_a_reject_with_its_beginning() -> None:
    found = read("/calls", call(recording="x" * 70_000))
    assert isinstance(found, Rejected)
    assert found.reason is Reason.LINE_TOO_LONG
    assert found.payload.startswith('{"record_id": "c1"')


_moments = st.datetimes(timezones=st.sampled_from([UTC])).map(lambda at: at.isoformat())
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _nearly(draw: st.DrawFn, path: str) -> object:
    """An object with some of the right fields, some of whose values may be right."""
    contract_type = BY_PATH[path].contract
    right = {
        "direction": st.sampled_from([one.value for one in Direction]),
        "kind": st.sampled_from(["general", "individual", "odd"]),
        "stage": st.sampled_from(["new", "Новый", "odd"]),
        "phones": st.lists(st.sampled_from(["84950000001", "+49300000123", "7,9E+10", ""]), max_size=3),
        "extensions": st.lists(st.text(max_size=4), max_size=3),
        "amount": st.decimals(allow_nan=False, allow_infinity=False).map(float) | st.integers(),
        "billsec": st.integers(-1, 2**33),
    }
    found: dict[str, object] = {}
    for name in contract_type.__struct_fields__:
        good = _moments if name.endswith(("_at", "_from", "_to")) else right.get(name, st.text(max_size=12))
        value = draw(st.one_of(good, good, good, _values, st.just(...)))
        if value is not ...:
            found[name] = value
    return found


@pytest.mark.parametrize("path", sorted(BY_PATH))
@given(data=st.data())
def test_whatever_is_posted_is_a_record_that_a_row_can_hold_or_a_reject(path: str, data: st.DataObject) -> None:
    """And each is encoded without an error: the sender's thread must not die of a stranger's words."""
    many = data.draw(st.lists(_nearly(path), max_size=4))
    route = BY_PATH[path]
    items = route.read(json.dumps(many, allow_nan=True).encode("utf-8", "surrogatepass"), False, context_of)
    _hold(items)
    assert len(items) in (len(many), 1)


@given(body=st.binary(max_size=200), is_lines=st.booleans())
def test_whatever_bytes_are_posted_are_accounted_for(body: bytes, is_lines: bool) -> None:
    for route in ROUTES:
        items = route.read(body, is_lines, context_of)
        _hold(items)
        if is_lines:
            numbers = [n for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]
            assert [item.position for item in items] == numbers
        assert all(isinstance(item.record, Rejected) for item in items)


def _hold(items: list[Item]) -> None:
    """Each is read from the wire as it was written."""
    for _, record in items:
        read_back, _, bad = Codec(type(record)).read(encode(record))
        assert not bad
        assert read_back == [record]

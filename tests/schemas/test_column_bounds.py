"""What a stranger may send and no column holds: it is made to fit, or it is a bad line, and nothing stops."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from schemas.codec import Codec, encode
from schemas.plans import Absence, Plan
from schemas.records import CallLeg, Direction, Disposition, Manager, Proposal, ProposalKind, StageChange

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LEG = CallLeg(
    source="office",
    call_id="1793610000.1",
    record_id="1793610000.1",
    started_at=AT,
    ended_at=AT,
    direction=Direction.INBOUND,
    disposition=Disposition.NO_ANSWER,
    version=1,
)
PROPOSAL = Proposal(
    proposal_id="p1", organisation_id="o1", manager_id="m1", kind=ProposalKind.INDIVIDUAL, sent_at=AT, version=1
)
CHANGE = StageChange(organisation_id="o1", stage="new", changed_at=AT, version=1)


def sent_leg(started_at: str) -> tuple[list[CallLeg], list[bytes], list[str]]:
    line = encode(LEG).replace(b'"started_at":"2026-11-02T09:00:00Z"', f'"started_at":"{started_at}"'.encode())
    assert line != encode(LEG)
    records, raw, bad = Codec(CallLeg).read(line)
    return records, raw, [one.why for one in bad]


def sent_amount(amount: str) -> tuple[list[Proposal], list[str]]:
    records, _, bad = Codec(Proposal).read(encode(PROPOSAL).replace(b'"v":1', b'"v":1,"amount":' + amount.encode()))
    return records, [one.why for one in bad]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-02T09:00:00.123456Z", datetime(2026, 11, 2, 9, 0, 0, 123_000, UTC)),
        ("2026-11-02T09:00:00.999999Z", datetime(2026, 11, 2, 9, 0, 0, 999_000, UTC)),
        ("2026-11-02T12:00:00.5+03:00", datetime(2026, 11, 2, 9, 0, 0, 500_000, UTC)),
        ("1970-01-01T00:00:00+00:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2105-12-31T23:59:59.999Z", datetime(2105, 12, 31, 23, 59, 59, 999_000, UTC)),
    ],
)
def test_time_is_kept_in_utc_and_whole_milliseconds(sent: str, kept: datetime) -> None:
    records, raw, bad = sent_leg(sent)
    assert ([record.started_at for record in records], bad) == ([kept], [])
    assert records[0].started_at.tzinfo is UTC
    # What is stored is what is decided on.
    assert Codec(CallLeg).read(raw[0])[0] == records


@pytest.mark.parametrize(
    "sent",
    [
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+03:00",  # 1969 in UTC
        "2106-01-01T00:00:00Z",
        "0001-01-01T00:00:00+03:00",  # before the first year there is
        "9999-12-31T23:59:59-03:00",
    ],
)
def test_call_in_a_year_that_no_bucket_has_is_a_bad_line(sent: str) -> None:
    records, _, bad = sent_leg(sent)
    assert records == []
    assert bad == ["Expected a time between the years 1970 and 2105 - at `$.started_at`"]


def test_only_the_misfit_of_a_frame_is_refused() -> None:
    wrong = encode(LEG).replace(b"2026-11-02T09:00:00Z", b"1900-01-01T00:00:00Z")
    records, raw, bad = Codec(CallLeg).read(b"\n".join([encode(LEG), wrong, encode(LEG)]))
    assert (records, raw) == ([LEG, LEG], [encode(LEG)] * 2)
    assert [one.line for one in bad] == [wrong]
    assert not bad[0].unknown_version


def test_directory_may_hold_since_ever_and_for_ever() -> None:
    always = Manager(
        manager_id="m1",
        name="Анна",
        extensions=["101"],
        valid_from=datetime(1, 1, 1, tzinfo=UTC),
        valid_to=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        version=1,
    )
    assert Codec(Manager).read(encode(always)) == ([always], [encode(always)], [])


def test_stage_change_of_one_moment_in_two_zones_is_one_change() -> None:
    moscow = encode(CHANGE).replace(b"2026-11-02T09:00:00Z", b"2026-11-02T12:00:00+03:00")
    (here,), _, _ = Codec(StageChange).read(moscow)
    assert here.changed_at.isoformat() == CHANGE.changed_at.isoformat()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('"1234567.89"', "1234567.89"),
        ("1234567.89", "1234567.89"),
        ('"1500"', "1500"),
        ('"1E+3"', "1000"),
        ('"0.1e1"', "1"),
        ('"1234.5600000001"', "1234.56"),  # a sum of floats
        ('"1234.5599999999"', "1234.56"),
        ('"-0"', "0"),
        ('"999999999999.99"', "999999999999.99"),
    ],
)
def test_sum_is_kept_in_whole_cents(sent: str, kept: str) -> None:
    records, bad = sent_amount(sent)
    assert ([record.amount for record in records], bad) == ([Decimal(kept)], [])


@pytest.mark.parametrize("sent", ['"NaN"', '"sNaN"', '"Infinity"', '"-0.01"', '"1e15"', '"1e999999"', "1e400"])
def test_sum_that_no_column_holds_is_a_bad_line(sent: str) -> None:
    assert sent_amount(sent) == ([], ["Expected a sum between 0 and 10^12 - at `$.amount`"])


@pytest.mark.parametrize("first", ["1969-12-31", "2106-01-01", "0001-01-01"])
def test_day_that_no_column_holds_is_a_bad_line(first: str) -> None:
    there = Absence(manager_id="m1", first=date(1970, 1, 1), last=date(2105, 12, 31), version=1)
    wrong = encode(there).replace(b"1970-01-01", first.encode())
    records, _, bad = Codec(Absence).read(encode(there) + b"\n" + wrong)
    assert records == [there]
    assert [one.why for one in bad] == ["Expected a day between the years 1970 and 2105 - at `$.first`"]


def test_sum_that_is_not_planned_stays_unknown() -> None:
    plan = Plan(manager_id="m1", month="2026-11", version=1)
    finer = encode(plan).replace(b'"v":1', b'"v":1,"amount":"0.1e1"')
    records, _, bad = Codec(Plan).read(encode(plan) + b"\n" + finer)
    assert ([record.amount for record in records], bad) == ([None, Decimal("1")], [])


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "26-11", "2026-11-01", "1969-12", "2100-01", "2026-00"])
def test_month_that_is_none_is_a_bad_line(month: str) -> None:
    plan = Plan(manager_id="m1", month="2026-11", version=1)
    records, _, bad = Codec(Plan).read(encode(plan).replace(b"2026-11", month.encode()))
    assert (records, len(bad)) == ([], 1)

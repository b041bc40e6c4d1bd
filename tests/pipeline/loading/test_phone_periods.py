"""A number that moves from one organisation to another: whose a call was then, however late the move is told."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.pipeline.loading.in_memory import Office

HEADER = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,"
    "accountcode,uniqueid,userfield,did,cnum,recordingfile,linkedid,sequence"
)
BEFORE = "id;name;phones\no40;Орг 40;+79160000040, +79160000044\no41;Орг 41;+79160000041\n"


def call(office: Office, day: int, number: str = "89160000040") -> None:
    at = f"{int(datetime(2026, 3, day, 10, tzinfo=UTC).timestamp())}.{day}"
    row = (
        f"2026-03-{day:02} 10:00:00,,101,{number},from-internal,PJSIP/101-{day:08x},PJSIP/out-{day:08x},Dial,,100,90,"
        f"ANSWERED,3,,{at},,,,,{at},{day}"
    )
    path = office.write(f"calls-{day}-{number}.csv", f"{HEADER}\n{row}\n")
    office.load("calls", path, source="office", tz="UTC")


def owners(office: Office) -> list[str]:
    return [one.organisation_id for one in sorted(office.activities(), key=lambda one: one.at)]


def test_number_that_moved_is_of_the_organisation_that_had_it_at_the_call(office: Office) -> None:
    office.managers()
    office.load("organisations", office.write("o.csv", BEFORE))
    for day in (5, 10, 20):
        call(office, day)
    call(office, 21, "89160000044")
    assert owners(office) == ["o40"] * 4
    moved = (
        "id;name;phones\no40;Орг 40;+79160000040 (до 10.03.2026), +79160000044\n"
        "o41;Орг 41;+79160000041, +79160000040 (с 10.03.2026)\n"
    )
    office.load("organisations", office.write("moved.csv", moved), tz="UTC")
    assert owners(office) == ["o40", "o41", "o41", "o40"]
    office.load("organisations", office.write("moved.csv", moved), tz="UTC")
    assert owners(office) == ["o40", "o41", "o41", "o40"], "twice is once"


def test_who_has_a_number_since_later_has_it_though_the_other_keeps_it_listed(office: Office) -> None:
    """The CRM's export of the old one never changed; the new one's row says since when."""
    office.managers()
    office.load("organisations", office.write("o.csv", BEFORE))
    new = "id;name;phones;valid_from\no42;Орг 42;+79160000040;2026-03-10\n"
    office.load("organisations", office.write("new.csv", new), tz="UTC")
    for day in (9, 10):
        call(office, day)
    assert owners(office) == ["o40", "o42"]


def test_number_that_was_given_up_is_nobodys_afterwards(office: Office) -> None:
    office.managers()
    gone = "id;name;phones;valid_to\no40;Орг 40;+79160000040;2026-03-10\n"
    office.load("organisations", office.write("gone.csv", gone), tz="UTC")
    for day in (9, 10):
        call(office, day)
    assert owners(office) == ["o40", ""]

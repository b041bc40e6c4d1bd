"""UIS, CoMagic, Novofon, CallGear: `get.calls_report` of their Data API, as JSON, CSV or a sheet.

A row is a communication, whole. Lengths are seconds; times are in the account's zone. Source: the API's field list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.call_keywords import direction
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, NO_ANSWER
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Reason


class UisCalls(ServiceTable):
    """Rows with `start_time`, `direction`, `is_lost`, `talk_duration`, `contact_phone_number`."""

    profile = "uis"
    title = "UIS calls report"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id", "callsessionid", "communicationid"),
        "start": ("starttime",),
        "finish": ("finishtime",),
        "direction": ("direction",),
        "lost": ("islost",),
        "talk": ("talkduration",),
        "total": ("totalduration",),
        "contact": ("contactphonenumber",),
        "line": ("virtualphonenumber",),
        "employee": ("lastansweredemployeeid", "employeeid", "lasttalkedemployeeid"),
        "first": ("employees.0.employeeid",),
        "name": ("lastansweredemployeefullname", "employees.0.employeefullname", "employeefullname"),
        "record": ("callrecords", "fullrecordfilelink"),
    }
    needed = frozenset({"start", "direction", "lost", "talk", "contact"})
    json_under = (("result", "data"), ("data",))
    about = About(
        reads="UIS, CoMagic, Novofon, CallGear calls report",
        recognised_by="columns or keys `start_time`, `direction`, `is_lost`, `talk_duration`, `contact_phone_number`",
        ids="call and leg `id`",
        zone="the account's: `--tz`, or the source's `time_zone`",
        proof="a constructed answer",
        unconfirmed="a real answer; the cabinet's own spreadsheet (map it)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        id_, start, finish, way, lost, talk, total, contact, line, employee, first, name, record = cells
        started_at, talk_s = moments.utc(start, "start_time"), seconds(talk, "talk_duration")
        if finish.strip():
            ended_at = moments.end(finish, "finish_time", started_at)
        else:
            ended_at = started_at + timedelta(seconds=max(seconds(total, "total_duration"), talk_s))
        talked = not _truth(lost) and talk_s > 0
        if talk_s > (ended_at - started_at).total_seconds() + 1:
            raise Misread(
                Reason.BAD_DURATION, "talk_duration", f"{talk_s} s of talk in a call from {start} to {finish}"
            )
        key = id_.strip() or nameless(f"{start}\x1f{contact}\x1f{line}")
        return LegFields(
            record_id=key,
            call_id=key,
            started_at=started_at,
            ended_at=ended_at,
            direction=direction(way, "direction")[0],
            disposition=ANSWERED if talked else NO_ANSWER,
            answered_at=max(started_at, ended_at - timedelta(seconds=talk_s)) if talked else None,
            billsec=talk_s if talked else 0,
            extension=employee.strip() or first.strip() or name.strip(),
            outside=contact,
            did=line.strip(),
            recording=record.strip(),
        )


def _truth(text: str) -> bool:
    """Raises Misread for what is neither."""
    if (word := text.strip().casefold()) in ("true", "1", "да", "yes"):
        return True
    if word in ("false", "0", "нет", "no", ""):
        return False
    raise Misread(Reason.BAD_STATUS, "is_lost", f"{text[:40]!r} is neither true nor false")

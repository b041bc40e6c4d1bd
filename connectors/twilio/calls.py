"""Twilio: Call resources, as JSON or under the same names in CSV.

A row is a leg; legs that TwiML dialled name their `parent_call_sid`. `completed` says that TwiML ran, not that a person
was there: only a leg that goes to a client, to SIP or to a number outside tells of one.
Sources: the API's pages, its libraries' tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.call_keywords import bare
from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Direction, Disposition, Reason

_DISPOSITIONS = {
    "completed": ANSWERED,
    "busy": BUSY,
    "noanswer": NO_ANSWER,
    "canceled": CANCELLED,
    "failed": FAILED,
}
_GOING = frozenset({"queued", "initiated", "ringing", "inprogress"})


class TwilioCalls(ServiceTable):
    """Rows with `sid`, `from`, `to`, `direction`, `status`, `start_time`, `duration`."""

    profile = "twilio"
    title = "Twilio calls"
    fields = {  # noqa: RUF012  # a constant
        "sid": ("sid", "callsid"),
        "parent": ("parentcallsid",),
        "from": ("from",),
        "to": ("to",),
        "direction": ("direction",),
        "status": ("status", "callstatus"),
        "start": ("starttime",),
        "end": ("endtime",),
        "duration": ("duration",),
        "by": ("answeredby",),
    }
    needed = frozenset({"sid", "from", "to", "direction", "status", "start", "duration"})
    json_under = (("calls",),)
    about = About(
        reads="Twilio call log",
        recognised_by="columns or keys `sid`, `from`, `to`, `direction`, `status`, `start_time`, `duration`",
        ids="call `parent_call_sid`, else `sid`; leg `sid`",
        zone="none needed: times are RFC 2822 or ISO",
        proof="eight answers of the vendor's tests",
        unconfirmed="header words of the console's CSV; whether a number that was dialled is a customer or a colleague;"
        " who talked in a call that a client began: the leg to the customer does not name the client",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        sid, parent, caller, called, direction, status, start, end, duration, by = cells
        if not (sid := sid.strip()):
            raise Misread(Reason.MISSING_FIELD, "sid", "no sid")
        disposition = _outcome(status, by)
        started_at, talk_s = moments.utc(start, "start_time"), seconds(duration, "duration")
        ended_at = moments.utc(end, "end_time") if end.strip() else started_at + timedelta(seconds=talk_s)
        way, extension, outside, did = _ends(caller.strip(), called.strip(), direction.strip())
        is_of_twiml = _name(caller.strip()) if extension else way is INBOUND
        if disposition is ANSWERED and is_of_twiml:
            disposition = MACHINE
        answered = disposition in (ANSWERED, MACHINE)
        return LegFields(
            record_id=sid,
            call_id=parent.strip() or sid,
            started_at=started_at,
            ended_at=ended_at,
            direction=way,
            disposition=disposition,
            answered_at=max(started_at, ended_at - timedelta(seconds=talk_s)) if answered else None,
            billsec=talk_s if answered else 0,
            extension=extension,
            outside=outside,
            did=did,
        )


def _outcome(status: str, by: str) -> Disposition:
    word = bare(status)
    if word in _GOING:
        raise Misread(Reason.BAD_STATUS, "status", f"{status}: not over yet, ask for it again later")
    disposition = _DISPOSITIONS.get(word)
    if disposition is None:
        raise Misread(Reason.BAD_STATUS, "status", f"{status[:40]!r} is not a status of Twilio")
    is_machine = disposition is ANSWERED and by.strip().startswith(("machine", "fax"))
    return MACHINE if is_machine else disposition


def _ends(caller: str, called: str, direction: str) -> tuple[Direction, str, str, str]:
    """(direction, extension, the number outside, did)."""
    if name := _name(caller):
        return OUTBOUND, name, called, ""
    if name := _name(called):
        return INBOUND, name, caller, ""
    if direction == "inbound" or direction == "trunking-terminating":
        return INBOUND, "", caller, called
    if direction.startswith(("outbound", "trunking")):
        return OUTBOUND, "", called, ""
    raise Misread(Reason.BAD_KIND, "direction", f"{direction[:40]!r} is not a direction of Twilio")


def _name(end: str) -> str:
    """Who is behind `client:anna` and `sip:101@company.sip.twilio.com`; "" behind a number."""
    kind, _, rest = end.partition(":")
    return rest.partition("@")[0] if kind in ("client", "sip", "sips") else ""

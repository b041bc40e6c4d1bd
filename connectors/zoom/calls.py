"""Zoom Phone: call logs as its API gives them, or under the same names in CSV.

`duration` is talk in seconds. An end is an extension (3 to 6 digits) or a number in E.164. Source: the API's reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.call_keywords import bare, direction
from connectors.reading.leg import LegFields, inside
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, INTERNAL, MACHINE, NO_ANSWER
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Reason

_RESULTS = {
    **dict.fromkeys(("callconnected", "answered", "connected", "accepted", "recorded"), ANSWERED),
    **dict.fromkeys(
        ("missed", "noanswer", "ringtimeout", "overflowed", "abandoned", "answeredbyothermember"), NO_ANSWER
    ),
    **dict.fromkeys(("voicemail", "autorecorded", "autoreceptionist"), MACHINE),
    "busy": BUSY,
    **dict.fromkeys(("callcancel", "callcancelled", "cancelled", "hangup"), CANCELLED),
    **dict.fromkeys(("callfailed", "failed", "rejected", "declined", "blocked", "restricted", "wrongnumber"), FAILED),
}


class ZoomCalls(ServiceTable):
    """Records with `call_id`, `caller_number`, `callee_number`, `direction`, `result`."""

    profile = "zoom"
    title = "Zoom Phone call log"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id",),
        "call": ("callid",),
        "start": ("datetime", "starttime"),
        "answer": ("answerstarttime", "answertime"),
        "end": ("callendtime", "endtime"),
        "duration": ("duration", "talktime"),
        "direction": ("direction",),
        "result": ("result", "callresult"),
        "caller": ("callernumber", "callerdidnumber"),
        "caller_extension": ("callerextnumber",),
        "called": ("calleenumber", "calleedidnumber"),
        "called_extension": ("calleeextnumber",),
        "recording": ("recordingid",),
    }
    needed = frozenset({"start", "direction", "result", "caller", "called", "duration"})
    json_under = (("call_logs",), ("call_history",), ())
    about = About(
        reads="Zoom Phone call log",
        recognised_by="columns or keys `date_time`, `direction`, `result`, `caller_number`, `callee_number`,"
        " `duration`",
        ids="call `call_id`; leg `id`",
        zone="none needed: times end with Z",
        proof="the API's reference",
        unconfirmed="header words of the portal's CSV (map it); what `result` says of queues and receptionists beyond"
        " the documented words (a reject names it)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        (id_, call, start, answer, end, duration, way_text, result, caller, caller_extension, called, called_extension,
         recording) = cells  # fmt: skip
        outcome = _RESULTS.get(bare(result))
        if outcome is None:
            raise Misread(Reason.BAD_STATUS, "result", f"{result[:40]!r} is not a result that Zoom documents")
        name = id_.strip() or call.strip()
        if not name:
            raise Misread(Reason.MISSING_FIELD, "id", "no id")
        started_at, talk_s = moments.utc(start, "date_time"), seconds(duration, "duration")
        is_up = outcome in (ANSWERED, MACHINE)
        answered_at = moments.utc(answer, "answer_start_time") if is_up and answer.strip() else None
        if end.strip():
            ended_at = moments.utc(end, "call_end_time")
        else:
            ended_at = (answered_at or started_at) + timedelta(seconds=talk_s)
        if is_up and answered_at is None:
            answered_at = max(started_at, ended_at - timedelta(seconds=talk_s))
        pattern = context.extension_pattern
        own = caller_extension.strip() or inside(caller, pattern)
        reached = called_extension.strip() or inside(called, pattern)
        way = direction(way_text, "direction")[0]
        if own and reached:
            way = INTERNAL
        person = reached if way in (INBOUND, INTERNAL) else own
        return LegFields(
            record_id=name,
            call_id=call.strip() or name,
            started_at=started_at,
            ended_at=ended_at,
            direction=way,
            disposition=outcome,
            answered_at=answered_at,
            billsec=talk_s if is_up else 0,
            extension=person or (called if way is INBOUND else caller).strip(),
            peer=own if way is INTERNAL else "",
            outside="" if way is INTERNAL else (caller if way is INBOUND else called).strip(),
            recording=recording.strip(),
        )

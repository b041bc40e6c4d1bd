"""Aircall: calls (`GET /v1/calls`), as JSON or under the same names in CSV (`user.email`, `number.digits`).

Times are epochs; `duration` is from start to end, ringing included, so talk is from `answered_at` to `ended_at`. A user
has no extension: the address, else the name, stands for it. Source: the API's reference; no answer of it was at hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.reading.call_keywords import direction
from connectors.reading.leg import LegFields
from connectors.reading.outcomes import ANSWERED, CANCELLED, INBOUND, NO_ANSWER
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Reason

_GAVE_UP = frozenset({"short_abandoned", "abandoned_in_ivr", "abandoned_in_classic"})


class AircallCalls(ServiceTable):
    """Calls with `id`, `direction`, `started_at`, `answered_at`, `ended_at`, `raw_digits`."""

    profile = "aircall"
    title = "Aircall calls"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id",),
        "direction": ("direction",),
        "start": ("startedat",),
        "answer": ("answeredat",),
        "end": ("endedat",),
        "contact": ("rawdigits",),
        "missed": ("missedcallreason",),
        "email": ("user.email",),
        "name": ("user.name",),
        "did": ("number.digits",),
        "recording": ("recording",),
    }
    needed = frozenset({"id", "direction", "start", "answer", "end", "contact"})
    json_under = (("calls",), ("data",))
    about = About(
        reads="Aircall calls",
        recognised_by="columns or keys `id`, `direction`, `started_at`, `answered_at`, `ended_at`, `raw_digits`",
        ids="call and leg `id`",
        zone="none needed: times are seconds since the epoch",
        proof="an answer made from the API's reference",
        unconfirmed="a real answer; whether a transferred call is one of these or two; the dashboard's CSV (map it)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        id_, way, start, answer, end, contact, missed, email, name, did, recording = cells
        if not (id_ := id_.strip()):
            raise Misread(Reason.MISSING_FIELD, "id", "no id")
        side = direction(way, "direction")[0]
        started_at, ended_at = moments.utc(start, "started_at"), moments.utc(end, "ended_at")
        answered_at = moments.utc(answer, "answered_at") if answer.strip() else None
        if ended_at < started_at or (answered_at and not started_at <= answered_at <= ended_at):
            raise Misread(Reason.BAD_DURATION, "ended_at", f"from {start}, answered {answer or 'never'}, to {end}")
        unanswered = CANCELLED if missed.strip() in _GAVE_UP else NO_ANSWER
        return LegFields(
            record_id=id_,
            call_id=id_,
            started_at=started_at,
            ended_at=ended_at,
            direction=side,
            disposition=ANSWERED if answered_at else unanswered,
            answered_at=answered_at,
            billsec=int((ended_at - answered_at).total_seconds()) if answered_at else 0,
            extension=email.strip() or name.strip(),
            outside=contact,
            did=did.strip() if side is INBOUND else "",
            recording=recording.strip(),
        )

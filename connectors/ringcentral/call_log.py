"""RingCentral: call log records, as JSON or under the same names in CSV (`from.phoneNumber`).

A record is a call as one extension or the account saw it; `sessionId` is the call. `duration` includes ringing, which
is not said apart. Sources: the API's pages and examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.call_keywords import bare, direction
from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.machine_names import names_machine
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, INTERNAL, MACHINE, NO_ANSWER
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context, Hints
from connectors.reading.table import Layout
from connectors.reading.times import Times
from schemas.records import Disposition, Reason

_DISPOSITIONS = {
    **dict.fromkeys(("accepted", "callconnected", "connected", "answered"), ANSWERED),
    **dict.fromkeys(("callaccepted", "answeredelsewhere"), ANSWERED),
    **dict.fromkeys(("voicemail", "reply", "received"), MACHINE),
    **dict.fromkeys(("missed", "noanswer", "nocalls", "calllost"), NO_ANSWER),
    "busy": BUSY,
    **dict.fromkeys(("hangup", "abandoned", "stopped", "cancelled"), CANCELLED),
    **dict.fromkeys(("rejected", "declined", "blocked", "wrongnumber", "callfailed", "callfailure"), FAILED),
    **dict.fromkeys(("failed", "internalerror", "iprestricted", "suspendedaccount", "faxonly"), FAILED),
    **dict.fromkeys(("restrictednumber", "internationaldisabled", "internationalrestricted"), FAILED),
    "unknown": Disposition.UNKNOWN,
}


_LEGS = 6
"""Of a detailed record; the first one is the call itself."""


class RingCentralLog(ServiceTable):
    """Records with `id`, `startTime`, `direction`, `result`, `from.*`, `to.*`, `duration`."""

    profile = "ringcentral"
    title = "RingCentral call log"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id",),
        "session": ("sessionid", "telephonysessionid"),
        "start": ("starttime",),
        "duration": ("duration",),
        "type": ("type",),
        "direction": ("direction",),
        "result": ("result",),
        "from": ("from.phonenumber",),
        "from_extension": ("from.extensionnumber",),
        "to": ("to.phonenumber",),
        "to_extension": ("to.extensionnumber",),
        "from_name": ("from.name",),
        "to_name": ("to.name",),
        "recording": ("recording.id",),
        **{f"leg_result{n}": (f"legs.{n}.result",) for n in range(1, _LEGS)},
        **{f"leg_to{n}": (f"legs.{n}.to.extensionnumber", f"legs.{n}.to.name") for n in range(1, _LEGS)},
    }
    needed = frozenset({"id", "start", "duration", "direction", "result"})
    json_under = (("records",),)
    about = About(
        reads="RingCentral call log",
        recognised_by="columns or keys `id`, `startTime`, `duration`, `direction`, `result`, with `from.` or `to.`",
        ids="call `sessionId`; leg `id`",
        zone="none needed: `startTime` ends with Z",
        proof="four answers of the vendor's pages",
        unconfirmed="how long it rang; which leg of a detailed record is the person's (the last accepted one is taken);"
        " header words of the portal's CSV (map it)",
    )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        """With an end of the call, since other tables call their columns so too."""
        if not rows or not any(name.strip().casefold().startswith(("from.", "to.")) for name in rows[0]):
            return None
        return super().layout(rows, hints)

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        (id_, session, start, duration, kind, way, result, caller, from_ext, called, to_ext, from_name, to_name,
         recording, *legs) = cells  # fmt: skip
        if not (id_ := id_.strip()):
            raise Misread(Reason.MISSING_FIELD, "id", "no id")
        if kind.strip() not in ("Voice", ""):
            raise Misread(Reason.BAD_KIND, "type", f"{kind[:40]!r} is not a call")
        disposition = _DISPOSITIONS.get(bare(result))
        if disposition is None:
            raise Misread(Reason.BAD_STATUS, "result", f"{result[:40]!r} is not a result that RingCentral documents")
        started_at, length_s = moments.utc(start, "startTime"), seconds(duration, "duration")
        side = direction(way, "direction")[0]
        took = _who_took(legs[: _LEGS - 1], legs[_LEGS - 1 :]) if side is INBOUND else ""
        to_ext, from_ext = took or to_ext.strip(), from_ext.strip()
        if names_machine(to_name):
            to_name = ""
            if disposition is ANSWERED and side is INBOUND and not to_ext:
                disposition = MACHINE
        near, far = (
            (to_ext or to_name or called, from_ext) if side is INBOUND else (from_ext or from_name or caller, to_ext)
        )
        outside = caller if side is INBOUND else called
        if far.strip() and not outside.strip():
            side, outside = INTERNAL, ""
        answered = disposition in (ANSWERED, MACHINE)
        return LegFields(
            record_id=id_,
            call_id=session.strip() or id_,
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=length_s),
            direction=side,
            disposition=disposition,
            answered_at=started_at if answered else None,
            billsec=length_s if answered else 0,
            extension=near.strip(),
            peer=far.strip() if side is INTERNAL else "",
            outside=outside,
            did=called.strip() if side is INBOUND else "",
            recording=recording.strip(),
        )


def _who_took(results: Sequence[str], called: Sequence[str]) -> str:
    """The extension, else the name, of the last leg that was accepted: of a queue's or a group's call, the person."""
    taken = [
        who.strip() for result, who in zip(results, called, strict=True) if _DISPOSITIONS.get(bare(result)) is ANSWERED
    ]
    return next((who for who in reversed(taken) if who and not names_machine(who)), "")

"""MegaFon VATS and its sisters on the MegaPBX platform: `history/json`, the same fields in CSV or a sheet.

A row is a whole call. `duration` is talk alone, `wait` is before it. Sources: answers of two public clients, webhooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.call_keywords import bare, direction
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, NO_ANSWER
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Disposition

_DISPOSITIONS = {
    "success": ANSWERED,
    "missed": NO_ANSWER,
    "noanswer": NO_ANSWER,
    "busy": BUSY,
    "cancel": CANCELLED,
    "notavailable": FAILED,
    "notallowed": FAILED,
    "notfound": FAILED,
}


class MegafonHistory(ServiceTable):
    """Rows of `uid,type,status,client,user,diversion,start,wait,duration,record`."""

    profile = "megafon"
    title = "MegaFon VATS history"
    fields = {  # noqa: RUF012  # a constant
        "uid": ("uid", "callid"),
        "type": ("type",),
        "client": ("client", "phone"),
        "user": ("user", "account"),
        "did": ("diversion", "via", "telnum"),
        "start": ("start",),
        "wait": ("wait",),
        "duration": ("duration",),
        "status": ("status",),
        "record": ("record", "link"),
    }
    needed = frozenset({"uid", "type", "client", "user", "start", "duration"})
    about = About(
        reads="MegaFon VATS (MegaPBX) history",
        recognised_by="columns or keys `uid`, `type`, `client`, `user`, `start`, `duration`",
        ids="call and leg `uid`",
        zone="none needed where `start` ends with Z, as the API writes it",
        proof="rows after public clients",
        unconfirmed="the cabinet's own spreadsheet (map it); statuses beyond success and missed",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        uid, kind, client, user, did, start, wait, duration, status, record = cells
        way, missed = direction(kind, "type")
        started_at, talk_s = moments.utc(start, "start"), seconds(duration, "duration")
        answered_at = started_at + timedelta(seconds=seconds(wait, "wait"))
        disposition = _DISPOSITIONS.get(bare(status), Disposition.UNKNOWN if status.strip() else ANSWERED)
        dropped_at_once = disposition is ANSWERED and status.strip() != "" and user.strip() != ""
        if disposition in (ANSWERED, Disposition.UNKNOWN) and (missed or not (talk_s or dropped_at_once)):
            disposition = NO_ANSWER
        talked = disposition is ANSWERED
        name = uid.strip() or nameless(f"{start}\x1f{client}\x1f{user}\x1f{did}")
        return LegFields(
            record_id=name,
            call_id=name,
            started_at=started_at,
            ended_at=answered_at + timedelta(seconds=talk_s),
            direction=way,
            disposition=disposition,
            answered_at=answered_at if talked else None,
            billsec=talk_s if talked else 0,
            extension=user.partition("@")[0].strip(),
            outside=client,
            did=did.strip(),
            recording=record.strip(),
        )

"""Zadarma: `statistics/pbx` of its API, and the bodies of NOTIFY_END and NOTIFY_OUT_END that somebody kept.

Several rows of one `pbx_call_id` are the legs of a call. `seconds` is talk; how long it rang is not said. Times are in
the cabinet's zone. Source: the API's specification.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

from connectors.reading.call_keywords import bare
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields, inside
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, INTERNAL, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Direction, Reason

_DISPOSITIONS = {
    "answered": ANSWERED,
    "busy": BUSY,
    "cancel": CANCELLED,
    "noanswer": NO_ANSWER,
    **dict.fromkeys(("callfailed", "nomoney", "unallocatednumber", "nolimit", "nodaylimit"), FAILED),
    **dict.fromkeys(("linelimit", "nomoney,nolimit"), FAILED),
}
_CLID = re.compile(r".*[<(]\s*([+\d][\d\s-]*)\s*[>)]\s*")


class ZadarmaStats(ServiceTable):
    """Rows of `call_id,sip,callstart,clid,destination,disposition,seconds,is_recorded,pbx_call_id`."""

    profile = "zadarma"
    title = "Zadarma statistics"
    fields = {  # noqa: RUF012  # a constant
        "call": ("pbxcallid",),
        "leg": ("callid", "callidwithrec"),
        "start": ("callstart",),
        "clid": ("clid", "callerid"),
        "destination": ("destination", "calleddid"),
        "sip": ("sip", "internal"),
        "disposition": ("disposition",),
        "seconds": ("seconds", "duration", "billseconds"),
        "event": ("event",),
        "did": ("calleddid",),
    }
    needed = frozenset({"call", "start", "clid", "disposition", "seconds"})
    json_under = (("stats",), ("statistics",))
    about = About(
        reads="Zadarma statistics (statistics/pbx)",
        recognised_by="columns or keys `pbx_call_id`, `callstart`, `clid`, `disposition`, `seconds`",
        ids="call `pbx_call_id`; leg `call_id`, else start and ends",
        zone="the cabinet's: `--tz`, or the source's `time_zone`",
        proof="the API's specification",
        unconfirmed="how long it rang before `seconds`; the cabinet's own CSV (map it)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        call, leg, start, clid, destination, sip, disposition, length, event, did = cells
        started_at, talk_s = moments.utc(start, "callstart"), seconds(length, "seconds")
        outcome = _DISPOSITIONS.get(bare(disposition))
        if outcome is None:
            raise Misread(Reason.BAD_STATUS, "disposition", f"{disposition[:40]!r} is not a disposition of Zadarma")
        caller = found.group(1) if (found := _CLID.fullmatch(clid)) else clid
        way = _way(call, event)
        ours = destination if way is INBOUND else caller
        pattern = context.extension_pattern
        extension = inside(sip.rpartition("-")[2], pattern) or inside(ours, pattern)
        outside = caller if way is INBOUND else destination
        if peer := inside(outside, pattern):
            way, outside = INTERNAL, ""
        talked = outcome is ANSWERED
        rest = f"{start}\x1f{caller}\x1f{destination}\x1f{sip}"
        name = leg.strip() or f"{call}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}"
        return LegFields(
            record_id=name if call.strip() or leg.strip() else nameless(rest),
            call_id=call.strip() or name,
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=talk_s),
            direction=way,
            disposition=outcome,
            answered_at=started_at if talked else None,
            billsec=talk_s if talked else 0,
            extension=extension,
            peer=peer,
            outside=outside,
            did=did.strip(),
        )


def _way(call: str, event: str) -> Direction:
    if call.startswith("in_") or event == "NOTIFY_END":
        return INBOUND
    if call.startswith("out_") or event == "NOTIFY_OUT_END":
        return OUTBOUND
    raise Misread(Reason.BAD_KIND, "pbx_call_id", f"{call[:40]!r} begins with neither in_ nor out_")

"""Rows of MikoPBX's call detail records, as its API gives them ungrouped: one for each end that was called. Pure.

Times are of the box's zone; `linkedid` is the call. Source: the exchange's own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.reading.call_keywords import bare
from connectors.reading.leg import LegFields, inside
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, FAILED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import Times
from schemas.records import Reason

_DISPOSITIONS = {
    "answered": ANSWERED,
    "answer": ANSWERED,
    "noanswer": NO_ANSWER,
    "cancel": NO_ANSWER,
    "busy": BUSY,
    "chanunavail": FAILED,
    "congestion": FAILED,
    "failed": FAILED,
}


def leg_fields(row: Mapping[str, str], moments: Times, context: Context) -> LegFields:
    """Raises Misread."""
    outcome = _DISPOSITIONS.get(bare(row.get("disposition", "")))
    if outcome is None:
        text = row.get("disposition", "")
        raise Misread(Reason.BAD_STATUS, "disposition", f"{text[:40]!r} is not a disposition of MikoPBX")
    started_at = moments.utc(row.get("start", ""), "start")
    talk_s, whole_s = (seconds(row.get(name, ""), name) for name in ("billsec", "duration"))
    ended_at = started_at + timedelta(seconds=max(whole_s, talk_s))
    if row.get("endtime", "").strip():
        ended_at = max(ended_at, moments.end(row["endtime"], "endtime", started_at))
    source, target = row.get("src_num", ""), row.get("dst_num", "")
    ours, theirs = inside(source, context.extension_pattern), inside(target, context.extension_pattern)
    extension, peer, outside = theirs, "", source
    way = INBOUND
    if ours and theirs:
        way, peer, outside = INTERNAL, ours, ""
    elif ours:
        way, extension, outside = OUTBOUND, ours, target
    if row.get("is_app", "0") == "1" and way is not OUTBOUND:
        extension, outcome = "", MACHINE if outcome is ANSWERED else outcome
    talked = outcome in (ANSWERED, MACHINE)
    return LegFields(
        record_id=row.get("UNIQUEID") or row.get("id", ""),
        call_id=row.get("linkedid") or row.get("UNIQUEID") or row.get("id", ""),
        started_at=started_at,
        ended_at=ended_at,
        direction=way,
        disposition=outcome,
        answered_at=max(started_at, ended_at - timedelta(seconds=talk_s)) if talked else None,
        billsec=talk_s if talked else 0,
        extension=extension,
        peer=peer,
        outside=outside,
        did=row.get("did", "").strip(),
        recording=row.get("recordingfile", "").strip(),
    )

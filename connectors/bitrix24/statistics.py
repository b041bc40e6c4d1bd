"""Bitrix24: `voximplant.statistic.get`, which has the calls of any telephony that is connected to the portal.

All values are texts. `CALL_DURATION` is talk where the call was answered. Source: the REST documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Reason

_WAYS = {
    "1": OUTBOUND,
    "2": INBOUND,
    "3": INBOUND,  # in, redirected
    "4": OUTBOUND,  # a call back
    "5": OUTBOUND,  # a recorded message
}
_MESSAGE = "5"
NOTED = "externalCall."
"""How a CALL_ID begins of a call that another exchange has registered by REST."""
_DISPOSITIONS = {
    "200": ANSWERED,
    "304": NO_ANSWER,
    "480": NO_ANSWER,
    "486": BUSY,
    "603": CANCELLED,
    "603-S": CANCELLED,
}


class Bitrix24Statistics(ServiceTable):
    """Rows with `CALL_ID`, `CALL_TYPE`, `CALL_START_DATE`, `CALL_DURATION`, `CALL_FAILED_CODE`, `PHONE_NUMBER`."""

    profile = "bitrix24"
    title = "Bitrix24 call statistics"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id",),
        "call": ("callid",),
        "type": ("calltype",),
        "start": ("callstartdate",),
        "duration": ("callduration",),
        "code": ("callfailedcode",),
        "phone": ("phonenumber",),
        "user": ("portaluserid",),
        "line": ("portalnumber",),
        "record": ("callrecordurl",),
    }
    needed = frozenset({"call", "type", "start", "duration", "code", "phone", "user"})
    json_under = (("result",),)
    about = About(
        reads="Bitrix24 voximplant.statistic.get",
        recognised_by="keys `CALL_ID`, `CALL_TYPE`, `CALL_START_DATE`, `CALL_FAILED_CODE`, `PHONE_NUMBER`",
        ids="call `CALL_ID`; leg `ID`",
        zone="none needed: `CALL_START_DATE` has an offset",
        proof="an answer of the documentation",
        unconfirmed="whether CALL_DURATION holds ringing; codes beyond the documented ones (unanswered is failed)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        id_, call, kind, start, duration, code, phone, user, line, record = cells
        name = call.strip() or id_.strip()
        if not name:
            raise Misread(Reason.MISSING_FIELD, "CALL_ID", "neither CALL_ID nor ID")
        way = _WAYS.get(kind.strip())
        if way is None:
            raise Misread(Reason.BAD_KIND, "CALL_TYPE", f"{kind[:40]!r} is not one of 1 to 5")
        started_at, talk_s = moments.utc(start, "CALL_START_DATE"), seconds(duration, "CALL_DURATION")
        if not (code := code.strip()):
            raise Misread(Reason.BAD_STATUS, "CALL_FAILED_CODE", "no code: 200, 304, 486, 603, ...")
        disposition = _DISPOSITIONS.get(code, FAILED)
        if disposition is ANSWERED and kind.strip() == _MESSAGE:
            disposition = MACHINE
        answered = disposition in (ANSWERED, MACHINE)
        return LegFields(
            record_id=id_.strip() or name,
            call_id=name,
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=talk_s),
            direction=way,
            disposition=disposition,
            answered_at=started_at if answered else None,
            billsec=talk_s if answered else 0,
            extension=user.strip(),
            outside=phone,
            did=line.strip(),
            recording=record.strip(),
            noted=int(call.startswith(NOTED)),
        )

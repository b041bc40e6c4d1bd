"""Who is away, from when to when: leave and sickness must not look like a drop."""

from __future__ import annotations

from connectors.crm.definition import MANAGER, Cells, CrmTable
from connectors.reading.cells import day, some
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.plans import Absence, AbsenceKind
from schemas.records import Reason

_KINDS = {
    "leave": AbsenceKind.LEAVE, "vacation": AbsenceKind.LEAVE, "отпуск": AbsenceKind.LEAVE,
    "sick": AbsenceKind.SICK, "sickness": AbsenceKind.SICK, "больничный": AbsenceKind.SICK, "болезнь": AbsenceKind.SICK,
    "trip": AbsenceKind.TRIP, "business trip": AbsenceKind.TRIP, "командировка": AbsenceKind.TRIP,
    "other": AbsenceKind.OTHER, "": AbsenceKind.OTHER, "day off": AbsenceKind.OTHER, "training": AbsenceKind.OTHER,
    "отгул": AbsenceKind.OTHER, "обучение": AbsenceKind.OTHER, "прочее": AbsenceKind.OTHER,
}  # fmt: skip
_WITHDRAWN = {
    "": 0, "approved": 0, "утверждено": 0, "согласовано": 0,
    "withdrawn": 1, "cancelled": 1, "отозвано": 1, "отменено": 1,
}  # fmt: skip


def _absence(cells: Cells, context: Context, origin: str) -> Absence:
    first, last = day(cells["first"], "first"), day(cells["last"], "last")
    if last < first:
        raise Misread(Reason.BAD_PERIOD, "last", f"the last day {last} (included) is before the first, {first}")
    kind = _KINDS.get(cells["kind"].strip().casefold())
    if kind is None:
        raise Misread(Reason.BAD_KIND, "kind", f"{cells['kind']!r}; kinds are {', '.join(filter(None, _KINDS))}")
    withdrawn = _WITHDRAWN.get(cells["status"].strip().casefold())
    if withdrawn is None:
        accepted = ", ".join(filter(None, _WITHDRAWN))
        raise Misread(Reason.BAD_STATUS, "status", f"{cells['status']!r}; accepted are {accepted}")
    return Absence(
        manager_id=some(cells["manager_id"], "manager_id"),
        first=first,
        last=last,
        kind=kind,
        withdrawn=withdrawn,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


TABLE = CrmTable(
    "absences",
    {
        "manager_id": MANAGER,
        "first": ("first", "from", "since", "start", "с", "первыйдень", "начало", "датаначала"),
        "last": ("last", "to", "until", "end", "по", "последнийдень", "конец", "окончание", "датаокончания"),
        "kind": ("kind", "type", "reason", "вид", "тип", "причина"),
        "status": ("status", "state", "статус", "состояние"),
    },
    ("manager_id", "first", "last"),
    _absence,
    may_be_empty=True,
)

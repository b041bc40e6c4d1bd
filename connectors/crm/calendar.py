"""The department's own days: what it says of a day wins over the country's calendar."""

from __future__ import annotations

import re
from decimal import Decimal

from connectors.crm.definition import Cells, CrmTable
from connectors.reading.cells import day
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.plans import CalendarDay, DayKind
from schemas.records import Reason

_KINDS = {
    "working": DayKind.WORKING, "workday": DayKind.WORKING, "рабочий": DayKind.WORKING,
    "short": DayKind.SHORT, "сокращенный": DayKind.SHORT, "предпраздничный": DayKind.SHORT,
    "moved": DayKind.MOVED, "перенос": DayKind.MOVED, "перенесенный": DayKind.MOVED,
    "weekend": DayKind.WEEKEND, "выходной": DayKind.WEEKEND,
    "holiday": DayKind.HOLIDAY, "праздник": DayKind.HOLIDAY, "праздничный": DayKind.HOLIDAY,
}  # fmt: skip


def _calendar_day(cells: Cells, context: Context, origin: str) -> CalendarDay:
    kind = _KINDS.get(cells["kind"].strip().casefold().replace("ё", "е").removesuffix(" день"))
    if kind is None:
        raise Misread(Reason.BAD_KIND, "kind", f"{cells['kind']!r}; kinds are {', '.join(_KINDS)}")
    return CalendarDay(
        day=day(cells["day"], "day"),
        kind=kind,
        work_minutes=_minutes(cells["hours"]),
        title=cells["title"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _minutes(text: str) -> int | None:
    """Of `8`, `7.5`, `7,5` or `7:30` hours; None when the cell is empty."""
    bare = text.strip()
    if not bare:
        return None
    found = re.fullmatch(r"(\d{1,2})(?:[.,](\d{1,2})|:([0-5]\d))?", bare)
    minutes = 0 if found is None else int(found[1]) * 60 + int(Decimal(f"0.{found[2] or 0}") * 60) + int(found[3] or 0)
    if found is None or minutes > 24 * 60:
        raise Misread(Reason.BAD_NUMBER, "hours", f"{text!r} are not hours of a day: 8, 7.5 or 7:30")
    return minutes


TABLE = CrmTable(
    "calendar",
    {
        "day": ("day", "date", "день", "дата"),
        "kind": ("kind", "type", "вид", "тип", "виддня", "типдня"),
        "hours": ("hours", "часы", "часов"),
        "title": ("title", "name", "название", "наименование", "праздник"),
    },
    ("day", "kind"),
    _calendar_day,
)

"""What is planned for each manager and month."""

from __future__ import annotations

from connectors.crm.definition import MANAGER, Cells, CrmTable
from connectors.reading.cells import amount, count, currency, month, some
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.plans import Plan
from schemas.records import Reason


def _plan(cells: Cells, context: Context, origin: str) -> Plan:
    working_days = count(cells["working_days"], "working_days")
    if working_days is not None and working_days > 31:
        raise Misread(Reason.BAD_NUMBER, "working_days", f"{working_days} working days are in no month")
    return Plan(
        manager_id=some(cells["manager_id"], "manager_id"),
        month=month(cells["month"], "month"),
        working_days=working_days,
        calls_to_potential=count(cells["calls_to_potential"], "calls_to_potential"),
        general_proposals=count(cells["general_proposals"], "general_proposals"),
        individual_proposals=count(cells["individual_proposals"], "individual_proposals"),
        amount=amount(cells["amount"], "amount") if cells["amount"].strip() else None,
        currency=currency(cells["currency"], cells["amount"]),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


TABLE = CrmTable(
    "plan",
    {
        "month": ("month", "period", "месяц", "период"),
        "manager_id": MANAGER,
        "working_days": ("workingdays", "workdays", "рабочихдней", "рабочиедни"),
        "calls_to_potential": (
            *("callstopotential", "calls", "звонки", "звонкипотенциальным", "звонкипотенциальнымклиентам"),
            *("звонков", "контакты"),
        ),
        "general_proposals": ("generalproposals", "general", "общиекп", "общиепредложения", "общихпредложений", "кп"),
        "individual_proposals": (
            *("individualproposals", "individual", "индивидуальныекп", "индивидуальныепредложения"),
            *("индивидуальныхпредложений", "заявки", "заявок"),
        ),
        "amount": ("amount", "sum", "total", "сумма"),
        "currency": ("currency", "валюта"),
    },
    ("month", "manager_id"),
    _plan,
)

"""What was offered: general letters, and individual proposals with a sum."""

from __future__ import annotations

from connectors.crm.definition import DELETED, MANAGER, ORGANISATION, STATUS, Cells, CrmTable, says, zone_of
from connectors.reading.cells import amount, currency, moment, number, some
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Proposal, ProposalKind, ProposalStatus, Reason

_SENT = {
    "sent": ProposalStatus.SENT, "accepted": ProposalStatus.SENT, "отправлено": ProposalStatus.SENT,
    "принято": ProposalStatus.SENT, "": ProposalStatus.SENT, "withdrawn": ProposalStatus.WITHDRAWN,
    "cancelled": ProposalStatus.WITHDRAWN, "отозвано": ProposalStatus.WITHDRAWN, "отменено": ProposalStatus.WITHDRAWN,
}  # fmt: skip
_KINDS = {
    "general": ProposalKind.GENERAL, "общее": ProposalKind.GENERAL, "кп": ProposalKind.GENERAL,
    "individual": ProposalKind.INDIVIDUAL, "индивидуальное": ProposalKind.INDIVIDUAL, "заявка": ProposalKind.INDIVIDUAL,
}  # fmt: skip


def _proposal(cells: Cells, context: Context, origin: str) -> Proposal:
    kind = _KINDS.get(cells["kind"].strip().casefold())
    if kind is None:
        raise Misread(
            Reason.BAD_KIND, "kind", f"{cells['kind']!r}; kinds are general (общее), individual (индивидуальное)"
        )
    is_deleted = says(cells["status"], DELETED)
    status = ProposalStatus.WITHDRAWN if is_deleted else _SENT.get(cells["status"].strip().casefold())
    if status is None:
        raise Misread(
            Reason.BAD_STATUS, "status", f"{cells['status']!r}; accepted are {', '.join(filter(None, _SENT))}"
        )
    return Proposal(
        proposal_id=some(cells["proposal_id"], "proposal_id"),
        revision=number(cells["revision"], "revision") if cells["revision"].strip() else 1,
        organisation_id=some(cells["organisation_id"], "organisation_id"),
        manager_id=some(cells["manager_id"], "manager_id"),
        kind=kind,
        sent_at=moment(cells["sent_at"], zone_of(context), "sent_at"),
        amount=amount(cells["amount"], "amount"),
        currency=currency(cells["currency"], cells["amount"]),
        status=status,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
        retracted=int(is_deleted),
    )


TABLE = CrmTable(
    "proposals",
    {
        "proposal_id": ("proposalid", "proposal", "id", "number", "номер", "номерпредложения", "предложение"),
        "organisation_id": ORGANISATION,
        "manager_id": MANAGER,
        "kind": ("kind", "type", "вид", "тип"),
        "sent_at": ("sentat", "sent", "date", "дата", "отправлено", "датаотправки"),
        "amount": ("amount", "sum", "total", "сумма"),
        "currency": ("currency", "валюта"),
        "revision": ("revision", "version", "редакция", "версия"),
        "status": STATUS,
    },
    ("proposal_id", "organisation_id", "manager_id", "kind", "sent_at"),
    _proposal,
)

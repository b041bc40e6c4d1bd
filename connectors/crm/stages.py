"""Where an organisation stands in the funnel, since when."""

from __future__ import annotations

from connectors.crm.definition import DELETED, MANAGER, ORGANISATION, STATUS, Cells, CrmTable, says, zone_of
from connectors.reading.cells import moment, some
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Reason, StageChange


def _stage(cells: Cells, context: Context, origin: str) -> StageChange:
    stage = context.stages.find(cells["stage"])
    if stage is None:
        accepted = ", ".join(f"{one.code} ({one.title.ru})" for one in context.stages.stages)
        raise Misread(Reason.UNKNOWN_STAGE, "stage", f"{cells['stage']!r}; stages are {accepted}")
    return StageChange(
        organisation_id=some(cells["organisation_id"], "organisation_id"),
        stage=stage,
        changed_at=moment(cells["changed_at"], zone_of(context), "changed_at"),
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
        retracted=int(says(cells["status"], DELETED)),
    )


TABLE = CrmTable(
    "stages",
    {
        "organisation_id": (*ORGANISATION, "id"),
        "stage": ("stage", "status", "этап", "стадия"),
        "changed_at": ("changedat", "changed", "date", "at", "дата", "датаизменения", "изменён", "изменен"),
        "manager_id": MANAGER,
        "status": STATUS,
    },
    ("organisation_id", "stage", "changed_at"),
    _stage,
)

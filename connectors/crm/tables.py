"""Every table of the sales department, by its kind."""

from __future__ import annotations

from connectors.crm import absences, calendar, managers, organisations, plan, proposals, stages

TABLES = (
    *(managers.TABLE, organisations.TABLE, stages.TABLE, proposals.TABLE),
    *(plan.TABLE, calendar.TABLE, absences.TABLE),
)

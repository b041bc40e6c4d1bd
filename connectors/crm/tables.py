"""Every table of the sales department, by its kind."""

from __future__ import annotations

from connectors.crm import managers, organisations, proposals, stages

TABLES = (managers.TABLE, organisations.TABLE, stages.TABLE, proposals.TABLE)

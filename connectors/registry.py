"""Every vendor, found from the folders: nothing is kept by hand.

To add a file source: a folder `connectors/VENDOR` whose `connector.py` holds `CONNECTOR = Connector("VENDOR", ...)`,
and example files, with what a person reads out of them, in `tests/connectors/VENDOR/golden/PROFILE`. Recognition, the
command's options, docs/connectors.md and the tests over all sources follow from these. A webhook, a database's table
and a socket are fields of the same value.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from connectors.api.adapter import ApiConnector
from connectors.connector import Connector, MakeLines
from connectors.crm.source import CrmCsv
from connectors.crm.tables import TABLES as CRM_TABLES
from connectors.http.webhook import Webhook
from connectors.reading.source import Source
from connectors.sql.shape import DatabaseTable

SHARED = frozenset({"api", "crm", "folder", "http", "live", "mapped", "reading", "sql", "tcp"})
"""Folders that all vendors share."""


def _found() -> tuple[Connector, ...]:
    here = Path(__file__).parent
    folders = sorted(path.name for path in here.iterdir() if (path / "__init__.py").is_file())
    connectors = []
    for folder in folders:
        if folder not in SHARED:
            connector = import_module(f"connectors.{folder}.connector").CONNECTOR
            assert isinstance(connector, Connector)
            connectors.append(connector)
    return tuple(connectors)


CONNECTORS = _found()
CALLS: tuple[Source, ...] = tuple(
    sorted((source for one in CONNECTORS for source in one.files), key=lambda source: source.is_family)
)
"""Every source of files of calls: those that read the files of a whole family of exchanges are asked last."""
TABLES: tuple[DatabaseTable, ...] = tuple(
    sorted((table for one in CONNECTORS for table in one.tables), key=lambda table: table.is_family)
)
LINES: dict[str, MakeLines] = {profile: make for one in CONNECTORS for profile, make in one.lines.items()}
APIS: dict[str, ApiConnector] = {one.api.kind: one.api for one in CONNECTORS if one.api is not None}
HOOKS: dict[str, Webhook] = {hook.kind: hook for one in CONNECTORS for hook in one.webhooks}
CRM: dict[str, CrmCsv] = {table.kind: CrmCsv(table) for table in CRM_TABLES}
KINDS = ("calls", *CRM)
PROFILES = tuple(source.profile for source in (*CALLS, *CRM.values()))

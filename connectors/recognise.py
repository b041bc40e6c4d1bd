"""Which source reads a file: the list of all of them, and the choice."""

from __future__ import annotations

from pathlib import Path

from connectors.asterisk.source import AsteriskCsv
from connectors.crm_csv import TABLES, CrmCsv
from connectors.source import Recognised, Source
from schemas.trouble import Terminal

CALLS: tuple[Source, ...] = (AsteriskCsv(),)
CRM: dict[str, CrmCsv] = {table.kind: CrmCsv(table) for table in TABLES}
KINDS = ("calls", *CRM)
PROFILES = tuple(source.profile for source in (*CALLS, *CRM.values()))


def choose(path: Path, kind: str, profile: str, region: str) -> tuple[Source, Recognised]:
    """The source that reads this file, and what it saw. Raises Terminal naming what was expected."""
    if kind in CRM:
        table = CRM[kind]
        recognised = table.recognise(path, region)
        if recognised is None:
            raise table.require(path)
        return table, recognised
    for source in CALLS:
        if profile in ("auto", source.profile) and (recognised := source.recognise(path, region)):
            return source, recognised
    also = next((k for k, table in CRM.items() if table.recognise(path, region)), "")
    hint = f"; it looks like a table of {also}: load it with --kind {also}" if also else ""
    raise Terminal(
        f"{path}: not recognised as an export of calls{hint} (known: Asterisk cdr_csv and cdr_custom, FreePBX report,"
        " PBXware dump, columns calldate,src,dst,duration,billsec,disposition)"
    )

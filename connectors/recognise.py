"""Which source reads a file: the list of all of them, and the choice."""

from __future__ import annotations

from pathlib import Path

from connectors.asterisk.cel import AsteriskCel
from connectors.asterisk.queue_log import QueueLog
from connectors.asterisk.source import AsteriskCsv
from connectors.asterisk.vendors import GrandstreamCsv, YeastarCsv
from connectors.avaya import AvayaSmdr
from connectors.crm.source import CrmCsv
from connectors.crm.tables import TABLES
from connectors.cucm import CucmCdr
from connectors.freeswitch.cdr_csv import FreeSwitchCsv
from connectors.freeswitch.json_cdr import FreeSwitchJson
from connectors.mango import MangoStats
from connectors.panasonic import PanasonicSmdr
from connectors.reading.source import Hints, Recognised, Source
from connectors.services.all import SERVICES
from connectors.threecx import ThreeCxLog
from schemas.trouble import Terminal

CALLS: tuple[Source, ...] = (
    AsteriskCsv(),
    MangoStats(),
    ThreeCxLog(),
    FreeSwitchCsv(),
    FreeSwitchJson(),
    CucmCdr(),
    AvayaSmdr(),
    PanasonicSmdr(),
    QueueLog(),
    AsteriskCel(),
    GrandstreamCsv(),
    YeastarCsv(),
    *SERVICES,
)
CRM: dict[str, CrmCsv] = {table.kind: CrmCsv(table) for table in TABLES}
KINDS = ("calls", *CRM)
PROFILES = tuple(source.profile for source in (*CALLS, *CRM.values()))


def choose(
    path: Path, kind: str, profile: str, region: str, columns: tuple[str, ...] = ()
) -> tuple[Source, Recognised]:
    """The source that reads this file, and what it saw. Raises Terminal naming what was expected.

    `columns` is the order of columns that settings give for this exchange, () for none.
    """
    hints = Hints(region=region, columns=columns)
    if kind in CRM:
        table = CRM[kind]
        recognised = table.recognise(path, hints)
        if recognised is None:
            raise table.require(path)
        return table, recognised
    for source in CALLS:
        if profile in ("auto", source.profile) and (recognised := source.recognise(path, hints)):
            return source, recognised
    also = next((k for k, table in CRM.items() if table.recognise(path, hints)), "")
    if also:
        raise Terminal(f"{path}: it looks like a table of {also}, not of calls: load it with --kind {also}")
    if profile != "auto":
        raise Terminal(f"{path}: not recognised as an export of calls of --profile {profile}: leave it out to try all")
    known = ", ".join(source.profile for source in CALLS)
    raise Terminal(
        f"{path}: not recognised as an export of calls: `callfunnel map FILE` takes any table with a header"
        f" (what needs no mapping: {known})"
    )

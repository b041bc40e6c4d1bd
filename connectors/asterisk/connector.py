"""What is known of Asterisk, FreePBX and their relatives."""

from __future__ import annotations

from connectors.asterisk import ami
from connectors.asterisk.cdr_csv import AsteriskCsv
from connectors.asterisk.cel import AsteriskCel
from connectors.asterisk.layouts import NAMES
from connectors.asterisk.queue_log import QueueLog
from connectors.asterisk.table import CDR
from connectors.connector import Connector

_NOTES = """### The Asterisk family (`--profile asterisk-csv`)

| layout | recognised by |
|---|---|
| `cdr_csv` Master.csv, 16 to 21 columns | no header, the first date in column 10 |
| `cdr_custom` Master.csv, 14 to 19 columns | no header, the first date in column 9 |
| FreePBX report, old and new | a header that names calldate, or no header and a date in column 1 |
| hand-picked columns | a header with at least start, src, dst, billsec and disposition, in any order |
| PBXware dump | a header with AcctId; `NULL` for nothing, quotes that are not closed |

Ids: `call_id` is `linkedid`, else `uniqueid`; a leg is `uniqueid` and `sequence`. Without them a row is known by
what stands in it, so two equal rows are one. Day and month are told by the epoch in `uniqueid`, else by a day above
12, else by the region's custom. The zone (`--tz`) is checked against that epoch; `--tz auto` takes the offset that
it proves.

Header words, whatever their case and punctuation:

"""


def _headers_table() -> str:
    headers: dict[str, list[str]] = {}
    for word, name in NAMES.items():
        headers.setdefault(name, []).append(word)
    rows = [f"| {name} | {', '.join(accepted)} |" for name, accepted in headers.items()]
    return "\n".join(["| column | accepted headers |", "|---|---|", *rows]) + "\n"


CONNECTOR = Connector(
    "asterisk",
    files=(AsteriskCsv(), AsteriskCel(), QueueLog()),
    tables=(CDR,),
    listener=ami.LISTENER,
    notes=_NOTES + _headers_table(),
)

"""Exchanges that keep their call records in a database: Asterisk and FreePBX `cdr`, FusionPBX `v_xml_cdr`."""

from __future__ import annotations

from connectors.reading.source import ListenerAbout

LISTENER = ListenerAbout(
    name="listen sql",
    reads="`cdr` of Asterisk and FreePBX, FusionPBX's `v_xml_cdr`",
    fixtures="`connectors/sql`, `stack/test_listen_sql.py`",
    counterpart=(
        "MariaDB and PostgreSQL servers: rows that come late or with equal times, a server that dies, a killed listener"
    ),
    unconfirmed="a FusionPBX at work: its table is made from its schema",
)

"""What is known of FreeSWITCH."""

from __future__ import annotations

from connectors.connector import Connector
from connectors.freeswitch import esl
from connectors.freeswitch.cdr_csv import FreeSwitchCsv
from connectors.freeswitch.json_cdr import FreeSwitchJson
from connectors.freeswitch.table import V_XML_CDR
from connectors.freeswitch.webhook import WEBHOOK

CONNECTOR = Connector(
    "freeswitch",
    files=(FreeSwitchCsv(), FreeSwitchJson()),
    tables=(V_XML_CDR,),
    listener=esl.LISTENER,
    webhooks=(WEBHOOK,),
)

"""Every service whose tables are read."""

from __future__ import annotations

from connectors.reading.service_table import ServiceTable
from connectors.services.aircall import AircallCalls
from connectors.services.bitrix24 import Bitrix24Statistics
from connectors.services.megafon import MegafonHistory
from connectors.services.ringcentral import RingCentralLog
from connectors.services.twilio import TwilioCalls
from connectors.services.uis import UisCalls
from connectors.services.zadarma import ZadarmaStats

SERVICES: tuple[ServiceTable, ...] = (
    *(MegafonHistory(), UisCalls(), ZadarmaStats()),
    *(TwilioCalls(), RingCentralLog(), Bitrix24Statistics(), AircallCalls()),
)

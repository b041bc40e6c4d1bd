"""Real events of an exchange, private like the other samples: every one is a leg, and the zone is proved by them."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.asterisk.ami.cdr import CdrEvents, lacks_ids
from connectors.asterisk.ami.messages import AmiMessages
from connectors.reading import zone_proof as clock
from schemas.records import CallLeg, Direction
from tests.connectors.conftest import context

SAMPLES = os.environ.get("CALLFUNNEL_SAMPLES", "")
pytestmark = pytest.mark.skipif(
    not SAMPLES, reason="CALLFUNNEL_SAMPLES is not set: the real events are private and are not in the repository"
)


def test_31_real_events() -> None:
    data = (Path(SAMPLES) / "asterisk_ami_cdr" / "oun1982_ami_cdr_events.wire.anonymised.txt").read_bytes()
    events = [message for message in AmiMessages().feed(data) if message.get("event") == "Cdr"]
    reader = CdrEvents(lambda: context("Asia/Bangkok", region="TH", trunks=("TR_PL_MOBILE",)))
    legs = [reader.item(event) for event in events]
    assert len(legs) == 31
    assert all(isinstance(leg, CallLeg) for leg in legs)
    assert all(map(lacks_ids, events))  # that exchange maps neither
    samples = [(event.get("starttime"), event.get("uniqueid")) for event in events]
    where = "the events"
    assert "31 of 31" in clock.check_zone(clock.prove(samples, "ymd"), samples, "ymd", ZoneInfo("Asia/Bangkok"), where)
    outbound = [leg for leg in legs if isinstance(leg, CallLeg) and leg.direction is Direction.OUTBOUND]
    assert all(leg.extension and leg.contact for leg in outbound)
    assert outbound

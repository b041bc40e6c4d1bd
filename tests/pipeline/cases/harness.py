"""A file's calls as something that managers did: read as `load` reads it, stitched and enriched as the worker does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.directory import Directory, Managers
from pipeline.enrich import enrich_call
from pipeline.stitch import stitch
from schemas.records import Activity, CallLeg, Direction, Disposition, Manager
from schemas.stages import default_stages
from tests.connectors.conftest import context

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def person(manager_id: str, *extensions: str, **more: Any) -> Manager:
    return Manager(manager_id=manager_id, name="", extensions=list(extensions), valid_from=LONG_AGO, version=1, **more)


ROSTER = (person("m1", "101"), person("m2", "102"), person("m3", "103"))


class Counted(NamedTuple):
    """What a call came to."""

    manager: str
    talk_s: int
    answered: bool
    direction: Direction
    contact: str


def legs_of(path: Path, **more: Any) -> list[CallLeg]:
    """The legs of a file, every row of which must be one."""
    source, recognised = choose(Sample(path), "calls", "auto", "RU")
    found = []
    settings = msgspec.structs.replace(context("auto"), **more)
    zone, _ = source.zone(Sample(path), recognised, settings.zone)
    for item in source.read(path, recognised, msgspec.structs.replace(settings, zone=zone)):
        assert isinstance(item, CallLeg), item
        found.append(item)
    return found


def counted(legs: Sequence[CallLeg], roster: Sequence[Manager] = ROSTER) -> list[Counted]:
    """The calls, in order of their start."""
    by_call: defaultdict[tuple[str, str], dict[str, CallLeg]] = defaultdict(dict)
    for leg in legs:
        by_call[leg.source, leg.call_id][leg.record_id] = leg
    directory = Directory(default_stages())
    directory.managers = Managers(roster)
    calls = [
        enrich_call(stitch(list(call.values())), directory, cause="", caused_at=1, version=1)
        for call in by_call.values()
    ]
    return [_counted(call) for call in sorted(calls, key=lambda call: (call.at, call.activity_id))]


def _counted(call: Activity) -> Counted:
    answered = call.disposition is Disposition.ANSWERED
    return Counted(call.manager_id, call.talk_s, answered, call.direction, call.contact)

"""The rules asked now; where calls come in files, "now" is the latest call, for what is about people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from pipeline.alerts.evaluate import AlertInstance, ask
from pipeline.readouts.feeds import freshness, last_call
from pipeline.readouts.numbers import Numbers
from pipeline.settings import Settings
from schemas.alerts import ABOUT_PEOPLE, RULES, Rule
from schemas.errors import Terminal, Transient
from schemas.parameters import utc
from schemas.warnings import WarningWatch

_COUNTED = timedelta(minutes=5)
"""Calls are counted in steps that are over: the latest one is in the step that ends within so long."""
_OF_FILES = ("file:", "folder:")
"""Doors that bring files: how old the calls in them are is not known from a heartbeat."""


class DataMoment(msgspec.Struct, frozen=True):
    """As of when the data can be asked about people."""

    at: datetime | None
    """None when there is no call."""
    is_of_files: bool
    """It is the latest call, since calls come in files; else it is now."""
    is_loading: bool = False
    """A file is being loaded: of its days only a part is there yet, which looks like people who call less."""


class _FilesLoading(msgspec.Struct, frozen=True):
    files: int


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """A round: what fires, and which rules could be asked as of when."""

    instances: list[AlertInstance]
    moments: Mapping[str, datetime]
    """Rule -> the moment that it was asked for; those that could not be asked are not there."""
    watch: WarningWatch
    is_loading: bool = False
    """Those about people were not asked: a file is being loaded."""


def data_moment(numbers: Numbers, now: datetime) -> DataMoment:
    """Raises Transient or Terminal."""
    (loading,) = numbers.rows("files_loading", _FilesLoading, {"now": utc(now)})
    is_loading = loading.files > 0
    doors = [feed for feed in freshness(numbers, now) if feed.state != "stopped"]
    if any(not feed.door.startswith(_OF_FILES) for feed in doors):
        return DataMoment(now, False, is_loading)
    last = last_call(numbers).moment
    return DataMoment(None if last is None else min(now, last + _COUNTED), True, is_loading)


def evaluate(numbers: Numbers, settings: Settings, now: datetime, rules: Sequence[Rule] = RULES) -> Evaluated:
    """Every rule once. One that cannot be asked is left out, and the watch says why; so are those about people while a
    file is being loaded.

    Raises Transient or Terminal when the store cannot be asked at all.
    """
    data = data_moment(numbers, now)
    instances: list[AlertInstance] = []
    moments: dict[str, datetime] = {}
    errors: list[str] = []
    for alike, at in _groups(rules, data, now):
        try:
            found = list(ask(numbers, settings, [at], alike))
        except (Transient, Terminal) as error:
            errors.append(f"{alike[0].metric}: {error}")
            continue
        instances += found
        moments |= {rule.id: at for rule in alike}
    watch = WarningWatch(
        watched_at=now, as_of=data.at or now, of_files=int(data.is_of_files), error="; ".join(errors)[:1_000]
    )
    return Evaluated(instances=instances, moments=moments, watch=watch, is_loading=data.is_loading)


def _groups(rules: Sequence[Rule], data: DataMoment, now: datetime) -> Iterator[tuple[list[Rule], datetime]]:
    """Rules that one question answers, and for which moment it is asked. Moments are whole seconds."""
    for _, alike in groupby(rules, key=lambda rule: (rule.metric, rule.parameters, rule.late_s)):
        together = list(alike)
        at = now - timedelta(seconds=together[0].late_s)
        if together[0].metric in ABOUT_PEOPLE:
            if data.at is None or data.is_loading:
                continue
            at = min(at, data.at)
        yield together, at.replace(microsecond=0)

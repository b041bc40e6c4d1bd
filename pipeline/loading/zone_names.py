"""A city's time zone for an offset that data proves: an offset alone says nothing of the summer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo


def likely_zone(region: str, zone: tzinfo, times: Sequence[datetime]) -> str:
    """The first zone of a country (ISO 3166) that has the offsets of `zone` at these times; "" where none has."""
    for name in _zones_of(region):
        if all(at.astimezone(ZoneInfo(name)).utcoffset() == at.astimezone(zone).utcoffset() for at in times):
            return name
    return ""


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, str], ...]:
    """(country, zone) in the order of the time zone database: a country's chief cities first."""
    text = files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((row[0], row[2]) for row in rows)


def _zones_of(region: str) -> Iterator[str]:
    return (name for country, name in _table() if country == region)

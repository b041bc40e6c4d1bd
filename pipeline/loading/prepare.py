"""Before anything is sent: what a file is, and how it is to be read."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from connectors.recognise import choose
from connectors.source import Context, Recognised, Source
from pipeline.clock import as_datetime, wall_clock
from pipeline.settings import Settings, zone_of
from schemas.trouble import Terminal


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How files are to be loaded. "" where the settings or the file decide."""

    kind: str = "calls"
    source: str = ""
    tz: str = ""
    profile: str = "auto"
    region: str = ""
    rejects: Path = Path("rejects")


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was recognised, and how it will be read."""

    path: Path
    source: Source
    recognised: Recognised
    context: Context
    zone_why: str


def prepare(path: Path, wish: Wish, settings: Settings) -> Prepared:
    """Recognise a file and settle how to read it. Raises Terminal; sends nothing."""
    name = wish.source or ("pbx" if wish.kind == "calls" else "crm")
    said = settings.source(name)
    region = wish.region or said.region or settings.region
    source, recognised = choose(path, wish.kind, wish.profile, region, said.columns)
    zone_name = wish.tz or said.time_zone or ("" if wish.kind == "calls" else settings.time_zone.key)
    if not zone_name and recognised.needs_zone:
        raise Terminal(
            f"{path}: an export does not say its time zone: give --tz Europe/Moscow (say), --tz auto for the offset"
            f' that the data proves, or time_zone = "..." under [sources.{name}] in callfunnel.toml'
        )
    zone, why = source.zone(path, recognised, None if zone_name in ("", "auto") else zone_of(zone_name, "--tz"))
    now = wall_clock()
    context = Context(
        source=name,
        import_id=f"{as_datetime(now):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        version=now,
        zone=zone,
        region=region,
        extension_pattern=said.extensions,
        trunks=said.trunks,
        stages=settings.stages,
        loaded_at=as_datetime(now),
    )
    return Prepared(path=path, source=source, recognised=recognised, context=context, zone_why=why)

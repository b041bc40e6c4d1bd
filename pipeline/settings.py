"""Settings: business ones in `callfunnel.toml`, connections in `CALLFUNNEL_*`. A wrong one is named, never ignored.

time_zone = "Europe/Moscow"      # the reporting zone: what a day is. Default: the machine's zone
region = "RU"                    # for phone numbers written without a country
conversation_s = 30              # a conversation is a call at least this long

[sources.office]                 # what no export says of itself
time_zone = "Europe/Moscow"
extensions = '\\d{3}'             # regex of inside numbers
trunks = ["provider1"]

[[stages]]                       # instead of the default ones: see schemas/stages.toml
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pipeline.count import Rules
from schemas.stages import Stage, Stages, default_stages
from schemas.trouble import Terminal

_VARIABLES = {
    "CALLFUNNEL_KAFKA": "bootstrap servers, host:port[,host:port]",
    "CALLFUNNEL_CLICKHOUSE": "http[s]://user:password@host:port/database",
    "CALLFUNNEL_CONFIG": "path of callfunnel.toml",
    "CALLFUNNEL_DATA": "data folder of the embedded stack",
    "CALLFUNNEL_NAMESPACE": "prefix of topics and consumer group, one per company",
    "CALLFUNNEL_STORE_PASSWORD": "set by `callfunnel up` for its parts",
    "CALLFUNNEL_STORE_READER_PASSWORD": "set by `callfunnel up` for its parts",
    "CALLFUNNEL_SAMPLES": "folder of private example exports, for tests",
}


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exchange. Unset values fall back to the general ones; the zone has no default on purpose."""

    time_zone: str | None = None
    region: str | None = None
    extensions: str = r"\d{2,5}"
    trunks: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    time_zone: str | None = None
    region: str = "RU"
    conversation_s: int = 30
    sources: dict[str, SourceSettings] = {}
    stages: tuple[Stage, ...] | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the department is like."""

    time_zone: ZoneInfo
    region: str
    conversation_s: int
    sources: dict[str, SourceSettings]
    stages: Stages

    @property
    def rules(self) -> Rules:
        """What counting depends on."""
        return Rules(self.conversation_s, self.stages.potential)

    def source(self, name: str) -> SourceSettings:
        return self.sources.get(name, SourceSettings())


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the file that CALLFUNNEL_CONFIG names, or ./callfunnel.toml, or the defaults.

    Raises Terminal naming the wrong or unknown setting.
    """
    _refuse_unknown(env)
    said = _read_file(env)
    for name, source in said.sources.items():
        try:
            re.compile(source.extensions)
        except re.error as error:
            raise Terminal(f"callfunnel.toml: sources.{name}.extensions is no regular expression: {error}") from None
        if source.time_zone not in (None, "auto"):
            zone_of(str(source.time_zone), f"callfunnel.toml: sources.{name}.time_zone")
    return Settings(
        time_zone=zone_of(said.time_zone, "callfunnel.toml: time_zone") if said.time_zone else machine_zone(env),
        region=said.region,
        conversation_s=said.conversation_s,
        sources=said.sources,
        stages=Stages(said.stages) if said.stages else default_stages(),
    )


def _read_file(env: Mapping[str, str]) -> _File:
    named = env.get("CALLFUNNEL_CONFIG")
    path = Path(named or "callfunnel.toml")
    if not path.exists():
        if named:
            raise Terminal(f"CALLFUNNEL_CONFIG: no such file: {named}")
        return _File()
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        accepted = ", ".join(_File.__struct_fields__)
        raise Terminal(f"{path}: {error}; accepted settings: {accepted}; see `callfunnel --help`") from None


def _refuse_unknown(env: Mapping[str, str]) -> None:
    unknown = sorted(name for name in env if name.startswith("CALLFUNNEL_") and name not in _VARIABLES)
    if unknown:
        raise Terminal(f"unknown setting {unknown[0]}; accepted: {', '.join(sorted(_VARIABLES))}")


def zone_of(name: str, where: str) -> ZoneInfo:
    """The zone of an IANA name; Terminal says where the wrong name stood and how one looks."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Terminal(f"{where}: no time zone is called {name!r}; an IANA name such as Europe/Moscow or UTC") from None


def machine_zone(env: Mapping[str, str] = os.environ) -> ZoneInfo:
    """The zone this machine shows its users: TZ, else /etc/localtime, else UTC."""
    candidates = [env.get("TZ", "").lstrip(":")]
    link = Path("/etc/localtime")
    if link.is_symlink():
        candidates.append(str(link.resolve()).partition("zoneinfo/")[2])
    for name in filter(None, candidates):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    offset = datetime.now().astimezone().utcoffset()
    if offset:
        raise Terminal('the machine\'s time zone has no name: set time_zone = "Europe/Moscow" (say) in callfunnel.toml')
    return ZoneInfo("UTC")

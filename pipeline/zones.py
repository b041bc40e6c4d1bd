"""Time zones by name, and that of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from schemas.errors import Terminal


def zone_of(name: str, where: str) -> ZoneInfo:
    """The zone of an IANA name; Terminal says where the wrong name stood and how one looks."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        meant = _zone_meant(name) or "an IANA name such as Europe/Moscow or UTC"
        raise Terminal(f"{where}: no time zone is called {name!r}; {meant}") from None


def _zone_meant(name: str) -> str:
    """Which zone a wrong name seems to mean, in words: a city alone, an offset of whole hours; "" when unclear."""
    if offset := re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?", name.strip().upper()):
        sign, hours = offset[1], int(offset[2])
        if 0 < hours <= (14 if sign == "+" else 12):
            other = "-" if sign == "+" else "+"  # as POSIX counts
            return f"UTC{sign}{hours:02d}:00 all year is Etc/GMT{other}{hours}, a city's zone is safer"
    city = name.strip().replace(" ", "_").casefold()
    cities = sorted(
        zone for zone in available_timezones() if "/" in zone and zone.rpartition("/")[2].casefold() == city
    )
    return f"{' or '.join(cities)}?" if cities else ""


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

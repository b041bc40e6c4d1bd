"""Windows for vendors that write times without an offset, as wall time of the account's zone. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Reason

_FORM = "%Y-%m-%d %H:%M:%S"
_HOUR = timedelta(hours=1)


def wall_start(at: datetime, zone: tzinfo) -> str:
    """Of an hour that the clocks repeat the vendor may mean either one: the window then begins an hour early."""
    local = at.astimezone(zone)
    return (local.replace(tzinfo=None) - (_HOUR if _is_repeated(local) else timedelta(0))).strftime(_FORM)


def wall_end(at: datetime, zone: tzinfo) -> str:
    """The same, ending an hour late."""
    local = at.astimezone(zone)
    return (local.replace(tzinfo=None) + (_HOUR if _is_repeated(local) else timedelta(0))).strftime(_FORM)


def _is_repeated(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def named_zone(name: str, field: str) -> ZoneInfo:
    """The zone of an IANA name that an account says in `field`. Raises Misread."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Misread(Reason.BAD_TIME, field, f"{name[:40]!r} is not a zone that is known here") from None


def zone_note(stream: str, zone: tzinfo, context: Context) -> tuple[str, ...]:
    """Where files and webhooks of the source are read with another zone: the same call would be two."""
    now = context.loaded_at
    configured = context.zone
    if configured is None or now.astimezone(configured).utcoffset() == now.astimezone(zone).utcoffset():
        return ()
    return (
        f"{stream}: the account's times are of {zone}, files and webhooks are read with {configured}: set time_zone"
        f" under [sources.{context.source}]",
    )

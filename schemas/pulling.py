"""What is pulled from a vendor's API: a setting, `[listen.NAME]`, which `callfunnel connect` proposes and writes."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

Copies = Literal["match", "take", "skip"]
"""Of calls that an exchange has noted in a CRM: `match` counts one that no other source tells of, `take` counts each,
`skip` leaves them out.
"""


class PullSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source. Its zone, region and stages are those of `[sources.NAME]`."""

    api: str
    """The vendor: bitrix24, ..."""
    secret: str = ""
    """The environment variable that holds the credential; "" for the vendor's usual one. Never the credential."""
    secret_file: str = ""
    """A file of mode 0600 that holds it, instead; relative to callfunnel.toml."""
    begin: date | None = msgspec.field(name="from", default=None)
    """Where history begins; None: a year before the first start."""
    streams: tuple[str, ...] = ()
    """What is pulled: calls, users, ...; () for everything that the vendor has."""
    managers: dict[str, str] = {}
    """The vendor's user -> our manager; "-" for a user who is not a manager. Others are managers by their own id."""
    proposals: tuple[Literal["quotes", "deals"], ...] = ("quotes",)
    """What counts as an individual proposal."""
    deals: Literal["furthest", "latest"] = "furthest"
    """Of several deals of an organisation: it stands where the furthest open one does, or where any moved last."""
    copies: Copies = "match"
    """What is done with calls that an exchange has noted in a CRM."""
    general_stages: tuple[str, ...] = ()
    """Stages of the vendor that say that a general proposal was sent."""

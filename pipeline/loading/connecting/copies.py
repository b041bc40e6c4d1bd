"""Calls that are noted twice: by the exchange that had them, and by the CRM that it told of them. Pure."""

from __future__ import annotations

from connectors.registry import APIS
from pipeline.settings import Settings


def has_copies(name: str, vendor: str, settings: Settings) -> bool:
    """Whether the calls of this source are an exchange's that is pulled as well."""
    return not APIS[vendor].is_exchange and bool(_others(name, settings, is_exchange=True))


def copies_notes(name: str, vendor: str, settings: Settings) -> list[str]:
    """What a person should know of it before both are pulled."""
    if has_copies(name, vendor, settings):
        which = ", ".join(_others(name, settings, is_exchange=True))
        return [f'{which} has these calls itself: `copies = "skip"` leaves out what an exchange has noted here']
    return [
        f'{one} may have copies of these calls: copies = "skip" under [listen.{one}] leaves them out'
        for one in copying(name, vendor, settings)
    ]


def copying(name: str, vendor: str, settings: Settings) -> list[str]:
    """The CRMs that have copies of this exchange's calls, and do not leave them out."""
    if not APIS[vendor].is_exchange:
        return []
    crms = _others(name, settings, is_exchange=False)
    return [one for one in crms if settings.listen[one].copies == "take"]


def users_owner(name: str, vendor: str, settings: Settings) -> str:
    """The CRM whose users have the extensions of this exchange; "" when there is none.

    Its users are left to it, where none of them is known to be a manager: they would be managers of their own, beside
    those who have the stages and the proposals.
    """
    if not APIS[vendor].is_exchange:
        return ""
    crms = _others(name, settings, is_exchange=False)
    return next((one for one in crms if APIS[settings.listen[one].api].has_extensions), "")


def _others(name: str, settings: Settings, *, is_exchange: bool) -> list[str]:
    others = {one: APIS.get(pulled.api) for one, pulled in settings.listen.items() if one != name}
    return [one for one, api in others.items() if api is not None and api.is_exchange == is_exchange]

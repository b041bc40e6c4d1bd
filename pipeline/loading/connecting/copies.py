"""Calls that are noted twice: by the exchange that had them, and by the CRM that it told of them. Pure."""

from __future__ import annotations

from connectors.registry import APIS
from pipeline.settings import Settings


def copies_notes(name: str, vendor: str, settings: Settings) -> list[str]:
    """What a person should know of it before both are pulled."""
    if APIS[vendor].is_exchange:
        crms = [one for one in _others(name, settings, is_exchange=False) if settings.listen[one].copies == "match"]
        return [f"{one} may have notes of these calls: {_COUNTED}" for one in crms]
    exchanges = _others(name, settings, is_exchange=True)
    pulled = settings.listen.get(name)
    if not exchanges or (pulled is not None and pulled.copies != "match"):
        return []
    return [f"{', '.join(exchanges)} may have the calls that are noted here: {_COUNTED}"]


_COUNTED = "of one number and manager, at one time and of one length, they count once"


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

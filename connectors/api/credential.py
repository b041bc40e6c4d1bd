"""What an account's secret holds: an address, where the vendor has several, and a key. Pure."""

from __future__ import annotations

import re

from schemas.errors import Terminal

_ADDRESS = re.compile(r"https?://[^\s/]+(?:/[^\s?#]*)?")


def address_and_key(secret: str, usual: str, shape: re.Pattern[str], holds: str) -> tuple[str, str]:
    """(the address without a slash at its end, the key). `usual` is the address where none is given, "" for none.

    Raises Terminal in the words of `holds`, never in those of the secret.
    """
    parts = secret.split()
    address, key = (usual, *parts) if len(parts) == 1 else (parts if len(parts) == 2 else ("", ""))
    if not address or not _ADDRESS.fullmatch(address) or "://" in key or not shape.fullmatch(key):
        raise Terminal(f"it must hold {holds}")
    return address.rstrip("/"), key

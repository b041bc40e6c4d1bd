"""A request as the bytes that are sent, and an answer as what a reader is sent. Pure: nothing is sent here."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from connectors.api.adapter import Account, ApiRequest, ApiResponse


class WireRequest(NamedTuple):
    """Holds the credential: it is in no message."""

    method: str
    address: str
    """With its query, percent-encoded as it was signed."""
    headers: dict[str, str]
    body: bytes | None


def on_wire(account: Account, request: ApiRequest) -> WireRequest:
    """What is sent of a request: signed, and encoded once, since a signature is of the very text."""
    request = account.signed(request)
    headers = {"Accept": "application/json", **account.headers, **dict(request.headers)}
    body = None
    if request.form:
        body = urlencode(request.form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif request.body is not None:
        body = json.dumps(request.body, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
    query = f"?{urlencode(request.query)}" if request.query else ""
    return WireRequest(request.method, f"{account.address}{request.path}{query}", headers, body)


def decoded(request: ApiRequest, response: ApiResponse) -> object:
    """The answer; None for what is cut, or is not what was asked for."""
    try:
        if request.is_text:
            return response.body.decode("utf-8-sig")
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None

"""Requests of `VENDOR/webhook` as their senders make them; signatures in them were made with openssl."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from connectors.http.webhook import Answered, Incoming, WebhookRefused, form
from connectors.reading.source import Context
from connectors.registry import CONNECTORS, HOOKS
from connectors.twilio import webhook as twilio
from connectors.zadarma import webhook as zadarma
from tests.connectors.conftest import context

KIND = {vendor.name: hook.kind for vendor in CONNECTORS for hook in vendor.webhooks}
"""Folder of a vendor -> the name of its webhook."""
CASES = sorted(Path(__file__).parent.glob("*/webhook/*.json"))


def kind_of(case: Path) -> str:
    return KIND[case.parents[1].name]


def request(name: str) -> Path:
    """The file of `mango/summary_inbound`, say."""
    (found,) = (case for case in CASES if f"{kind_of(case)}/{case.stem}" == name)
    return found


def name_of(case: Path) -> str:
    return f"{kind_of(case)}-{case.stem}"


def read(case: Path) -> dict[str, Any]:
    found = json.loads(case.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def incoming(case: dict[str, Any], **changes: Any) -> Incoming:
    request = Incoming(
        "POST",
        case.get("url", "https://calls.example/webhooks"),
        case.get("query", {}),
        case["headers"],
        case["body"].encode(),
        case.get("tail", ""),
    )
    return request._replace(**changes)


def context_of(case: dict[str, Any]) -> Context:
    told = context(case.get("tz", "UTC"))
    return msgspec.structs.replace(told, stage_words=case.get("stages", {}))


def answered(kind: str, case: dict[str, Any], secret: str | None = None, **changes: Any) -> Answered | WebhookRefused:
    given = case["secret"] if secret is None else secret
    return HOOKS[kind].answer(incoming(case, **changes), given, context_of(case))


def signed(kind: str, request: Incoming, secret: str, changed: Callable[[bytes], bytes]) -> Incoming:
    """With its body changed, of Mango the JSON in it, by somebody who knows the secret and so can sign it again."""
    if kind == "mango":
        key, _, salt = secret.partition(":")
        text = changed(form(request.body)["json"].encode()).decode("utf-8", "replace")
        sign = hashlib.sha256(f"{key}{text}{salt}".encode()).hexdigest()
        return request._replace(body=urlencode({"vpbx_api_key": key, "sign": sign, "json": text}).encode())
    body = changed(request.body)
    headers = dict(request.headers)
    if kind == "twilio":
        headers["x-twilio-signature"] = twilio.signature(secret, request.url, body)
    if kind == "zadarma":
        posted = form(body)
        names = ("caller_id", "called_did", "call_start") if posted.get("event") == "NOTIFY_END" else ()
        headers["signature"] = zadarma.signature(secret, "".join(posted.get(name, "") for name in names))
    return request._replace(body=body, headers=headers)

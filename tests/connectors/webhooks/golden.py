"""Requests of `golden/` as their senders make them; signatures in them were made with openssl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from connectors.source import Context
from connectors.webhooks.hook import Answered, Incoming, Refused
from connectors.webhooks.senders import HOOKS
from tests.connectors.conftest import context

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(FOLDER.rglob("*.json"))


def name_of(case: Path) -> str:
    return f"{case.parent.name}-{case.stem}"


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


def answered(kind: str, case: dict[str, Any], secret: str | None = None, **changes: Any) -> Answered | Refused:
    given = case["secret"] if secret is None else secret
    return HOOKS[kind].answer(incoming(case, **changes), given, context_of(case))

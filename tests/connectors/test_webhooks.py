"""Every request of `golden/` beside what a person read out of it; and the same request from somebody else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.webhook import Answered, WebhookRefused
from connectors.registry import HOOKS
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Record, Rejected, StageChange
from tests.connectors.golden_legs import LEG, plain
from tests.connectors.webhook_requests import CASES, answered, context_of, incoming, kind_of, name_of, read, signed

_LEG = {"id": "record_id", "call": "call_id"} | LEG
_STAGE = {name: name for name in ("organisation_id", "stage", "changed_at", "manager_id")}


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_request_is_read_as_a_person_reads_it(path: Path) -> None:
    case = read(path)
    found = answered(kind_of(path), case)
    assert isinstance(found, Answered), found
    assert found.body == case.get("answer", "")
    assert len(found.items) == len(case["items"]), found.items
    for item, wanted in zip(found.items, case["items"], strict=True):
        item_fields = _as_json(item)
        name = wanted.get("id", "")
        assert fnmatchcase(str(item_fields.pop("id", "")), name)
        assert item_fields == {key: value for key, value in wanted.items() if key != "id"}


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_another_secret_is_refused_whatever_is_sent(path: Path) -> None:
    case = read(path)
    for wrong in ("x", f"{case['secret']}x", f"x{case['secret']}", ":", ""):
        found = answered(kind_of(path), case, wrong)
        assert isinstance(found, WebhookRefused)
        assert found.status in (401, 403)
        assert case["secret"] not in found.why


@pytest.mark.parametrize("path", [path for path in CASES if kind_of(path) in ("mango", "twilio")], ids=name_of)
def test_signed_body_that_was_changed_on_the_way_is_refused(path: Path) -> None:
    case = read(path)
    changed = case["body"].replace("0", "9", 1).encode()
    assert changed != case["body"].encode()
    assert isinstance(answered(kind_of(path), case, body=changed), WebhookRefused)


@pytest.mark.parametrize("path", [path for path in CASES if kind_of(path) == "zadarma"], ids=name_of)
def test_signed_fields_of_zadarma_that_were_changed_are_refused(path: Path) -> None:
    case = read(path)
    first = "in_" if "call_start" not in case["body"] else "2026-11"
    assert isinstance(answered("zadarma", case, body=case["body"].replace(first, "2027-12").encode()), WebhookRefused)


def test_twilio_signs_the_address_that_it_was_told() -> None:
    case = read(next(path for path in CASES if kind_of(path) == "twilio"))
    assert isinstance(answered("twilio", case, url="http://127.0.0.1:8480/webhooks/twilio/cloud"), WebhookRefused)


def test_every_sender_has_golden_requests() -> None:
    assert {kind_of(path) for path in CASES} == set(HOOKS)


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_same_request_twice_is_the_same_records(path: Path) -> None:
    case = read(path)
    assert answered(kind_of(path), case) == answered(kind_of(path), case)


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_rejects_keep_the_event_without_its_secrets(path: Path) -> None:
    case = read(path)
    found = answered(kind_of(path), case)
    assert isinstance(found, Answered)
    for item in found.items:
        for secret in case["secret"].split(":"):
            assert secret not in encode(item).decode()


@pytest.mark.parametrize("kind", sorted(HOOKS))
@given(data=st.data())
def test_whatever_is_sent_is_answered_refused_or_rejected(kind: str, data: st.DataObject) -> None:
    """The golden requests with their bodies damaged; signed ones are signed again, so that they are read."""
    case = read(data.draw(st.sampled_from([path for path in CASES if kind_of(path) == kind])))
    request = signed(kind, incoming(case), case["secret"], lambda body: _damage(body, data))
    found = HOOKS[kind].answer(request, case["secret"], context_of(case))
    if isinstance(found, Answered):
        for item in found.items:
            read_back, _, bad = Codec(type(item)).read(encode(item))
            assert (read_back, bad) == ([item], [])


def _damage(body: bytes, data: st.DataObject) -> bytes:
    """Some bytes replaced, cut out, or put in."""
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 8))
        body = body[:at] + data.draw(st.binary(max_size=6)) + body[at + cut :]
    return body


def _as_json(item: Record | Rejected) -> dict[str, Any]:
    if isinstance(item, Rejected):
        return {"reject": str(item.reason), "field": item.field}
    names = _LEG if isinstance(item, CallLeg) else _STAGE
    assert isinstance(item, CallLeg | StageChange)
    found = {short: plain(getattr(item, name)) for short, name in names.items()}
    return {short: value for short, value in found.items() if value not in ("", 0)}

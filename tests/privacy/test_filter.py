"""The filter around every step: forgotten numbers are replaced, records of days that are not kept are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.agents.step import ChunkOutcome, Frame
from pipeline.privacy.filter import MARGIN_MS, ForgottenList, PrivacyFilter
from pipeline.privacy.key import digest, key_id, make_key
from pipeline.privacy.numbers import spellings
from pipeline.store import Store, connect
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition, Manager, Rejected
from schemas.topics import CALL_LEGS, MANAGERS, Topic

TOKEN = "+88800000000001"
NUMBER = "+79161234567"
AT = datetime(2026, 10, 1, 12, tzinfo=UTC)
LEG = CallLeg(
    source="pbx",
    call_id="79161234567.1",
    record_id="r1",
    started_at=AT,
    ended_at=AT,
    direction=Direction.OUTBOUND,
    disposition=Disposition.ANSWERED,
    version=1,
    contact=NUMBER,
    contact_raw="8 (916) 123-45-67",
    recording="out-89161234567-101.wav",
    origin="calls.csv:1",
)


class Taken:
    """A step that keeps what it is given."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.lines: list[bytes] = []

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        self.lines += [line for frame in frames for line in frame.value.split(b"\n") if line]
        return ChunkOutcome([])


@pytest.fixture
def store(store_dsn: str) -> Iterator[Store]:
    client = connect(store_dsn)
    client.command("TRUNCATE TABLE forgotten")
    client.command("TRUNCATE TABLE retained_from")
    yield Store(client)
    client.command("TRUNCATE TABLE forgotten")
    client.command("TRUNCATE TABLE retained_from")


def forget(store: Store, key: bytes, *, manager: str = "") -> None:
    rows = [("phone", digest(key, "phone", way), TOKEN) for way in spellings(NUMBER)]
    rows += [("manager", digest(key, "manager", manager), "Manager #000001")] if manager else []
    store.keep(
        "forgotten",
        [
            msgspec.json.encode(
                {"kind": k, "digest": d, "token": t, "key_id": key_id(key), "at": "2026-01-01T00:00:00Z"}
            )
            for k, d, t in rows
        ],
    )


def test_a_number_that_is_forgotten_while_the_worker_runs_is_replaced(store: Store, tmp_path: Path) -> None:
    step = Taken(CALL_LEGS)
    filtered = PrivacyFilter(step, ForgottenList(store, tmp_path / "key"))
    filtered.settle_chunk([Frame(encode(LEG), "call-legs:0:0")])
    assert step.lines.pop() == encode(LEG), "the bytes are those that were sent"
    forget(store, make_key(tmp_path / "key"))
    filtered.settle_chunk([Frame(encode(LEG) + b"\n" + b'{"broken 89161234567', "call-legs:0:1")])
    leg, broken = step.lines
    expected = msgspec.structs.replace(LEG, contact=TOKEN, contact_raw=TOKEN, recording="out-+88800000000001-101.wav")
    assert msgspec.json.decode(leg, type=CallLeg) == expected, "an identity is left as it is"
    assert broken == b'{"broken +88800000000001'


def test_a_forgotten_manager_keeps_the_id_and_gets_no_name(store: Store, tmp_path: Path) -> None:
    forget(store, make_key(tmp_path / "key"), manager="m1")
    step = Taken(MANAGERS)
    people = [
        Manager(manager_id=one, name="Имя", extensions=["101", "89161234567"], valid_from=AT, version=1)
        for one in ("m1", "m2")
    ]
    PrivacyFilter(step, ForgottenList(store, tmp_path / "key")).settle_chunk(
        [Frame(b"\n".join(encode(one) for one in people), "managers:0:0")]
    )
    stored = [msgspec.json.decode(line, type=Manager) for line in step.lines]
    assert [(one.manager_id, one.name) for one in stored] == [("m1", "Manager #000001"), ("m2", "Имя")]
    assert all(one.extensions == ["101", TOKEN] for one in stored)


def test_a_worker_without_the_key_stops_and_says_so(store: Store, tmp_path: Path) -> None:
    forget(store, make_key(tmp_path / "key"))
    for wrong in (None, tmp_path / "none", tmp_path / "other"):
        if wrong and wrong.name == "other":
            make_key(wrong)
        with pytest.raises(Terminal, match="CALLFUNNEL_PRIVACY_KEY"):
            PrivacyFilter(Taken(CALL_LEGS), ForgottenList(store, wrong)).settle_chunk([Frame(encode(LEG), "")])


def test_a_record_of_a_day_that_is_not_kept_is_refused_with_a_reason(store: Store) -> None:
    first_ms = int(AT.timestamp() * 1000) - MARGIN_MS
    row = {"what": "legs", "first": first_ms / 1000, "is_done": 1, "at": 0, "version": 1}
    store.keep("retained_from", [json.dumps(row).encode()])
    step = Taken(CALL_LEGS)
    early = msgspec.structs.replace(LEG, started_at=datetime(2026, 10, 1, 11, 59, 59, tzinfo=UTC), record_id="r2")
    settled = PrivacyFilter(step, ForgottenList(store, None)).settle_chunk(
        [Frame(encode(LEG) + b"\n" + encode(early), "x")]
    )
    (reject,) = [msgspec.json.decode(line.line, type=Rejected) for line in settled.outgoing]
    assert step.lines == [encode(LEG)]
    assert (reject.reason, reject.field, reject.payload) == ("past_retention", "started_at", "")
    assert "kept from 2026-10-01" in reject.detail

"""The listener over real sockets: what is answered, when, and what is never said."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.http import request_delivery
from connectors.http.gates import Token
from connectors.http.listener import HttpListener
from connectors.http.request_delivery import RequestDelivery
from connectors.http.serving import Address, Guard, RequestLimits
from connectors.live.delivery_queue import MOST_WAITING, DeliveryBatch, DeliveryQueue
from connectors.live.journal import Entry, Journal, found_in
from schemas.errors import Terminal, Transient
from schemas.records import FeedState, Reason
from tests.connectors.http.listener import BEARER, JSON, TOKEN, HttpAnswer, call, context_of, listening
from tests.connectors.live import sinks
from tests.connectors.live.sinks import Broker, run_listener, until

GZIP = {"Content-Encoding": "gzip"}
ROUTES = (
    *(("POST", path) for path in ("/calls", "/stages", "/proposals", "/organisations", "/managers")),
    ("GET", "/openapi.json"),
    ("GET", "/ping"),
)


def test_one_an_array_or_one_a_line_are_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    """A broker that nobody ever reached: what was answered is in the journal, for another process to read."""
    broker, path = Broker(), tmp_path / "a.journal"
    broker.away = True

    def on_disk() -> int:
        return sum(found.records for found in found_in(tmp_path))

    with listening(broker, journal=path) as listener:
        for records, body in enumerate((call(1), [call(2), {"record_id": "c3"}], {}), 1):
            listener.post("/calls", body)
            assert on_disk() == (1, 3, 4)[records - 1]
    assert [leg.record_id for leg in broker.legs] == ["c1", "c2"]
    assert on_disk() == 0


def test_one_an_array_or_one_a_line() -> None:
    with listening() as listener:
        one = listener.post("/calls", call(1))
        assert (one.status, one.json) == (200, {"accepted": 1, "rejected": 0, "rejects": []})
        some = listener.post("/calls", [call(2), {"record_id": "c3"}])
        assert some.status == 200
        assert (some.json["accepted"], some.json["rejected"]) == (1, 1)
        assert some.json["rejects"][0] == {
            "place": 2, "reason": "missing_field", "field": "started_at",
            "detail": "Object missing required field `started_at`",
        }  # fmt: skip
        lines = "\n".join(json.dumps(call(number)) for number in (4, 5, 6))
        assert listener.ask("POST", "/calls", lines, {**BEARER, "Content-Type": "application/x-ndjson"}).status == 200
        until(lambda: len(listener.broker.records) == 6)
        assert [leg.record_id for leg in listener.broker.legs] == ["c1", "c2", "c4", "c5", "c6"]
        assert [reject.reason for reject in listener.broker.rejects] == [Reason.MISSING_FIELD]


def test_all_rejected_is_422_and_the_rejects_are_kept() -> None:
    with listening() as listener:
        answered = listener.post(
            "/stages", {"organisation_id": "o1", "stage": "won", "changed_at": "2026-11-02T09:00:00Z"}
        )
        assert answered.status == 422
        assert answered.json["rejects"][0]["reason"] == "unknown_stage"
        until(lambda: listener.broker.rejects)
        assert [reject.field for reject in listener.broker.rejects] == ["stage"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_the_token(method: str, path: str) -> None:
    with listening() as listener:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answered = listener.ask(method, path, json.dumps(call()), {**JSON, **headers})
            assert answered.status == 401
            assert "Bearer" in answered.headers["WWW-Authenticate"]
        assert listener.broker.records == []


def test_what_is_no_json_too_large_or_empty_is_refused_with_the_reason() -> None:
    with listening(limits=RequestLimits(body_bytes=10_000)) as listener:
        assert listener.ask("POST", "/calls", "a=1").status == 415
        assert listener.ask("POST", "/calls", "", {**BEARER, **JSON}).status == 400
        assert listener.ask("POST", "/calls", "x" * 10_001, {**BEARER, **JSON}).status == 413
        assert listener.ask("GET", "/calls").status == 405
        assert listener.ask("POST", "/calls", gzip.compress(b"x" * 10_001), {**BEARER, **JSON, **GZIP}).status == 413
        assert listener.ask("GET", "/nowhere").json == {"error": "Not Found"}
        broken = listener.ask("POST", "/calls", b"no gzip", {**BEARER, **JSON, **GZIP})
        assert broken.status == 400
        assert listener.broker.records == []


def test_body_that_does_not_arrive_is_not_waited_for() -> None:
    with listening(limits=RequestLimits(body_s=0.2)) as listener:
        where = urlsplit(listener.address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            head = f"POST /calls HTTP/1.1\r\nHost: x\r\nAuthorization: {BEARER['Authorization']}\r\n"
            slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
            assert slow.recv(1000).startswith(b"HTTP/1.1 408")


def test_head_that_does_not_arrive_is_not_waited_for() -> None:
    with listening(limits=RequestLimits(idle_s=0.3)) as listener:
        where = urlsplit(listener.address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            slow.sendall(b"POST /calls HTTP/1.1\r\nHost: x\r\n")
            assert slow.recv(1000) == b""


def test_too_many_requests_are_told_when_to_come_again() -> None:
    with listening(limits=RequestLimits(requests_per_s=3), clock=lambda: 7.0) as listener:
        answered = [listener.post("/calls", call(number)) for number in range(5)]
        assert [one.status for one in answered] == [200, 200, 200, 429, 429]
        assert int(answered[-1].headers["Retry-After"]) >= 1


def test_those_who_guess_are_held_back_and_those_who_know_are_not() -> None:
    with listening(clock=lambda: 7.0) as listener:
        wrong = {"Authorization": "Bearer guess"}
        assert [listener.post("/calls", call(), wrong).status for _ in range(30)] == [401] * 20 + [429] * 10
        assert listener.post("/calls", call()).status == 200


class Full(Journal):
    """A journal whose disk may be full, or slow beyond the patience of a sender."""

    reason = "no space left"

    def append(self, entries: Sequence[Entry]) -> None:
        if self.reason:
            raise Transient(self.reason)
        super().append(entries)


def test_what_cannot_be_kept_is_503_and_taken_once_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_delivery, "ACKNOWLEDGED_S", 0.1)
    monkeypatch.setattr(sinks, "Journal", Full)
    broker = Broker()
    with listening(broker) as listener:
        for reason in ("not written to disk", "no space left"):  # the first one waits for it, the next ones are told
            answered = listener.post("/calls", call(1))
            assert (answered.status, answered.headers["Retry-After"]) == (503, "5")
            assert reason in answered.json["error"]
            assert "send it again" in answered.json["error"]
        assert broker.legs == []
        monkeypatch.setattr(Full, "reason", "")
        until(lambda: broker.legs)
        until(lambda: listener.post("/calls", call(2)).status == 200)
    assert {leg.record_id for leg in broker.legs} == {"c1", "c2"}


def test_listener_takes_calls_while_kafka_is_away_at_its_start_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = Broker()
    broker.away = True
    with caplog.at_level(logging.INFO, "callfunnel.listen"), listening(broker) as listener:
        assert listener.post("/calls", call(1)).status == 200
        until(lambda: broker.connects > 1)
        broker.away = False
        until(lambda: broker.legs)
        assert listener.post("/calls", call(2)).status == 200
    logged = [record.getMessage() for record in caplog.records if "kafka" in record.getMessage()]
    assert logged == [
        "office http: kafka: nobody answers; it is tried again until it answers",
        "office http: kafka answers again",
    ]


def test_memory_is_bounded_while_the_disk_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_delivery, "ACKNOWLEDGED_S", 0.05)
    with listening() as listener:
        until(lambda: listener.broker.feeds)
        is_stuck = threading.Event()

        def takes_nothing(line: DeliveryQueue, within_s: float, most: int) -> list[DeliveryBatch]:
            is_stuck.set()
            time.sleep(0.01)
            return []

        with monkeypatch.context() as stuck:
            stuck.setattr(DeliveryQueue, "take", takes_nothing)
            assert is_stuck.wait(10), "the pump is still within the take that it had begun"
            many = [call(number) for number in range(4_000)]
            answered = [listener.post("/calls", many) for _ in range(5)]
            assert {one.status for one in answered} == {503}
            assert listener.line.unkept < MOST_WAITING + len(many)
            assert "too many records wait" in answered[-1].json["error"]


def test_request_that_has_come_is_answered_when_the_listener_is_asked_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "Journal", Full)
    broker = Broker()
    with listening(broker) as listener:
        until(lambda: broker.feeds)
        answered: list[HttpAnswer] = []
        thread = threading.Thread(target=lambda: answered.append(listener.post("/calls", call(1))))
        thread.start()
        until(lambda: listener.line.unkept)
        listener.line.stopping.set()
        assert not listener.ended.wait(0.3)
        monkeypatch.setattr(Full, "reason", "")
        thread.join()
        assert answered[0].status == 200
        assert listener.ended.wait(60)
    assert [leg.record_id for leg in broker.legs] == ["c1"]
    assert broker.feeds[-1].state is FeedState.STOPPED


def test_a_killed_listener_left_what_it_answered_for_the_next(tmp_path: Path) -> None:
    """The broker is another one, and nothing was stored: the 200 holds."""
    broker = Broker()
    broker.stores = False
    with listening(broker, journal=tmp_path / "a.journal") as listener:
        assert listener.post("/calls", call(1)).status == 200
        until(lambda: broker.legs)
        for path in tmp_path.iterdir():  # as a kill leaves it
            (tmp_path.parent / f"copy-{path.name}").write_bytes(path.read_bytes())
    with closing(Journal(tmp_path.parent / "copy-a.journal")) as left:
        (entry,) = left.read(0, 10)
        assert b'"record_id":"c1"' in entry.lines


def test_neither_secrets_nor_numbers_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), listening() as listener:
        listener.post("/calls?token=hidden-in-the-address", call(contact="7,9E+10"))
        listener.post("/calls", call(), {"Authorization": "Bearer hidden-in-a-header"})
        listener.ask("POST", "/calls/84950000001?token=hidden-in-the-address", "", {})
    text = caplog.text
    assert "refused a request of 127.0.0.1 to /calls" in text
    for secret in ("hidden", "4950000001", "000-00-01", "7,9E"):
        assert secret not in text


def test_request_that_is_no_http_is_not_repeated_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), listening() as listener:
        where = urlsplit(listener.address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as odd:
            odd.sendall(b"POST /calls HTTP/1.1\r\nAuthorization: hidden\x00 84950000001\r\n\r\n")
            assert odd.recv(1000).startswith(b"HTTP/1.0 400")
        until(lambda: listener.broker.feeds)
    assert "hidden" not in caplog.text
    assert "4950000001" not in caplog.text


def test_feed_says_that_it_listens_and_what_it_has_taken() -> None:
    with listening() as listener:
        listener.post("/calls", [call(1), {}])
        assert listener.ask("GET", "/ping").json == {"listens": True}
        until(lambda: listener.broker.feeds and listener.broker.feeds[-1].records == 1)
        feed = listener.broker.feeds[-1]
        assert (feed.source, feed.door, feed.state, feed.rejects) == ("office", "http", FeedState.LIVE, 1)
        assert feed.seen_at is not None


def test_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Terminal, match=f"port {port} of 127.0.0.1: .*give another --port"):
            _run_at(port)


def _run_at(port: int) -> None:
    line = DeliveryQueue("office", "http", "s")
    guard = Guard(Token(TOKEN, "T"), Address(host="127.0.0.1", port=port), RequestLimits())
    run_listener(line, Broker(), HttpListener(guard, RequestDelivery(line), context_of))


def test_many_at_once_over_kept_connections() -> None:
    """Answers meet their own requests."""
    with listening() as listener:
        failures: list[str] = []

        def client(base: int) -> None:
            for number in range(base, base + 20):
                answered = listener.post("/calls", call(number))
                if answered.status != 200 or answered.json["accepted"] != 1:
                    failures.append(f"c{number}: {answered.status}")

        threads = [threading.Thread(target=client, args=(base * 100,)) for base in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        until(lambda: len(listener.broker.legs) == 160)
        assert len({leg.record_id for leg in listener.broker.legs}) == 160

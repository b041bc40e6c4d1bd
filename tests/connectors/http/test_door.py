"""The listener over real sockets: what is answered, when, and what is never said."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from urllib.parse import urlsplit

import pytest

from connectors.http import sink as sinks
from connectors.http.door import HttpDoor
from connectors.http.gates import Token
from connectors.http.serving import Address, Guard, Limits
from connectors.http.sink import Sink
from connectors.live.line import MOST_WAITING, Line
from connectors.live.pump import Pump
from schemas.records import FeedState, Reason
from schemas.trouble import Terminal
from tests.connectors.http.listener import BEARER, JSON, TOKEN, Said, call, context_of, listening
from tests.connectors.live.outlets import Broker, until

GZIP = {"Content-Encoding": "gzip"}
ROUTES = (
    *(("POST", path) for path in ("/calls", "/stages", "/proposals", "/organisations", "/managers")),
    ("GET", "/openapi.json"),
    ("GET", "/ping"),
)


def test_one_an_array_or_one_a_line_are_in_kafka_when_it_is_answered() -> None:
    with listening() as listener:
        one = listener.post("/calls", call(1))
        assert (one.status, one.json) == (200, {"accepted": 1, "rejected": 0, "rejects": []})
        assert [leg.record_id for leg in listener.broker.legs] == ["c1"]
        some = listener.post("/calls", [call(2), {"record_id": "c3"}])
        assert some.status == 200
        assert (some.json["accepted"], some.json["rejected"]) == (1, 1)
        assert some.json["rejects"][0] == {
            "place": 2, "reason": "missing_field", "field": "started_at",
            "detail": "Object missing required field `started_at`",
        }  # fmt: skip
        lines = "\n".join(json.dumps(call(number)) for number in (4, 5, 6))
        assert listener.ask("POST", "/calls", lines, {**BEARER, "Content-Type": "application/x-ndjson"}).status == 200
        assert [leg.record_id for leg in listener.broker.legs] == ["c1", "c2", "c4", "c5", "c6"]
        assert [reject.reason for reject in listener.broker.rejects] == [Reason.MISSING_FIELD]


def test_all_rejected_is_422_and_the_rejects_are_kept() -> None:
    with listening() as listener:
        said = listener.post("/stages", {"organisation_id": "o1", "stage": "won", "changed_at": "2026-11-02T09:00:00Z"})
        assert said.status == 422
        assert said.json["rejects"][0]["reason"] == "unknown_stage"
        assert [reject.field for reject in listener.broker.rejects] == ["stage"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_for_the_token(method: str, path: str) -> None:
    with listening() as listener:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            said = listener.ask(method, path, json.dumps(call()), {**JSON, **headers})
            assert said.status == 401
            assert "Bearer" in said.headers["WWW-Authenticate"]
        assert listener.broker.records == []


def test_what_is_no_json_too_large_or_empty_is_refused_with_the_reason() -> None:
    with listening(limits=Limits(body_bytes=10_000)) as listener:
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
    with listening(limits=Limits(body_s=0.2)) as listener:
        where = urlsplit(listener.address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            head = f"POST /calls HTTP/1.1\r\nHost: x\r\nAuthorization: {BEARER['Authorization']}\r\n"
            slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
            assert slow.recv(1000).startswith(b"HTTP/1.1 408")


def test_head_that_does_not_arrive_is_not_waited_for() -> None:
    with listening(limits=Limits(idle_s=0.3)) as listener:
        where = urlsplit(listener.address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            slow.sendall(b"POST /calls HTTP/1.1\r\nHost: x\r\n")
            assert slow.recv(1000) == b""


def test_too_many_requests_are_told_when_to_come_again() -> None:
    with listening(limits=Limits(requests_per_s=3), clock=lambda: 7.0) as listener:
        said = [listener.post("/calls", call(number)) for number in range(5)]
        assert [one.status for one in said] == [200, 200, 200, 429, 429]
        assert int(said[-1].headers["Retry-After"]) >= 1


def test_those_who_guess_are_held_back_and_those_who_know_are_not() -> None:
    with listening(clock=lambda: 7.0) as listener:
        wrong = {"Authorization": "Bearer guess"}
        assert [listener.post("/calls", call(), wrong).status for _ in range(30)] == [401] * 20 + [429] * 10
        assert listener.post("/calls", call()).status == 200


def test_nothing_is_promised_while_kafka_is_away_and_it_arrives_once_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sinks, "ACKNOWLEDGED_S", 0.3)
    broker = Broker()
    with listening(broker) as listener:
        until(lambda: broker.feeds)
        broker.away = True
        said = listener.post("/calls", call(1))
        assert (said.status, said.headers["Retry-After"]) == (503, "5")
        assert "send it again" in said.json["error"]
        assert broker.legs == []
        monkeypatch.undo()
        broker.away = False
        until(lambda: broker.legs)
        assert listener.post("/calls", call(1)).status == 200
        assert {leg.record_id for leg in broker.legs} == {"c1"}


def test_listener_waits_for_a_kafka_that_is_away_at_its_start_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sinks, "ACKNOWLEDGED_S", 0.1)
    broker = Broker()
    broker.away = True
    with caplog.at_level(logging.INFO, "callfunnel.listen"), listening(broker) as listener:
        assert listener.post("/calls", call(1)).status == 503
        until(lambda: broker.asked > 1)
        monkeypatch.undo()
        broker.away = False
        until(lambda: broker.legs)
        assert listener.post("/calls", call(2)).status == 200
    told = [record.getMessage() for record in caplog.records if "kafka" in record.getMessage()]
    assert told == [
        "office http: kafka: nobody answers; it is tried again until it answers",
        "office http: kafka answers again",
    ]


def test_memory_is_bounded_while_kafka_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "ACKNOWLEDGED_S", 0.05)
    broker = Broker()
    with listening(broker) as listener:
        until(lambda: broker.feeds)
        broker.away = True
        many = [call(number) for number in range(4_000)]
        said = [listener.post("/calls", many) for _ in range(5)]
        assert {one.status for one in said} == {503}
        assert listener.line.waiting == 12_000
        assert listener.line.waiting < MOST_WAITING + len(many)
        assert "too many records wait" in said[-1].json["error"]


def test_request_that_has_come_is_answered_when_the_listener_is_asked_to_end() -> None:
    broker = Broker()
    with listening(broker) as listener:
        until(lambda: broker.feeds)
        broker.away = True
        said: list[Said] = []
        thread = threading.Thread(target=lambda: said.append(listener.post("/calls", call(1))))
        thread.start()
        until(lambda: listener.line.waiting)
        listener.line.stopping.set()
        assert not listener.ended.wait(0.3)
        broker.away = False
        thread.join()
        assert said[0].status == 200
        assert [leg.record_id for leg in broker.legs] == ["c1"]
        assert listener.ended.wait(60)
    assert broker.feeds[-1].state is FeedState.STOPPED


def test_broker_that_forgot_is_sent_again_what_was_answered() -> None:
    with listening() as listener:
        assert listener.post("/calls", call(1)).status == 200
        assert listener.post("/calls", {}).status == 422
        listener.broker.records.clear()
        listener.line.lost()
        until(lambda: len(listener.broker.records) == 2)
        assert [leg.record_id for leg in listener.broker.legs] == ["c1"]


def test_what_was_not_kept_long_enough_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "_MOST_KEPT", 2)
    with listening() as listener:
        for number in range(4):
            assert listener.post("/calls", call(number)).status == 200
        listener.broker.records.clear()
        listener.line.lost()
        until(lambda: len(listener.broker.records) == 3)
        gap, *_ = listener.broker.rejects
        assert gap.reason is Reason.FEED_GAP
        assert "send this time again" in gap.detail
        assert [leg.record_id for leg in listener.broker.legs] == ["c2", "c3"]


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
    line = Line("office", "http", "s")
    guard = Guard(Token(TOKEN, "T"), Address(host="127.0.0.1", port=port), Limits())
    Pump(line, Broker().outlet).run(HttpDoor(guard, Sink(line), context_of))


def test_many_at_once_over_kept_connections() -> None:
    """Answers meet their own requests."""
    with listening() as listener:
        failures: list[str] = []

        def client(base: int) -> None:
            for number in range(base, base + 20):
                said = listener.post("/calls", call(number))
                if said.status != 200 or not any(leg.record_id == f"c{number}" for leg in listener.broker.legs):
                    failures.append(f"c{number}: {said.status}")

        threads = [threading.Thread(target=client, args=(base * 100,)) for base in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len({leg.record_id for leg in listener.broker.legs}) == 160

"""Webhooks through the listener: their addresses, their handshakes, their feeds."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest

from connectors.http.serving import RequestLimits
from connectors.live.changed_streams import ChangedStreams
from pipeline.cli.listen_http import hooks, pullers_folders
from pipeline.listening.session import Exchange
from pipeline.settings import read_settings
from schemas.records import CallLeg, FeedState
from tests.connectors.http.listener import listening
from tests.connectors.live.sinks import Broker, until
from tests.connectors.webhook_requests import read, request


def test_summary_of_mango_that_was_answered_reaches_kafka_and_its_feed_says_so() -> None:
    case = read(request("mango/summary_inbound"))
    broker = Broker()
    with listening(broker, hooks=[("mango", case["secret"])]) as listener:
        answer = listener.ask("POST", "/webhooks/mango/cloud/events/summary", case["body"], case["headers"])
        assert answer.status == 200
        until(lambda: bool(broker.legs))
        (leg,) = broker.legs
        assert (leg.source, leg.call_id) == ("cloud", "MTAwMDAwMDAwMQ==")
        until(lambda: any((feed.door, feed.state) == ("mango", FeedState.LIVE) for feed in broker.feeds))
    last = [feed for feed in broker.feeds if feed.door == "mango"][-1]
    assert (last.source, last.records, last.state) == ("cloud", 1, FeedState.STOPPED)


def test_wrong_signature_is_refused_logged_once_and_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    case = read(request("mango/summary_inbound"))
    broker = Broker()
    body = case["body"].replace("summary", "").replace("1793602868", "1793602869")
    with caplog.at_level(logging.DEBUG), listening(broker, hooks=[("mango", case["secret"])]) as listener:
        for _ in range(3):
            answer = listener.ask("POST", "/webhooks/mango/cloud/events/summary", body, case["headers"])
            assert answer.status == 403
    assert broker.records == []
    assert caplog.text.count("the secret or the signature is wrong") == 1
    for hidden in (*case["secret"].split(":"), "4950000001", parse_qs(body)["sign"][0]):
        assert hidden not in caplog.text


def test_zadarma_proves_the_address_by_an_echo() -> None:
    with listening(hooks=[("zadarma", "secret")]) as listener:
        answer = listener.ask("GET", "/webhooks/zadarma/cloud?zd_echo=4f1a2b", "", {})
        assert (answer.status, answer.body) == (200, b"4f1a2b")
        assert answer.headers["Content-Type"].startswith("text/plain")
        bad = listener.ask("GET", "/webhooks/zadarma/cloud?" + urlencode({"zd_echo": "<script>"}), "", {})
        assert bad.status == 403


def test_twilio_signs_the_address_that_the_proxy_is_called_by() -> None:
    case = read(request("twilio/completed_client"))
    with listening(hooks=[("twilio", case["secret"])], public_url="https://calls.example/") as listener:
        assert listener.ask("POST", "/webhooks/twilio/cloud", case["body"], case["headers"]).status == 200
        assert listener.ask("POST", "/webhooks/twilio/cloud?x=1", case["body"], case["headers"]).status == 403
    with listening(hooks=[("twilio", case["secret"])]) as listener:
        assert listener.ask("POST", "/webhooks/twilio/cloud", case["body"], case["headers"]).status == 403


def test_freeswitch_posts_again_and_it_is_the_same_leg() -> None:
    case = read(request("freeswitch/form"))
    broker = Broker()
    with listening(broker, hooks=[("freeswitch", case["secret"])]) as listener:
        for _ in range(2):
            answer = listener.ask("POST", "/webhooks/freeswitch/cloud?uuid=a_1", case["body"], case["headers"])
            assert answer.status == 200
        wrong = listener.ask("POST", "/webhooks/freeswitch/cloud", case["body"], {"Authorization": "Basic eDp5"})
        assert wrong.status == 401
        assert "Basic" in wrong.headers["WWW-Authenticate"]
    assert len(broker.legs) == 2
    assert len({leg.record_id for leg in broker.legs}) == 1


def test_token_of_the_records_opens_no_webhook_and_a_webhook_no_records() -> None:
    case = read(request("uis/finished_form"))
    with listening(hooks=[("uis", case["secret"])]) as listener:
        assert listener.ask("POST", "/webhooks/uis/cloud", case["body"]).status == 403
        other = {"Authorization": f"Bearer {case['secret']}", "Content-Type": "application/json"}
        assert listener.ask("POST", "/calls", "{}", other).status == 401
        assert listener.ask("POST", "/webhooks/mango/cloud", "", {}).status == 404


def test_webhooks_have_limits_too() -> None:
    case = read(request("megapbx/history_in"))
    limits = RequestLimits(body_bytes=2_000, requests_per_s=2)
    with listening(limits=limits, hooks=[("megapbx", case["secret"])], clock=lambda: 7.0) as listener:
        assert listener.ask("POST", "/webhooks/megapbx/cloud", "x" * 2_001, case["headers"]).status == 413
        answer = [listener.ask("POST", "/webhooks/megapbx/cloud", case["body"], case["headers"]) for _ in range(4)]
        assert [one.status for one in answer[:2]] == [200, 200]
        assert answer[-1].status == 429
        assert all(isinstance(record, CallLeg) for record in listener.broker.records)


def test_event_that_names_an_object_marks_the_streams_of_its_puller_once_its_sender_is_known(
    tmp_path: Path,
) -> None:
    case = read(request("bitrix24/deal_holds_an_id_alone"))
    writer, reader = ChangedStreams([tmp_path], "cloud"), ChangedStreams([tmp_path], "cloud")
    streams = ("stages", "deals", "companies")
    assert reader.take(streams) == []
    with listening(hooks=[("bitrix24", case["secret"])], mark=writer.mark) as listener:
        forged = case["body"].replace("5185", "5186")
        stranger = listener.ask("POST", "/webhooks/bitrix24/cloud", forged, case["headers"])
        assert stranger.status == 403
        assert reader.take(streams) == []
        assert listener.ask("POST", "/webhooks/bitrix24/cloud", case["body"], case["headers"]).status == 200
        assert reader.take(streams) == ["stages", "deals"]


def test_webhook_marks_for_a_puller_where_its_source_is_pulled_and_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "callfunnel.toml"
    config.write_text('[listen.cloud]\napi = "bitrix24"\n')
    monkeypatch.setenv("HOOK", "x" * 32)
    settings = read_settings({"CALLFUNNEL_CONFIG": str(config)})
    folders = pullers_folders(tmp_path / "listen", tmp_path)
    assert folders == [tmp_path / "listen"]
    folders = pullers_folders(tmp_path / "own", tmp_path)
    assert folders == [tmp_path / "own", tmp_path / "listen"]
    exchange = Exchange("office", "UTC", "")
    chosen = [("bitrix24", "cloud", "HOOK"), ("bitrix24", "other", "HOOK")]
    pulled, other = hooks(chosen, exchange, settings, lambda: folders)
    assert (pulled.context().is_pulled, other.context().is_pulled) == (True, False)
    pulled.mark(["stages"])
    other.mark(["stages"])
    assert {path.name for path in tmp_path.rglob("*.changed")} == {"cloud.api.stages.changed"}
    assert len(list(tmp_path.rglob("*.changed"))) == 2, "beside the listener, and with the stack"

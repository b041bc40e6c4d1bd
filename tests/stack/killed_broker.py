"""A broker that is killed, and a fresh one: in a process of its own, since the client leaves sockets behind."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from connectors.sender import FrameSender
from pipeline.admin import ensure_topics
from pipeline.embedded import broker
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Endpoints
from pipeline.transport import Transport
from schemas.errors import Transient
from schemas.topics import CALL_LEGS
from tests.conftest import STARTS_S
from tests.connectors.live.test_feed_runner import leg
from tests.stack.deployment import kill


def send(sender: FrameSender) -> None:
    for number in range(20):
        sender.send(CALL_LEGS, leg(number))
    sender.flush()


def main() -> None:
    """Ends without an error when each trouble was Transient."""
    port = free_port(0, "")
    address = f"127.0.0.1:{port}"
    part = StackPart(
        "broker", broker.command(port), logs=Path(sys.argv[1]), env={}, ready=lambda: broker.answers(address)
    )
    part.start()
    part.wait_ready(STARTS_S)
    ensure_topics(address)
    transport = Transport(Endpoints(address, ""))
    troubles = 0
    with FrameSender(address, delivery_s=1.0) as sender:
        send(sender)
        kill(part)
        for ask in (lambda: send(sender), transport.topic_ids, lambda: FrameSender(address)):
            try:
                ask()
            except Transient:
                troubles += 1
    part.start()
    part.wait_ready(STARTS_S)
    with suppress(Transient), FrameSender(address, delivery_s=1.0) as fresh:  # it has no topics yet, or makes them
        send(fresh)
    ensure_topics(address)
    with FrameSender(address) as again:
        send(again)
    transport.close()
    part.stop(0)
    print(troubles)


if __name__ == "__main__":
    main()

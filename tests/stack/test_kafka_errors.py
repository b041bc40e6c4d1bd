"""Whatever a Kafka client says of a broker that is killed, or of a fresh one in its place, ours is Transient."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import aiokafka.errors
import pytest

from connectors.sender import FrameSender
from schemas.kafka_errors import KAFKA, KafkaAway, kafka_errors


@pytest.mark.stack
def test_every_way_to_use_a_broker_that_is_killed_is_transient(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.stack.killed_broker", str(tmp_path)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


@pytest.mark.parametrize("error", KAFKA)
def test_each_error_of_the_client_is_ours(error: type[Exception]) -> None:
    with pytest.raises(KafkaAway, match="kafka: a frame was not taken"), kafka_errors("a frame was not taken"):
        raise error


def test_what_the_other_client_raises_is_among_them() -> None:
    assert issubclass(aiokafka.errors.KafkaError, KAFKA)


def test_closing_never_raises() -> None:
    class Producer:
        def close(self, timeout: float) -> None:
            raise AssertionError

    sender = FrameSender.__new__(FrameSender)
    sender._producer = Producer()
    sender.__exit__(None, None, None)

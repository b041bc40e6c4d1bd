"""What the Kafka clients raise, as ours: the one place that knows how many ways they have to say that a broker is away.

kafka-python and aiokafka document their own errors, and raise others on the way: closing a producer whose broker was
killed, a partition that a fresh broker does not have yet, an answer cut in half. None of it says anything of what was
sent, so all of it means: the same again, later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError

from schemas.errors import Transient

KAFKA = (
    *(KafkaError, OSError, EOFError),
    # aiokafka's are RuntimeErrors, and not named: every command would import it for that. Of kafka-python 3.0 when a
    # broker dies or is a fresh one were seen: unknown partitions (ValueError, AssertionError, KeyError), loops and
    # threads that have ended (RuntimeError), answers that hold less than they should (others).
    *(AssertionError, ValueError, RuntimeError, LookupError, TypeError, AttributeError),
)


class KafkaAway(Transient):
    """The broker does not answer now, or its client lost its way."""


class Forgotten(Transient):
    """The broker is not the one that took what was sent, or has lost it: send it again."""


@contextmanager
def kafka_errors(action: str) -> Iterator[None]:
    """Around calls of a Kafka client, and nothing else. Raises KafkaAway with `action` and the client's."""
    try:
        yield
    except KAFKA as error:
        message = str(error).strip() or "no word why"
        raise KafkaAway(f"kafka: {action}: {type(error).__name__}: {message}"[:500]) from error

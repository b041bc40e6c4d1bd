"""Topics, made before anything else: idempotent, through kafka-python's admin client."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import BrokerResponseError, TopicAlreadyExistsError

from schemas.kafka_errors import KafkaAway, kafka_errors
from schemas.topics import ALL

log = logging.getLogger("callfunnel.topics")

_STAMPED = {"message.timestamp.type": "LogAppendTime"}
"""Kafka's clock, not the sender's, says when a record came: see `pipeline.version_clamp`. Retention goes by it too."""


def ensure_topics(bootstrap: str, prefix: str = "", *, within_s: float = 30.0) -> list[str]:
    """Create the topics that are missing, and name them. Raises Transient when the broker cannot be asked, or does not
    answer a question in time.
    """
    most_ms = int(within_s * 1000)
    with kafka_errors(f"nobody answers at {bootstrap}: start `callfunnel up`, or set CALLFUNNEL_KAFKA"):
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap,
            client_id="callfunnel-admin",
            bootstrap_timeout_ms=most_ms,
            request_timeout_ms=most_ms,
        )
    try:
        with kafka_errors("topics cannot be made"):
            return _make_missing(admin, prefix, most_ms)
    finally:
        with contextlib.suppress(KafkaAway), kafka_errors("a connection was not closed in order"):
            admin.close()


def _make_missing(admin: KafkaAdminClient, prefix: str, most_ms: int) -> list[str]:
    present = set(admin.list_topics())
    missing = [topic for topic in ALL if prefix + topic.name not in present]
    new = [
        NewTopic(
            name=prefix + topic.name,
            num_partitions=topic.partitions,
            replication_factor=-1,  # the broker's default
            topic_configs={"retention.ms": str(topic.retention_ms), **_STAMPED},
        )
        for topic in missing
    ]
    try:
        if new:
            admin.create_topics(new)
    except TopicAlreadyExistsError:  # another one makes them now, or made some that the broker does not list yet
        missing = []
    admin.wait_for_topics([prefix + topic.name for topic in ALL], timeout_ms=most_ms)
    _stamp(admin, [prefix + topic.name for topic in ALL if topic not in missing])
    return [topic.name for topic in missing]


def _stamp(admin: KafkaAdminClient, topics: Sequence[str]) -> None:
    """Have topics that were made otherwise (by an earlier release, by hand) stamped by the broker; it takes a moment.

    A broker that has no such setting (the embedded one), or does not let us read or change it, is left as it is.
    """
    if not topics:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    (setting,) = _STAMPED
    try:
        found = admin.describe_configs(resources, config_filter="all").get("topic", {})
        wrong = [name for name in topics if _value(found.get(name, {}).get(setting)) not in (None, _STAMPED[setting])]
        if wrong:
            changes = [ConfigResource(ConfigResourceType.TOPIC, name, configs=_STAMPED) for name in wrong]
            answers = admin.alter_configs(changes, incremental=True).get("topic", {})
            refused = {answer for answer in answers.values() if answer != "OK"}
            if refused:
                raise BrokerResponseError("; ".join(sorted(refused)))
    except BrokerResponseError as error:  # no right to, or a policy against it: the worker's clock has to do
        log.warning("kafka: %s=%s cannot be set: %s", setting, _STAMPED[setting], error)


def _value(setting: object) -> object:
    """The value of a setting as kafka-python describes it."""
    return setting.get("value") if isinstance(setting, dict) else setting

"""Topics, made before anything else: idempotent, through kafka-python's admin client."""

from __future__ import annotations

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from schemas.topics import ALL
from schemas.trouble import Transient


def ensure_topics(bootstrap: str, prefix: str = "") -> list[str]:
    """Create the topics that are missing, and name them. Raises Transient when the broker cannot be asked."""
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, client_id="callfunnel-admin")
    except (KafkaError, OSError) as error:
        raise Transient(
            f"kafka: nobody answers at {bootstrap}: start `callfunnel up`, or set CALLFUNNEL_KAFKA ({error})"
        ) from None
    try:
        present = set(admin.list_topics())
        missing = [topic for topic in ALL if prefix + topic.name not in present]
        new = [
            NewTopic(
                name=prefix + topic.name,
                num_partitions=topic.partitions,
                replication_factor=-1,  # the broker's default
                topic_configs={"retention.ms": str(topic.retention_ms)},
            )
            for topic in missing
        ]
        if new:
            admin.create_topics(new)
        return [topic.name for topic in missing]
    except TopicAlreadyExistsError:
        return []
    except KafkaError as error:
        raise Transient(f"kafka: topics cannot be made: {error}") from error
    finally:
        admin.close()

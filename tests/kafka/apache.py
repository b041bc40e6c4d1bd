"""Apache Kafka for tests: one node (KRaft) on loopback, without Docker, from the jars that pom.xml names."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from pipeline.embedded.broker import answers
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port

_POM = Path(__file__).parent / "pom.xml"
_JARS = _POM.parent / "target" / "dependency"
_STAMP = _POM.parent / "target" / "pom.xml"
"""The pom.xml whose jars are there."""
_COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
_FETCH_TRIES = 3
"""A repository on the network stumbles now and then; what came is kept, and the next try goes on from there."""
_CLUSTER = "4L6g3nShT-eMCtK--X86sw"


class Missing(Exception):
    """What this machine lacks for Apache Kafka."""


def classpath() -> str:
    """The jars, fetched by Maven when pom.xml changed. Raises Missing."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    with _POM.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side fetch once
        if not _STAMP.exists() or _STAMP.read_bytes() != lock.read():
            _fetch()
    return f"{_JARS}/*"


def _fetch() -> None:
    shutil.rmtree(_JARS.parent, ignore_errors=True)
    fetch = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    for _ in range(_FETCH_TRIES):
        fetched = subprocess.run(fetch, capture_output=True, text=True, timeout=600, check=False)
        if not fetched.returncode:
            break
    if fetched.returncode:
        said = [line for line in (fetched.stdout + fetched.stderr).splitlines() if "ERROR" in line]
        raise Missing(f"Maven could not fetch the jars: {said[0] if said else fetched.returncode}")
    shutil.copyfile(_POM, _STAMP)


def _default(value: str) -> str:
    """What compose takes for `${NAME:-value}` when nobody sets NAME."""
    found = re.fullmatch(r"\$\{\w+:-(.*)\}", value)
    return found[1] if found else value


def _properties(port: int, controller: int, log_dir: Path) -> dict[str, str]:
    """The settings of docker-compose.yml (KAFKA_LOG_DIRS is log.dirs), at home here; and haste, for tests."""
    compose = yaml.safe_load(_COMPOSE.read_text(encoding="utf-8"))
    said: dict[str, object] = compose["services"]["kafka"]["environment"]
    composed = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): _default(str(value))
        for name, value in said.items()
        if name.startswith("KAFKA_")
    }
    return composed | {
        "controller.quorum.voters": f"{composed['node.id']}@127.0.0.1:{controller}",
        "listeners": f"BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"BROKER://127.0.0.1:{port}",
        "log.dirs": str(log_dir),
        "offsets.topic.num.partitions": "4",
        "log.initial.task.delay.ms": "500",
        "log.retention.check.interval.ms": "1000",
    }


def format_log_dir(folder: Path, jars: str) -> tuple[StackPart, str]:
    """A node with an empty log directory in `folder`, not started: (its process, its address)."""
    port, controller = free_port(0, ""), free_port(0, "")
    settings = folder / "server.properties"
    lines = (f"{name}={value}" for name, value in _properties(port, controller, folder / "log").items())
    settings.write_text("\n".join(lines), encoding="utf-8")
    java = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", jars]
    subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    address = f"127.0.0.1:{port}"
    node = StackPart(
        "kafka",
        [*java, "kafka.Kafka", str(settings)],
        logs=folder,
        env=os.environ,
        ready=lambda: answers(address),
    )
    return node, address

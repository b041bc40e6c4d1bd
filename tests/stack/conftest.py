"""Deployments on the embedded broker and on Apache Kafka: the same tests run on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.embedded import broker
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port
from tests.conftest import STARTS_S
from tests.stack.department import Department, found
from tests.stack.deployment import Deployment

LEGS = 20_000
"""Enough for a load to have a middle: more than a day of an office, so that the second noon is in it."""


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StackPart, str]]:
    """A running embedded broker: (its process, its address)."""
    port = free_port(0, "")
    address = f"127.0.0.1:{port}"
    part = StackPart(
        "broker",
        broker.command(port),
        logs=tmp_path_factory.mktemp("broker"),
        env={},
        ready=lambda: broker.answers(address),
    )
    part.start()
    try:
        part.wait_ready(STARTS_S)
        yield part, address
    finally:
        part.stop(10)


@pytest.fixture(scope="session")
def department(tmp_path_factory: pytest.TempPathFactory) -> Department:
    return found(tmp_path_factory.mktemp("department"), LEGS)


@pytest.fixture(
    params=[
        pytest.param("embedded_broker", id="embedded", marks=pytest.mark.stack),
        pytest.param("apache_kafka", id="apache", marks=[pytest.mark.stack, pytest.mark.kafka]),
    ]
)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with nothing in it, not started, on either broker."""
    part, address = request.getfixturevalue(request.param)
    deployment = Deployment(tmp_path, part, address, remembers=request.param == "apache_kafka")
    try:
        yield deployment
    finally:
        deployment.stop()


@pytest.fixture
def embedded(embedded_broker: tuple[StackPart, str], tmp_path: Path) -> Iterator[Deployment]:
    """The same on the embedded broker only, for what no broker has a part in."""
    deployment = Deployment(tmp_path, *embedded_broker, remembers=False)
    try:
        yield deployment
    finally:
        deployment.stop()

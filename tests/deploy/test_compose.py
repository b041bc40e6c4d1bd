"""The compose file: what its specification says, and what we promise of it. Kafka's settings run in tests/stack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from pipeline.cli import cli

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PUBLISHED = {"grafana", "ingest"}
SECRET = re.compile(r"password|secret|token", re.IGNORECASE)
OURS = [name for name, service in SERVICES.items() if "build" in service]


def test_compose_file_is_what_the_specification_says() -> None:
    # https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json (Apache-2.0)
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert all(re.search(r":\d+\.\d+", image) for image in images), images


def test_nothing_is_published_but_what_people_open() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == PUBLISHED
    assert COMPOSE["networks"]["backend"]["internal"] is True
    hidden = {name for name, service in SERVICES.items() if service["networks"] == ["backend"]}
    assert hidden == set(SERVICES) - PUBLISHED


def test_loopback_is_the_default_address() -> None:
    for name in PUBLISHED:
        assert all(re.match(r"\$\{\w+:-127\.0\.0\.1:\d+\}", port) for port in SERVICES[name]["ports"])


def test_grafana_stays_on_this_machine_and_its_cookies_can_be_kept_to_https() -> None:
    example = dict(
        line.partition("=")[::2]
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert example["GRAFANA_ADDRESS"] == "127.0.0.1:3000"
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_COOKIE_SECURE"] == "${GRAFANA_COOKIE_SECURE:-false}"
    assert environment["GF_SERVER_ROOT_URL"].startswith("${GRAFANA_URL_OUTSIDE:-")
    told = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")
    assert "GRAFANA_COOKIE_SECURE=true" in told
    assert "proxy_pass http://127.0.0.1:3000;" in told


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_from_the_environment_and_are_required(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable) or "@" in str(value).partition("//")[2]:
            # Required; but for the ways of warning that are not used.
            optional = re.search(r"\$\{(CALLFUNNEL_ALERT|GRAFANA_SMTP)_\w+:-(unset)?\}", str(value))
            assert optional or re.search(r"\$\{\w+:\?", str(value)), f"{name}: {variable}"


def test_every_variable_is_explained_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    empty = set(re.findall(r"^(\w+)=\s*(?:#.*)?$", example, re.MULTILINE))
    assert empty == set(re.findall(r"\$\{(\w+):\?", TEXT)), "what is required has no value in the example"


@pytest.mark.parametrize("name", SERVICES)
def test_who_is_waited_for_says_when_it_is_ready(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_few_rights_and_run_commands_that_exist(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    command: click.Command = cli
    for word in service["command"]:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        assert found is not None, f"callfunnel has no command {word!r}"
        command = found


def test_mounted_files_are_there() -> None:
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", ())]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert not [file for file in files if not (ROOT / file).exists()]


def test_image_holds_every_package_of_ours() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for room in ("schemas", "connectors", "pipeline", "grafana"):
        assert f"COPY {room} {room}" in dockerfile
        assert f"!{room}" in ignore


def test_grafana_has_every_variable_that_its_files_ask_for() -> None:
    files = (ROOT / "grafana" / "provisioning").rglob("*.yaml")
    asked = {name for file in files for name in re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", file.read_text(encoding="utf-8"))}
    assert asked
    assert asked <= set(SERVICES["grafana"]["environment"])


def test_kafka_can_be_told_to_have_records_on_its_disk_before_it_acknowledges_them() -> None:
    said = SERVICES["kafka"]["environment"]["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"]
    assert re.fullmatch(r"\$\{KAFKA_LOG_FLUSH_INTERVAL_MESSAGES:-9223372036854775807\}", said)
    assert "KAFKA_LOG_FLUSH_INTERVAL_MESSAGES=1" in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")

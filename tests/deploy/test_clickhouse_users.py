"""The users of the ClickHouse server, as far as the embedded engine can say: settings, tables and columns are real."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from clickhouse_connect.driver.client import Client

from pipeline.store import connect

FOLDER = Path(__file__).parents[2] / "deploy" / "clickhouse"
FILES = ("users.xml", "teams.xml.example")
# https://clickhouse.com/docs/operations/settings/settings-users
KEYS = {"password", "networks", "profile", "quota", "grants", "databases"}


def parsed(name: str) -> Element:
    return ElementTree.parse(FOLDER / name).getroot()


def users() -> list[Element]:
    return [user for name in FILES for user in parsed(name).iterfind("users/*")]


@pytest.fixture
def client(store_dsn: str) -> Client:
    return connect(store_dsn)


def test_users_are_written_as_the_server_reads_them() -> None:
    profiles = {profile.tag for profile in parsed("users.xml").iterfind("profiles/*")}
    for user in users():
        assert {child.tag for child in user} <= KEYS
        assert user.findtext("profile") in profiles


def test_passwords_come_from_the_environment() -> None:
    compose = (FOLDER.parents[1] / "docker-compose.yml").read_text(encoding="utf-8")
    for user in users():
        password = user.find("password")
        assert password is not None
        assert not password.text
        assert password.attrib["from_env"].startswith("CALLFUNNEL_")
    for user in parsed("users.xml").iterfind("users/*"):
        assert f"{user.findall('password')[0].attrib['from_env']}: ${{" in compose


def test_rights_are_the_least() -> None:
    rights = {user.tag: [query.text or "" for query in user.iterfind("grants/query")] for user in users()}
    assert all(rights.values())
    readers = [user.tag for user in users() if user.findtext("profile") == "callfunnel_reader"]
    for reader in readers:
        assert rights[reader] == ["GRANT SELECT ON callfunnel.*"]
    profile = parsed("users.xml").find("profiles/callfunnel_reader")
    assert profile is not None
    assert profile.findtext("readonly") == "1"
    assert profile.find("constraints/max_execution_time/changeable_in_readonly") is not None


def test_settings_are_settings_of_the_engine(client: Client) -> None:
    known = {row[0] for row in client.query("SELECT name FROM system.settings").result_rows}
    for profile in parsed("users.xml").iterfind("profiles/*"):
        said = {child.tag for child in profile if child.tag != "constraints"}
        said |= {child.tag for child in profile.iterfind("constraints/*")}
        assert said <= known


def test_filters_of_a_team_are_conditions_on_real_columns(client: Client) -> None:
    filters = list(parsed("teams.xml.example").iterfind("users/*/databases/callfunnel/*"))
    assert filters
    for table in filters:
        client.query(f"SELECT count() FROM {table.tag} WHERE {table.findtext('filter')}")


def test_every_table_with_a_team_is_filtered(client: Client) -> None:
    rows = client.query(
        "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'team'"
    ).result_rows
    filtered = {table.tag for table in parsed("teams.xml.example").iterfind("users/*/databases/callfunnel/*")}
    assert filtered == {row[0] for row in rows}


def test_granted_tables_exist(client: Client) -> None:
    tables = {row[0] for row in client.query("SHOW TABLES").result_rows}
    for user in users():
        for query in user.iterfind("grants/query"):
            (table,) = re.findall(r" ON callfunnel\.(\S+)$", query.text or "")
            assert table == "*" or table in tables

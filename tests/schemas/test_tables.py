"""A record is its row: the declared columns are the database's, and nothing is lost on the way there and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.store import Store, connect
from schemas.codec import encode
from schemas.records import Import, Record, Restatement
from schemas.topics import ALL

TABLES: dict[str, type[Any]] = {
    **{topic.table: topic.record for topic in ALL},
    "placements": next(topic.record for topic in ALL if topic.table == "activities"),
    "restatements": Restatement,
    "imports": Import,
}
TEXT = "Ромашка «Юг» \"'\\ \t\r\n\x00 \u2028 😀 %s {x} ; --"
"""Everything that somebody forgot to escape once."""


@pytest.fixture(scope="module")
def client(store_dsn: str) -> Client:
    return connect(store_dsn)


@pytest.fixture
def store(client: Client, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store whose tables that the test names (its parameter `table`, else all) are empty before and after."""
    named = request.node.callspec.params.get("table") if hasattr(request.node, "callspec") else None
    tables = [named] if named else list(TABLES)
    for table in tables:
        client.command(f"TRUNCATE TABLE {table}")
    yield Store(client)
    for table in tables:
        client.command(f"TRUNCATE TABLE {table}")


class Column(msgspec.Struct, frozen=True):
    name: str
    type: str


def columns(store: Store, table: str) -> dict[str, str]:
    rows = store.rows(msgspec.json.Decoder(Column), f"SELECT name, type FROM system.columns WHERE table = '{table}'"
                      " AND database = currentDatabase() ORDER BY position")  # fmt: skip
    return {row.name: row.type for row in rows}


def fields(record: type[Record]) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(record, include_extras=True).items() if name != "v"}


def accepted(name: str, hint: Any) -> str:
    """A pattern of the ClickHouse types that hold every value of a field, and no other kind of value."""
    if get_origin(hint) is Annotated:
        base, *_ = get_args(hint)
        limits = next((one for one in get_args(hint) if isinstance(one, msgspec.Meta)), msgspec.Meta())
        if base is int:
            return whole_number(name, limits)
        return accepted(name, base)
    if NoneType in get_args(hint):
        (inner,) = [one for one in get_args(hint) if one is not NoneType]
        return rf"Nullable\({accepted(name, inner)}\)"
    if get_origin(hint) is list:
        return rf"Array\({accepted(name, get_args(hint)[0])}\)"
    if hint is datetime:
        return r"DateTime64\(3, 'UTC'\)"
    if hint is date:
        return "Date"
    if hint is Decimal:
        return r"Decimal\(18, 2\)"
    if hint is str or (isinstance(hint, type) and issubclass(hint, Enum)):
        return r"(String|LowCardinality\(String\))"
    raise AssertionError(f"{name}: no column type is known for {hint}")


def whole_number(name: str, limits: msgspec.Meta) -> str:
    assert limits.ge == 0, f"{name}: unsigned columns hold it"
    if name == "bucket":
        assert limits.lt == 2**32
        return r"DateTime\('UTC'\)"
    if limits.le is not None:
        assert limits.le == 1
        return "UInt8"
    assert limits.lt is not None
    return "(UInt32|UInt64)" if limits.lt <= 2**32 else "UInt64"


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_the_fields_and_hold_them(store: Store, table: str) -> None:
    declared = fields(TABLES[table])
    found = columns(store, table)
    assert set(found) == set(declared)
    for name, hint in declared.items():
        assert re.fullmatch(accepted(name, hint), found[name]), f"{table}.{name}: {found[name]} for {hint}"


# The agents' own notes: no record, so nothing is lost when they are.
NOTES = {
    *("provenance", "organisation_phones", "directory_log", "directory_spread"),
    *("base_calendar", "schema_migrations", "kept_blocks", "broken_parts"),
    *("forgotten", "retained_from"),
    *("incidents", "incident_marks", "warning_deliveries", "warning_watch"),
}


def test_every_table_is_of_a_record_or_a_note(client: Client) -> None:
    names = client.query("SELECT name FROM system.tables WHERE database = currentDatabase()").result_columns[0]
    assert set(names) == TABLES.keys() | NOTES


# The way there and back.


def value(name: str, hint: Any, default: object = None) -> Any:
    """The largest or strangest value of a field, other than its default."""
    if get_origin(hint) is Annotated:
        base, *_ = get_args(hint)
        limits = next(one for one in get_args(hint) if isinstance(one, msgspec.Meta))
        if base is int:
            return limits.le if limits.le is not None else int(limits.lt or 0) - 1
        if limits.pattern is not None:
            return "2099-12"
        return value(name, base)
    if NoneType in get_args(hint):
        return value(name, next(one for one in get_args(hint) if one is not NoneType))
    if get_origin(hint) is list:
        inner = get_args(hint)[0]
        return ["", TEXT, "x" * 5000] if inner is str else [value(name, inner), value(name, inner) * 0]
    if hint is datetime:
        return datetime(2026, 11, 2, 9, 0, 0, 123_000, UTC) + timedelta(days=len(name))
    if hint is date:
        return date(2105, 12, 31) - timedelta(days=len(name))
    if hint is Decimal:
        return Decimal("999999999999.99")
    if hint is str:
        return f"{name}: {TEXT}"
    return next(member for member in hint if member != default)


def full(record: type[Any]) -> Any:
    """A record with every field set; not retracted, since such a row is gone from the facts."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(record)}
    values_given = {name: value(name, hint, defaults[name]) for name, hint in fields(record).items()}
    assert [name for name in values_given if values_given[name] == defaults[name]] == []
    return record(**{**values_given, "retracted": 0} if "retracted" in values_given else values_given)


def stored(store: Store, table: str, record: Any) -> list[Any]:
    """Store it, and give all rows there are."""
    store.keep(table, [encode(record)])
    epoch = "* REPLACE(toUnixTimestamp(bucket) AS bucket)" if hasattr(record, "bucket") else "*"
    return store.rows(msgspec.json.Decoder(type(record)), f"SELECT {epoch} FROM {table} FINAL")


@pytest.mark.parametrize("table", TABLES)
def test_record_with_every_field_set_comes_back_the_same(store: Store, table: str) -> None:
    record = full(TABLES[table])
    assert stored(store, table, record) == [record]


@pytest.mark.parametrize("table", TABLES)
def test_record_with_nothing_but_what_it_must_have_comes_back_the_same(store: Store, table: str) -> None:
    kind = TABLES[table]
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    record = kind(**{name: value(name, hint) for name, hint in fields(kind).items() if name in required})
    assert stored(store, table, record) == [record]


# What a correction may change, table by table; a restatement's version is part of its identity.
CORRECTED: dict[str, dict[str, Any]] = {
    "call_legs": {"billsec": 5, "extension": "102", "started_at": datetime(2026, 11, 3, tzinfo=UTC)},
    "managers": {"extensions": ["102"], "team": "юг", "valid_to": None},
    "organisations": {"phones": [], "name": "Лютик"},
    "stage_changes": {"manager_id": "m2"},
    "proposals": {"amount": Decimal("0.01"), "sent_at": datetime(2026, 11, 3, tzinfo=UTC)},
    "plans": {"amount": None, "calls_to_potential": 0},
    "calendar_days": {"kind": "weekend", "work_minutes": None},
    "absences": {"last": date(1970, 1, 1), "withdrawn": 0},
    "activities": {"talk_s": 0, "team": "юг"},
    "placements": {"talk_s": 0, "retracted": 1},
    "manager_activity": {"calls": 0, "contacts": []},
    "rejected": {"resolved": 0, "detail": ""},
    "feeds": {"state": "away", "seen_at": None, "records": 0},
    "imports": {"state": "failed", "finished_at": None},
}


def test_each_table_but_the_ledger_is_corrected() -> None:
    assert TABLES.keys() - CORRECTED.keys() == {"restatements"}


@pytest.mark.parametrize("table", CORRECTED)
def test_greater_version_replaces_whichever_comes_first(client: Client, store: Store, table: str) -> None:
    record = msgspec.structs.replace(full(TABLES[table]), version=10)
    corrected = msgspec.structs.replace(record, version=11, **CORRECTED[table])
    assert stored(store, table, record) == [record]
    assert stored(store, table, corrected) == [corrected]
    assert stored(store, table, record) == [corrected]
    client.command(f"OPTIMIZE TABLE {table} FINAL")
    assert stored(store, table, record) == [corrected]


@pytest.mark.parametrize("table", ["activities", "manager_activity"])
def test_retracted_row_is_gone_from_the_facts(store: Store, table: str) -> None:
    record = msgspec.structs.replace(full(TABLES[table]), version=10)
    retracted = msgspec.structs.replace(record, retracted=1, version=11)
    back = msgspec.structs.replace(record, version=12)
    assert stored(store, table, record) == [record]
    assert stored(store, table, retracted) == []
    assert stored(store, table, record) == []  # sent again, late
    assert stored(store, table, back) == [back]


texts = st.text(st.characters(codec="utf-8"), max_size=30)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2105, 12, 31)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
LEG = TABLES["call_legs"]
legs = st.builds(
    lambda **values_given: msgspec.structs.replace(full(LEG), **values_given),
    call_id=texts.filter(bool),
    record_id=texts.filter(bool),
    started_at=moments,
    ended_at=moments,
    answered_at=st.none() | moments,
    billsec=st.integers(0, 2**32 - 1),
    contact_raw=texts,
    version=st.integers(0, 2**63 - 2),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(legs, min_size=1, max_size=20, unique_by=lambda leg: (leg.call_id, leg.record_id)))
def test_any_legs_come_back_the_same(client: Client, store: Store, values_given: list[Any]) -> None:
    client.command("TRUNCATE TABLE call_legs")
    store.keep("call_legs", [encode(leg) for leg in values_given])
    rows = store.rows(msgspec.json.Decoder(LEG), "SELECT * FROM call_legs FINAL")
    assert sorted(rows, key=repr) == sorted(values_given, key=repr)

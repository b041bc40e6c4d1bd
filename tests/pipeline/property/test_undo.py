"""Random loads, one of them taken back, in any order, repetition and chunks, with any deaths: the tables are those of a
store that never saw it, where what others said was not replaced by it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.loading.undo import preview, withdrawals
from schemas.provenance import KINDS, digest
from schemas.records import Import, Record
from schemas.topics import REJECTED, Topic
from tests.pipeline.property.brute import brute_force
from tests.pipeline.property.department import START, VERSION, Department, Said, departments
from tests.pipeline.property.memory_wire import Delivery, deliver, deliveries
from tests.pipeline.property.tables import SETTINGS, Database, same

ZONE = SETTINGS.time_zone.key


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def imported(number: int) -> Import:
    return Import(
        import_id=f"load-{number}",
        source="office",
        kind="calls",
        file=f"file-{number}.csv",
        profile="",
        started_at=START,
        state="stored",
        version=VERSION + number * 10**9,
    )


def without(records: Sequence[Any], import_id: str) -> list[Any]:
    """Of each identity the last record that says what stands, if anybody else says it."""
    left = []
    by_identity: dict[Hashable, list[Any]] = {}
    for record in records:
        by_identity.setdefault(KINDS[type(record)].identity(record), []).append(record)
    for said in by_identity.values():
        last = max(said, key=lambda record: record.version)
        others = [one for one in said if digest(one) == digest(last) and one.import_id != import_id]
        left += others[-1:]
    return left


def never_saw(department: Department, import_id: str) -> Department:
    return Department(*(without(records, import_id) for records in department))


def again(record: Any) -> Record:
    """The same from the same file, loaded later than everything."""
    later = {"version": record.version + 100 * 10**9, "import_id": f"again-{record.import_id}"}
    loaded: Record = msgspec.structs.replace(record, **later)
    return loaded


def sent(database: Database, of: Import) -> list[Said]:
    """What `undo` sends."""
    found: list[tuple[Topic, Record]] = []
    withdrawals(of, database.store, ZONE, lambda topic, record: found.append((topic, record)))
    return found


FEW: Callable[..., Any] = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@FEW
@given(department=departments(), number=st.sampled_from((0, 0, 1, 2, 60)), data=st.data())
def test_load_that_was_taken_back_was_never_there(
    database: Database, department: Department, number: int, data: st.DataObject
) -> None:
    of = imported(number)
    database.empty()
    deliver(department.said, data.draw(deliveries(len(department.said))), database.store, SETTINGS)
    told = preview(of, database.store, ZONE)
    back = sent(database, of)
    # What it said may come again with it, as after a death of the sender.
    again = [one for one in department.said if getattr(one[1], "import_id", "") == of.import_id]
    deliver([*back, *again], data.draw(deliveries(len(back) + len(again))), database.store, SETTINGS)
    expected = brute_force(never_saw(department, of.import_id))
    same(expected, database.tables())
    assert database.differences() == []
    assert sum(told.withdrawn.values()) + sum(told.stays.values()) + sum(told.replaced_since.values()) == len(
        [topic for topic, _ in back if topic is not REJECTED]
    )
    assert sent(database, of) == [], "twice is once"


@FEW
@given(department=departments(), data=st.data())
def test_load_that_was_taken_back_and_loaded_again_is_there(
    database: Database, department: Department, data: st.DataObject
) -> None:
    of = imported(0)
    database.empty()
    deliver(department.said, data.draw(deliveries(len(department.said))), database.store, SETTINGS)
    back = sent(database, of)
    deliver(back, data.draw(deliveries(len(back))), database.store, SETTINGS)
    # Everything from its files, in their order: later than all that was said.
    loaded = [(topic, again(record)) for topic, record in department.said]
    deliver(loaded, Delivery(list(range(len(loaded))), [], []), database.store, SETTINGS)
    same(brute_force(department), database.tables())
    assert database.differences() == []

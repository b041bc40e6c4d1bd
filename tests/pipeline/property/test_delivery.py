"""Any order, any repetition, any chunks, any two workers, any deaths: the tables are what plain Python says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.pipeline.property.brute import brute_force
from tests.pipeline.property.department import Department, departments
from tests.pipeline.property.memory_wire import Delivery, deliver, deliveries
from tests.pipeline.property.tables import SETTINGS, Database, same


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@st.composite
def _delivered(draw: st.DrawFn) -> tuple[Department, Delivery]:
    department = draw(departments())
    return department, draw(deliveries(len(department.said)))


@settings(
    max_examples=20,
    deadline=None,
    # The same examples each time: CI must not be a lottery. Take this line out to look for new ones.
    derandomize=True,
    print_blob=True,
    # No shrinking: at a second an example it takes minutes. Add Phase.shrink to look for a small example.
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(_delivered())
def test_any_delivery_makes_the_tables_that_the_records_mean(
    database: Database, delivered: tuple[Department, Delivery]
) -> None:
    department, delivery = delivered
    database.empty()
    deliver(department.said, delivery, database.store, SETTINGS)
    same(brute_force(department), database.tables())
    assert database.differences() == []

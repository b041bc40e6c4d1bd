"""The tail of a count in SQL equals plain arithmetic: exact sums of fractions, and the textbook's formula."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import metrics
from tests.pipeline.property.tables import Database


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


_MODEL = metrics.part("count_model")
_ASK = f"""
WITH
{_MODEL}
    1 AS unused
SELECT
    count_tail({{x:UInt32}}, {{mu:Float64}}, {{phi:Float64}}) AS tail,
    count_none({{mu:Float64}}, {{phi:Float64}}) AS none,
    count_low({{mu:Float64}}, {{phi:Float64}}) AS low
"""


def _asked(database: Database, x: int, mu: float, phi: float) -> dict[str, float]:
    (row,) = database.numbers.ask(_ASK, dict[str, Any], {"x": x, "mu": mu, "phi": phi})
    return {name: float(value) for name, value in row.items()}


def _by_hand(x: int, mu: float, phi: float) -> float:
    """P(X <= x): with `lgamma`, term by term, and summed exactly. Not how the SQL does it."""
    terms = []
    for n in range(x + 1):
        if phi == 0:
            log_mass = n * math.log(mu) - mu - math.lgamma(n + 1)
        else:
            size = 1 / phi
            log_mass = math.lgamma(n + size) - math.lgamma(size) - math.lgamma(n + 1)
            log_mass += size * math.log(size / (size + mu)) + n * math.log(mu / (size + mu))
        terms.append(math.exp(log_mass))
    return min(1.0, math.fsum(terms))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    x=st.integers(0, 400),
    mu=st.floats(0.5, 500, allow_nan=False),
    phi=st.one_of(st.just(0.0), st.floats(0.001, 2, allow_nan=False)),
)
@example(x=0, mu=8.0, phi=0.0)
@example(x=400, mu=500.0, phi=0.001)
def test_tail_is_that_of_the_negative_binomial(database: Database, x: int, mu: float, phi: float) -> None:
    said = _asked(database, x, mu, phi)
    assert said["tail"] == pytest.approx(_by_hand(x, mu, phi), rel=1e-7, abs=1e-300)
    assert said["none"] == pytest.approx(_by_hand(0, mu, phi), rel=1e-9)


def test_tail_is_exact_where_fractions_are(database: Database) -> None:
    """Size 2 and mean 2: P(X = n) = (n + 1) / 2^(n + 2)."""
    exact = sum(Fraction(n + 1, 2 ** (n + 2)) for n in range(4))
    assert exact == Fraction(13, 16)
    assert _asked(database, 3, 2.0, 0.5)["tail"] == pytest.approx(13 / 16, rel=1e-12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.integers(0, 60), mu=st.floats(1, 80), phi=st.floats(1e-12, 1e-8))
def test_tail_goes_over_into_poisson_as_the_spread_vanishes(database: Database, x: int, mu: float, phi: float) -> None:
    assert _asked(database, x, mu, phi)["tail"] == pytest.approx(_by_hand(x, mu, 0), rel=1e-4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mu=st.floats(1, 300), phi=st.one_of(st.just(0.0), st.floats(0.005, 0.5)))
def test_low_is_the_least_count_with_a_tail_of_five_per_cent(database: Database, mu: float, phi: float) -> None:
    low = int(_asked(database, 0, mu, phi)["low"])
    assert _by_hand(low, mu, phi) >= 0.05 - 1e-9
    assert low == 0 or _by_hand(low - 1, mu, phi) < 0.05 + 1e-9

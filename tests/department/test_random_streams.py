"""The dice fall as they should, and numbers of phones are nobody's and everybody's own."""

from __future__ import annotations

from datetime import date
from statistics import mean, median, pvariance

import phonenumbers
import pytest

from department.callers import change_of_clocks
from department.country import COUNTRIES
from department.options import DepartmentOptions
from department.random_streams import curve_table, lognormal_table, over_dispersed, poisson, stream
from department.working_days import calendar


@pytest.mark.parametrize("mu", [0.3, 5.0, 55.0, 400.0])
def test_poisson_has_its_mean_and_variance(mu: float) -> None:
    dice = stream(1, "test")
    drawn = [poisson(dice, mu) for _ in range(6_000)]
    assert mean(drawn) == pytest.approx(mu, rel=0.05)
    assert pvariance(drawn) == pytest.approx(mu, rel=0.1)


def test_negative_binomial_is_over_dispersed_by_its_size() -> None:
    dice = stream(2, "test")
    drawn = [over_dispersed(dice, 40.0, 10.0) for _ in range(6_000)]
    assert mean(drawn) == pytest.approx(40, rel=0.05)
    assert pvariance(drawn) == pytest.approx(40 + 40 * 40 / 10, rel=0.1)
    assert over_dispersed(dice, 0.0, 10.0) == 0


def test_lognormal_table_has_its_median_and_keeps_its_bounds() -> None:
    table = lognormal_table(90, 0.9, 5, 600)
    assert median(table) == pytest.approx(90, abs=1)
    assert (min(table), max(table)) == (5, 600)
    assert mean(table) > 100  # long calls pull the mean up


def test_curve_table_follows_its_curve() -> None:
    table = curve_table([(9, 0), (10, 1), (12, 1), (12, 0), (14, 0), (14, 1), (15, 0)])
    within = [sum(first * 3600 <= second < last * 3600 for second in table) / len(table) for first, last in
              ((9, 10), (10, 12), (12, 14), (14, 15))]  # fmt: skip
    # Areas: a half, two, nothing, a half.
    assert within == pytest.approx([1 / 6, 4 / 6, 0, 1 / 6], abs=0.01)


def test_streams_of_different_purposes_are_different() -> None:
    assert stream(1, "a").random() != stream(1, "b").random() != stream(2, "b").random()


@pytest.mark.parametrize("name", COUNTRIES)
def test_numbers_are_possible_unlike_and_the_same_in_every_notation(name: str) -> None:
    country = COUNTRIES[name]
    numbers = [country.number(index) for index in (*range(3_000), *range(6_900_000, 6_903_000), 7_059_999)]
    assert len(set(numbers)) == len(numbers)
    for number in numbers[::37]:
        for notation in range(4):
            for written in (country.written(number, notation), country.pretty(number, notation)):
                parsed = phonenumbers.parse(written, name)
                assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
                assert phonenumbers.is_possible_number(parsed)


def test_clocks_change_where_the_offset_does() -> None:
    days = {day.date: day for day in calendar(DepartmentOptions(country="DE", days=365), COUNTRIES["DE"].zone)}
    spring, autumn = days[date(2026, 3, 29)], days[date(2026, 10, 25)]
    assert (spring.length_s, autumn.length_s) == (23 * 3600, 25 * 3600)
    # At 01:00 UTC, two hours after midnight's 23:00 UTC the day before; in autumn midnight is 22:00 UTC.
    assert change_of_clocks(spring, COUNTRIES["DE"].zone) == spring.midnight + 2 * 3600
    assert change_of_clocks(autumn, COUNTRIES["DE"].zone) == autumn.midnight + 3 * 3600

"""What was planned for each manager and month: the same norms for everybody, in proportion to working days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from department.options import DepartmentOptions
from department.people import Salesperson
from department.working_days import WorkDay, season

_TO_POTENTIAL = 0.33
"""Conversations with potential clients (A), of the calls of a day."""
_GENERAL, _INDIVIDUAL, _AMOUNT = 1.1, 0.5, 80_000
"""A working day; the sum of one individual proposal."""

HEADER = (
    *("month", "manager_id", "working_days", "calls_to_potential", "general_proposals", "individual_proposals"),
    *("amount", "currency"),
)


def plan(
    managers: Sequence[Salesperson], days: Sequence[WorkDay], currency: str, options: DepartmentOptions
) -> Iterator[Sequence[object]]:
    """Rows with a header. A month that is in the period in part is planned in part; a newcomer's plan ramps up."""
    yield HEADER
    for month, there in groupby(days, key=lambda day: f"{day.date:%Y-%m}"):
        month_days = list(there)
        for manager in managers:
            working = [day for day in month_days if day.is_working and manager.is_employed(day.date)]
            if not working:
                continue
            norm = sum(manager.ramp(day.date) * season(day.date) for day in working)
            individual = round(norm * _INDIVIDUAL)
            yield (
                month,
                manager.id,
                len(working),
                round(norm * options.pace * _TO_POTENTIAL / 5) * 5,
                round(norm * _GENERAL),
                individual,
                individual * _AMOUNT,
                currency,
            )

"""What a column can hold, where a type cannot say it: a stranger's record must not stop the worker at the store.

A record that fits is what its row will be when it is read back: times in UTC and whole milliseconds, sums in whole
cents, days of the years that a Date has. Otherwise a line that is sent twice would look like a correction of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Generic, TypeVar, get_type_hints

import msgspec

from schemas.records import Activity, CallLeg, Proposal, Record

R = TypeVar("R", bound=Record)

_COUNTED: tuple[type[Record], ...] = (CallLeg, Proposal, Activity)
"""Their times become five-minute buckets (ClickHouse: DateTime). Those of the directory may be "since ever"."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2105
_CENT = Decimal("0.01")
_MOST = Decimal(10) ** 12
"""Far below Decimal(18, 2), so that sums of sums fit too."""


_zone, _microsecond = attrgetter("tzinfo"), attrgetter("microsecond")


class ColumnBounds(Generic[R]):
    """Makes records of one type fit. Stateless."""

    def __init__(self, record: type[R]) -> None:
        hints = get_type_hints(record)
        self._times = tuple(name for name, hint in hints.items() if hint in (datetime, datetime | None))
        self._days = tuple(name for name, hint in hints.items() if hint is date)
        self._sums = tuple(name for name, hint in hints.items() if hint in (Decimal, Decimal | None))
        counted = issubclass(record, _COUNTED)
        self._years = (_FIRST_YEAR, _LAST_YEAR) if counted else (datetime.min.year, datetime.max.year)

    def violations(self, records: Sequence[R]) -> list[int]:
        """Places of the records that are not yet as their rows will be: none, nearly always."""
        found: set[int] = set()
        for name in self._times:
            times = list(map(attrgetter(name), records))
            # Whole columns first, since they nearly always fit: a quarter of the time of looking at each value.
            if not self._are_all_within([at for at in times if at is not None]):
                found.update(
                    index for index, at in enumerate(times) if at is not None and not self._are_all_within([at])
                )
        for name in self._days:
            days = map(attrgetter(name), records)
            found.update(index for index, day in enumerate(days) if not _FIRST_YEAR <= day.year <= _LAST_YEAR)
        for name in self._sums:
            amounts = map(attrgetter(name), records)
            found.update(index for index, amount in enumerate(amounts) if amount and not _is_whole(amount))
        return sorted(found)

    def _are_all_within(self, times: Sequence[datetime]) -> bool:
        return not times or (
            all(zone is UTC for zone in set(map(_zone, times)))
            and all(microsecond % 1000 == 0 for microsecond in set(map(_microsecond, times)))
            and self._years[0] <= min(times).year
            and max(times).year <= self._years[1]
        )

    def coerced(self, record: R) -> R:
        """The record as its row will be. Raises ValueError when no row can hold it."""
        changes: dict[str, datetime | Decimal] = {}
        for name in self._times:
            at = getattr(record, name)
            if at is not None and (fitting := self._whole_ms(at, name)) is not at:
                changes[name] = fitting
        for name in self._days:
            if not _FIRST_YEAR <= getattr(record, name).year <= _LAST_YEAR:
                raise ValueError(f"Expected a day between the years {_FIRST_YEAR} and {_LAST_YEAR} - at `$.{name}`")
        for name in self._sums:
            if (amount := getattr(record, name)) is not None:
                changes[name] = _whole_cents(amount, name)
        return msgspec.structs.replace(record, **changes) if changes else record

    def _whole_ms(self, at: datetime, name: str) -> datetime:
        first, last = self._years
        if at.tzinfo is not UTC:
            try:
                at = at.astimezone(UTC)
            except OverflowError:
                raise ValueError(f"Expected a time between the years {first} and {last} - at `$.{name}`") from None
        if not first <= at.year <= last:
            raise ValueError(f"Expected a time between the years {first} and {last} - at `$.{name}`")
        finer = at.microsecond % 1000
        return at.replace(microsecond=at.microsecond - finer) if finer else at


def _is_whole(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and -2 <= exponent <= 0 and 0 <= amount < _MOST


def _whole_cents(amount: Decimal, name: str) -> Decimal:
    if not (amount.is_finite() and 0 <= amount < _MOST):
        raise ValueError(f"Expected a sum between 0 and 10^12 - at `$.{name}`")
    return amount.quantize(_CENT)

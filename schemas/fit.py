"""What a column can hold, where a type cannot say it: a stranger's record must not stop the worker at the store.

A record that fits is what its row will be when it is read back: times in UTC and whole milliseconds, sums in whole
cents. Otherwise a line that is sent twice would look like a correction of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
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
_MOST = Decimal(10) ** 15
"""Far below Decimal(18, 2), so that sums of sums fit too."""


class Fit(Generic[R]):
    """Makes records of one type fit. Stateless."""

    def __init__(self, record: type[R]) -> None:
        hints = get_type_hints(record)
        self._times = tuple(name for name, hint in hints.items() if hint in (datetime, datetime | None))
        self._sums = tuple(name for name, hint in hints.items() if hint is Decimal)
        counted = issubclass(record, _COUNTED)
        self._years = (_FIRST_YEAR, _LAST_YEAR) if counted else (datetime.min.year, datetime.max.year)

    def misfits(self, records: Sequence[R]) -> list[int]:
        """Places of the records that are not yet as their rows will be: none, nearly always."""
        found = []
        (first, last) = self._years
        if self._times:
            times_of = attrgetter(*self._times, self._times[0])  # of two names at least it gives a tuple
            for place, record in enumerate(records):
                for at in times_of(record):
                    if at is not None and (
                        at.microsecond % 1000 or at.tzinfo is not UTC or not first <= at.year <= last
                    ):
                        found.append(place)
                        break
        for name in self._sums:
            found += [place for place, amount in enumerate(map(attrgetter(name), records)) if not _is_whole(amount)]
        return found

    def fitted(self, record: R) -> R:
        """The record as its row will be. Raises ValueError when no row can hold it."""
        changes: dict[str, datetime | Decimal] = {}
        for name in self._times:
            if (at := getattr(record, name)) is not None:
                changes[name] = self._whole_ms(at, name)
        for name in self._sums:
            changes[name] = _whole_cents(getattr(record, name), name)
        return msgspec.structs.replace(record, **changes)

    def _whole_ms(self, at: datetime, name: str) -> datetime:
        first, last = self._years
        try:
            at = at.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"Expected a time between the years {first} and {last} - at `$.{name}`") from None
        if not first <= at.year <= last:
            raise ValueError(f"Expected a time between the years {first} and {last} - at `$.{name}`")
        return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _is_whole(amount: Decimal) -> bool:
    if not amount:  # calls have none
        return True
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and -2 <= exponent <= 0 and 0 <= amount < _MOST


def _whole_cents(amount: Decimal, name: str) -> Decimal:
    if not (amount.is_finite() and 0 <= amount < _MOST):
        raise ValueError(f"Expected a sum between 0 and 10^15 - at `$.{name}`")
    return amount.quantize(_CENT)

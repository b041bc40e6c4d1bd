"""`callfunnel connect --check`: read-only probes that tell whether an account does what its adapter was made for.

What it gives holds counts, fields and the vendor's own words: no name, no number, no id, no host.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from connectors.api.adapter import Adapter, ApiConnector, Order, PulledPage, PulledRow, PullStream, PullWindow
from connectors.api.shapes import AnswerShape, Shapes
from connectors.api.survey import Asking, CredentialRefused
from connectors.reading.source import Context
from schemas.errors import Terminal
from schemas.records import CallLeg, Manager, Rejected

_DAYS = timedelta(days=3)
"""How much of a stream is looked at."""


class StreamCheck(msgspec.Struct, kw_only=True):
    """What one stream of the account did."""

    stream: str
    refused: str = ""
    """Why it cannot be read; "" when it can."""
    rows: int = 0
    records: dict[str, int] = {}
    rejected: dict[str, int] = {}
    """Reason -> rows."""
    twice: int = 0
    """Rows that one window gave more than once."""
    before_s: int = 0
    """How far before its window a row lies at most: the filter is about another time, or another zone."""
    behind_s: int = 0
    in_future_s: int = 0
    """How far from now the latest row lies: times are not of the zone that they are read with."""
    both_halves: int = 0
    """Rows of both of two adjacent windows: the end of a window is included."""
    lost_between: int = 0
    """Rows of the whole window that neither of its halves gave: they lie on the border, or came meanwhile."""


class CheckReport(msgspec.Struct, kw_only=True):
    vendor: str
    at: datetime
    streams: list[StreamCheck]
    extensions: int = 0
    """Ends that calls name as a person's."""
    unknown_extensions: int = 0
    """Those of them that no user has."""
    guessed: str
    """What the adapter takes for granted, and nobody has confirmed."""
    answers: list[AnswerShape]


def check(
    connector: ApiConnector,
    adapter: Adapter,
    asking_with: Callable[[Shapes], Asking],
    contexts: Callable[[], Context],
    now: datetime,
) -> CheckReport:
    """Read a little of every stream. Raises Terminal when the credential is not taken, or nothing can be read."""
    shapes = Shapes()
    asking = asking_with(shapes)
    checks, records = [], []
    for stream in adapter.streams():
        try:
            found = _check_stream(stream, asking, contexts, now)
        except CredentialRefused:
            raise
        except Terminal as refusal:
            checks.append(StreamCheck(stream=stream.name, refused=_bare(str(refusal))))
            continue
        checks.append(found[0])
        records += [item for row in found[1] for item in row.items]
    if all(one.refused for one in checks):
        raise Terminal("; ".join(one.refused for one in checks))
    named = {f"{one.extension}@{one.source}" for one in records if isinstance(one, CallLeg) and one.extension}
    known = {one for manager in records if isinstance(manager, Manager) for one in manager.extensions}
    return CheckReport(
        vendor=connector.kind,
        at=now,
        streams=checks,
        extensions=len(named),
        unknown_extensions=len({one for one in named if one not in known and one.partition("@")[0] not in known}),
        guessed=connector.unconfirmed,
        answers=shapes.all(),
    )


def _check_stream(
    stream: PullStream, asking: Asking, contexts: Callable[[], Context], now: datetime
) -> tuple[StreamCheck, list[PulledRow]]:
    if stream.order is Order.WHOLE:
        rows = _rows(asking.pages(stream, PullWindow(now - _DAYS, None, now), contexts))
        return _count(stream, rows), rows
    if stream.order is Order.BY_ID:
        rows = _rows(asking.pages(stream, PullWindow(now - _DAYS, None, now), contexts))
        found = _count(stream, rows)
        _measure(found, rows, now - _DAYS, None, now)
        return found, rows
    middle = now - _DAYS / 2
    first, second, whole = (
        _rows(asking.pages(stream, PullWindow(since, until, now), contexts))
        for since, until in ((now - _DAYS, middle), (middle, now), (now - _DAYS, now))
    )
    found = _count(stream, whole)
    _measure(found, first, now - _DAYS, middle, now)
    _measure(found, second, middle, now, now)
    early, late, all_of = ({_key(row) for row in some} for some in (first, second, whole))
    found.both_halves = len(early & late)
    found.lost_between = len(all_of - early - late)
    return found, whole


def _rows(pages: Sequence[PulledPage]) -> list[PulledRow]:
    return [row for page in pages for row in page.rows]


def _key(row: PulledRow) -> int | str:
    return row.key or row.name


def _count(stream: PullStream, rows: Sequence[PulledRow]) -> StreamCheck:
    items = [item for row in rows for item in row.items]
    keys = Counter(_key(row) for row in rows if _key(row))
    return StreamCheck(
        stream=stream.name,
        rows=len(rows),
        records=dict(Counter(type(item).__name__ for item in items if not isinstance(item, Rejected))),
        rejected=dict(Counter(str(item.reason) for item in items if isinstance(item, Rejected))),
        twice=sum(count - 1 for count in keys.values()),
    )


def _measure(
    found: StreamCheck, rows: Sequence[PulledRow], since: datetime, until: datetime | None, now: datetime
) -> None:
    """Where rows lie beside the window that was asked for."""
    times = [row.at for row in rows if row.at is not None]
    if not times:
        return
    found.before_s = max(found.before_s, _seconds(since - min(times)))
    if until is not None:
        found.behind_s = max(found.behind_s, _seconds(max(times) - until))
    found.in_future_s = max(found.in_future_s, _seconds(max(times) - now))


def _seconds(span: timedelta) -> int:
    return max(0, round(span.total_seconds()))


def _bare(text: str) -> str:
    """The beginning of a refusal: a vendor may put a name or an address behind it."""
    return text.partition(" (")[0][:120]

"""What a table of the sales department is, and the header words that several share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from connectors.reading.source import Context
from schemas.records import Record

Cells = Mapping[str, str]
"""The used cells of a row by our column names; absent columns are ""."""


class CrmTable(NamedTuple):
    """One kind of table: column -> accepted headers (lower case, without spaces and marks), and how a row is read."""

    kind: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    make: Callable[[Cells, Context, str], Record]
    """Cells, what the load says, and the row's place; raises Misread."""
    may_be_empty: bool = False
    """Whether a header alone says something: that nobody is away."""
    several: frozenset[str] = frozenset()
    """Columns that hold lists: every header that fits is read, also `phone 2`; their cells are one list."""
    once: Callable[[Any], object] | None = None
    """What no two rows of a file may share unless they are equal: of these one would replace the other silently."""


# The surest word first: beside a code or an ИНН, a column called "organisation" holds the name.
MANAGER = ("managerid", "ownerid", "idменеджера", "кодменеджера", "manager", "менеджер", "ответственный")
ORGANISATION = (
    *("organisationid", "organizationid", "companyid", "idорганизации", "кодорганизации", "инн"),
    *("organisation", "organization", "company", "организация", "компания"),
)


STATUS = ("status", "state", "статус", "состояние")
DELETED = frozenset({"deleted", "removed", "удалён", "удален", "удалена", "удалено", "удалить"})
"""Words of a status column: the row takes back what earlier exports of the source said under its id."""
CLOSED = frozenset(
    {"closed", "liquidated", "merged", "закрыт", "закрыта", "закрыто", "ликвидирован", "ликвидирована"}
    | {"ликвидировано", "объединён", "объединен", "объединена", "объединено"}
)
"""Words by which an organisation has no numbers any more. Other words of its status mean that it is there."""


def says(status: str, accepted: frozenset[str]) -> bool:
    """Whether a status cell is one of these words."""
    return status.strip().casefold() in accepted


def zone_of(context: Context) -> tzinfo:
    """For times without an offset."""
    return context.zone or UTC

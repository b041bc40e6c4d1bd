"""Which vendor's table a table is: asked of every vendor that keeps calls in a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from sqlalchemy.types import DateTime, Integer, Numeric, TypeEngine

from connectors.registry import TABLES
from connectors.sql.shape import ColumnType, Shape
from schemas.errors import Terminal


def shape_of(table: str, types: Mapping[str, TypeEngine[Any]], zone: tzinfo | None) -> Shape:
    """What a table is. `zone` is the exchange's, None when none is known. Raises Terminal saying what is missing."""
    columns = {name: _column_type(kind) for name, kind in types.items()}
    for known in TABLES:
        if (shape := known.shape(table, columns, zone)) is not None:
            return shape
    raise Terminal(
        f"table {table}: no table of call records: {', '.join(known.needs for known in TABLES)};"
        f" this one has {', '.join(types) or 'no columns'}"
    )


def _column_type(kind: TypeEngine[Any]) -> ColumnType:
    is_time = isinstance(kind, DateTime)
    is_aware = isinstance(kind, DateTime) and bool(kind.timezone)
    return ColumnType(str(kind), is_time, is_aware, isinstance(kind, Integer | Numeric))

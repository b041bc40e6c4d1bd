"""FusionPBX's `v_xml_cdr`: times are epochs, so no zone is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from connectors.freeswitch.fusionpbx import COLUMNS, leg
from connectors.reading.source import Context
from connectors.sql.shape import ColumnType, DatabaseTable, Make, text
from schemas.errors import Terminal


class FusionPbx:
    """The columns that the installation has."""

    start: str = "start_epoch"
    zone: tzinfo = UTC
    proves: tuple[str, str] | None = None

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns

    def bound(self, wall: datetime) -> object:
        return int(wall.replace(tzinfo=UTC).timestamp())

    def wall(self, start: Any) -> datetime:
        return datetime.fromtimestamp(int(start), UTC).replace(tzinfo=None)

    def texts(self, row: Sequence[object]) -> list[str]:
        return [text(cell, UTC) for cell in row]

    def learn(self, rows: Sequence[Sequence[str]], context: Context) -> tuple[str, ...]:
        """Nothing: a row says itself who is a phone."""
        return ()

    def maker(self, context: Context, origin: str) -> Make:
        return lambda cells, row_ref: leg(dict(zip(self.columns, cells, strict=True)), f"{origin}:{row_ref}", context)


def _shape(table: str, columns: Mapping[str, ColumnType], zone: tzinfo | None) -> FusionPbx | None:
    if not {"xml_cdr_uuid", "start_epoch"} <= columns.keys():
        return None
    kind = columns["start_epoch"]
    if not kind.is_number:
        raise Terminal(f"start_epoch is {kind.name}, not a number: this is not a v_xml_cdr of FusionPBX")
    return FusionPbx(tuple(name for name in COLUMNS if name in columns))


V_XML_CDR = DatabaseTable("FusionPBX's xml_cdr_uuid and start_epoch", _shape)

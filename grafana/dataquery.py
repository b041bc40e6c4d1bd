"""The ClickHouse plugin's query, which the SDK has no class for."""

from __future__ import annotations

from typing import Any, Self

from grafana_foundation_sdk.cog import runtime, variants
from grafana_foundation_sdk.models.common import DataSourceRef

PLUGIN = "grafana-clickhouse-datasource"
PLUGIN_VERSION = "4.20.0"
DATASOURCE_UID = "callfunnel-clickhouse"
SOURCE = DataSourceRef(type_val=PLUGIN, uid=DATASOURCE_UID)

_TABLE = 1
"""The plugin's format number; 0 is time series."""


class ClickHouseQuery(variants.Dataquery):
    """SQL for the plugin's backend. Without version and editor type the editor would rewrite it."""

    def __init__(self, sql: str, ref: str = "A", shape: int = _TABLE) -> None:
        self.sql, self.ref, self.shape = sql, ref, shape

    def to_json(self) -> dict[str, object]:
        return {
            "refId": self.ref,
            "datasource": SOURCE,
            "editorType": "sql",
            "format": self.shape,
            "pluginVersion": PLUGIN_VERSION,
            "rawSql": self.sql,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(data["rawSql"], data["refId"], data["format"])


def register() -> None:
    """Let the SDK read the plugin's queries back."""
    runtime.register_dataquery_variant(runtime.DataqueryConfig(PLUGIN, ClickHouseQuery.from_json))

"""Grafana's panel for each panel type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from grafana_foundation_sdk.models import bargauge, common, stat, statushistory, timeseries
from grafana_foundation_sdk.models import dashboard as model

from schemas.screens import colours
from schemas.screens.panel import Column, Panel, PanelType

NOTHING = "–"
"""What stands where there is no number: Grafana's own "No data" is English, and 50 pixels high."""


class Visualization(NamedTuple):
    """A panel's type, options, own field settings, colours and transformations."""

    kind: str
    options: object
    custom: object
    defaults: Mapping[str, Any] = MappingProxyType({})
    """Attributes of the SDK's `FieldConfig`."""
    transformations: Sequence[model.DataTransformerConfig] = ()


def visualization(panel: Panel) -> Visualization:
    """What Grafana draws a panel with. Not for TEXT, which has no data."""
    return _FORMS[panel.panel_type](panel)


def _stat(panel: Panel) -> Visualization:
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.VALUE,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME,
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=False),
    )
    return Visualization("stat", options, {}, {"color": _fixed(colours.BLUE)}, [_only(panel.columns)])


def _table(panel: Panel) -> Visualization:
    # Newer than the SDK, which writes a footer that is not there any more: long headings are broken into lines.
    options = {"cellHeight": "sm", "showHeader": True}
    custom = {"align": "auto", "filterable": False, "inspect": False, "wrapHeaderText": True}
    return Visualization("table", options, custom, {}, [_only(panel.columns), _ordered(panel.columns)])


def _matrix(panel: Panel) -> Visualization:
    row, across, number = (one.name for one in panel.columns)
    grouping = model.DataTransformerConfig(
        id_val="groupingToMatrix",
        options={"rowField": row, "columnField": across, "valueField": number, "emptyValue": "null"},
    )
    plain = _table(panel)
    return plain._replace(transformations=[_only(panel.columns), grouping])


def _over_time(panel: Panel) -> Visualization:
    bars = panel.panel_type is PanelType.COLUMNS
    options = timeseries.Options(
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.LIST,
            placement=common.LegendPlacement.BOTTOM,
            show_legend=True,
            calcs=[],
        ),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.NONE),
    )
    custom = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE,
        line_width=1 if bars else 2,
        fill_opacity=0,
        show_points=common.VisibilityMode.AUTO,
        axis_soft_min=0,
        bar_width_factor=0.8,
        # Bars beside the line that they are held against, one over the other among themselves: as on the page.
        stacking=common.StackingConfig(mode=common.StackingMode.NORMAL, group="A") if bars else None,
    )
    return Visualization("timeseries", options, custom, {}, [_only(panel.columns)])


def _bars(panel: Panel) -> Visualization:
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        orientation=common.VizOrientation.HORIZONTAL,
        # Each row is a bar, named by the first column.
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=True, limit=50),
        show_unfilled=False,
        min_viz_height=14,
    )
    return Visualization("bargauge", options, {}, {"color": _fixed(colours.BLUE), "min_val": 0}, [_only(panel.columns)])


def _heat(panel: Panel) -> Visualization:
    """A row for each name, a cell for each time; how dark it is says how many, and the number stands in it.

    A row is called as its number's field is, unless that is "Value": then as its name alone.
    """
    _, names, number = (column.name for column in panel.columns)
    value = model.DataTransformerConfig(
        id_val="organize", options={"excludeByName": {}, "indexByName": {}, "renameByName": {number: "Value"}}
    )
    options = statushistory.Options(
        show_value=common.VisibilityMode.AUTO,
        legend=common.VizLegendOptions(
            display_mode=common.LegendDisplayMode.LIST,
            placement=common.LegendPlacement.BOTTOM,
            show_legend=True,
            calcs=[],
        ),
    )
    steps = [model.Threshold(at, colour) for at, colour in zip((None, 1, 3, 6, 10), colours.HEAT, strict=True)]
    defaults = {"thresholds": model.ThresholdsConfig(steps=steps), "color": _by_thresholds()}
    long_to_wide = model.DataTransformerConfig(
        id_val="partitionByValues", options={"fields": [names], "keepFields": False, "naming": {"asLabels": False}}
    )
    return Visualization(
        "status-history", options, {"fillOpacity": 90}, defaults, [_only(panel.columns), value, long_to_wide]
    )


_FORMS: dict[PanelType, Callable[[Panel], Visualization]] = {
    PanelType.STAT: _stat,
    PanelType.TABLE: _table,
    PanelType.INCIDENTS: _table,
    PanelType.MATRIX: _matrix,
    PanelType.LINES: _over_time,
    PanelType.COLUMNS: _over_time,
    PanelType.BARS: _bars,
    PanelType.FUNNEL: _bars,
    PanelType.HEAT: _heat,
}


def _only(columns: Sequence[Column]) -> model.DataTransformerConfig:
    """The metric tells more than a panel shows."""
    names = [column.name for column in columns]
    return model.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": names}})


def _ordered(columns: Sequence[Column]) -> model.DataTransformerConfig:
    indexes = {column.name: index for index, column in enumerate(columns)}
    return model.DataTransformerConfig(
        id_val="organize", options={"excludeByName": {}, "indexByName": indexes, "renameByName": {}}
    )


def _fixed(colour: str) -> model.FieldColor:
    return model.FieldColor(model.FieldColorModeId.FIXED, colour)


def _by_thresholds() -> model.FieldColor:
    return model.FieldColor(model.FieldColorModeId.THRESHOLDS)

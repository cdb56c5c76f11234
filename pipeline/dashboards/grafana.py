"""Dashboards as Grafana's JSON: layout, variables, links; made with Grafana's own classes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

from pipeline.dashboards.panels import ANY, Kind
from stack.specification.monitoring.scope import scoped
from stack.specification.monitoring.targets import interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.dashboards.panels import Dashboard, Panel, Section
    from pipeline.dashboards.stack import Stack
    from stack.settings.model import Settings

_Builder: TypeAlias = timeseries.Panel | stat.Panel | bargauge.Panel | statetimeline.Panel

TAG: Final = "data-ingestion"
_COLUMNS: Final = 24
_LONGEST_UID: Final = 40
_HEIGHTS: Final = {Kind.LINES: 8, Kind.NUMBER: 4, Kind.BARS: 8, Kind.STATES: 8}
_VARIABLE: Final = "datasource"
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid=f"${{{_VARIABLE}}}")


def uid(stack: str, slug: str) -> str:
    """Return the uid of a stack's dashboard, which stays the same from build to build; Grafana allows 40 characters."""
    whole = f"{stack}-{slug}"
    if len(whole) <= _LONGEST_UID:
        return whole
    digest = hashlib.sha256(stack.encode()).hexdigest()[:8]
    return f"{stack[: _LONGEST_UID - len(slug) - len(digest) - 2]}-{digest}-{slug}"


def rendered(one: Dashboard, of: Stack) -> str:
    """Return the JSON text of a dashboard.

    Args:
        one: The dashboard.
        of: The stack; where its Prometheus has figures of others, each query asks for the stack's own.
    """
    stack = of.name
    built = (
        dashboard.Dashboard(f"{one.title} ({stack})")
        .uid(uid(stack, one.slug))
        .description(one.description)
        .tags([TAG, stack])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-3h", "now")
        .refresh("1m")
        .with_variable(dashboard.DatasourceVariable(_VARIABLE).label("Prometheus").type("prometheus"))
        .link(
            dashboard.DashboardLink(f"Dashboards of {stack}")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG, stack])
            .as_dropdown(True)  # noqa: FBT003 - the class has no other way
            .keep_time(True)  # noqa: FBT003 - the same
            .include_vars(True)  # noqa: FBT003 - the same
        )
    )
    number = 1
    for section, y, places in _laid_out(one.sections):
        built = built.with_row(dashboard.Row(section.title).id(number).grid_pos(GridPos(x=0, y=y, w=_COLUMNS, h=1)))
        number += 1
        for panel, place in zip(section.panels, places, strict=True):
            built = built.with_panel(_panel(panel, of.settings).id(number).grid_pos(place))
            number += 1
    return json.dumps(built.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _laid_out(sections: Sequence[Section]) -> Iterator[tuple[Section, int, list[GridPos]]]:
    """Yield each section that has panels, with the line of its heading and the places of its panels, from left to right."""
    y = 0
    for section in sections:
        if section.panels:
            places, end = _places(section.panels, y + 1)
            yield section, y, places
            y = end


def _places(panels: Sequence[Panel], y: int) -> tuple[list[GridPos], int]:
    places: list[GridPos] = []
    x = height = 0
    for panel in panels:
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        places.append(GridPos(x=x, y=y, w=panel.width, h=_HEIGHTS[panel.kind]))
        x, height = x + panel.width, max(height, _HEIGHTS[panel.kind])
    return places, y + height


def _panel(panel: Panel, settings: Settings) -> _Builder:
    built = _of_kind(panel)
    built = (
        built.title(panel.title)
        .description(panel.description)
        .datasource(_SOURCE)
        .interval(interval(settings))
        .unit(panel.unit)
        .no_value(panel.absent)
        .thresholds(_thresholds(panel))
    )
    for number, query in enumerate(panel.queries):
        expression = scoped(query.expression, settings)
        target = prometheus.Dataquery().expr(expression).legend_format(query.legend).ref_id(chr(ord("A") + number)).range()
        built = built.with_target(target.datasource(_SOURCE))
    if panel.names:
        results = {str(value): ValueMappingResult(text=text, color=colour) for value, (text, colour) in panel.names.items()}
        built = built.mappings([ValueMap(options=results)])
    if panel.least is not None:
        built = built.min(panel.least)
    return built if panel.most is None else built.max(panel.most)


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=value, color=colour) for value, colour in panel.steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _of_kind(panel: Panel) -> _Builder:
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    if panel.kind is Kind.NUMBER:
        return stat.Panel().reduce_options(last).graph_mode(BigValueGraphMode.AREA).color_mode(BigValueColorMode.VALUE)
    if panel.kind is Kind.BARS:
        built = bargauge.Panel().reduce_options(last).display_mode(BarGaugeDisplayMode.LCD)
        return built.orientation(VizOrientation.HORIZONTAL)
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)  # noqa: FBT003
    if panel.kind is Kind.STATES:
        return statetimeline.Panel().legend(legend).show_value(VisibilityMode.NEVER)
    # a panel without limits needs no line of them
    style = GraphThresholdsStyleMode.OFF if panel.steps == ANY else GraphThresholdsStyleMode.DASHED
    return (
        timeseries.Panel()
        .legend(legend)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
    )

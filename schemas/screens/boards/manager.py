"""Manager: one person, down to the legs of a call."""

from __future__ import annotations

from schemas.screens.boards.columns import COVERAGE, held_against
from schemas.screens.panel import Board, Panel, PanelLink, PanelType, SeriesStyle, Unit, column, query

_NUMBERS = Panel(
    id="manager_numbers",
    panel_type=PanelType.STAT,
    query=query("activity", by=(), unassigned=0),
    columns=(
        column("calls"),
        column("conversations"),
        column("talk_s", Unit.SECONDS),
        column("contacts"),
        column("organisations"),
        column("calls_to_potential"),
        column("calls_per_organisation", Unit.DECIMAL),
        column("general_proposals"),
        column("individual_proposals"),
        column("match_coverage", Unit.RATIO, thresholds=COVERAGE),
    ),
    width=24,
    height=4,
)


def _course(letter: str, name: str) -> Panel:
    """A number day by day, against the plan and the team."""
    time, own, *references = held_against(name, Unit.DECIMAL, f"team_{name}", f"plan_{name}")
    so_far = column(f"{name}_so_far", Unit.DECIMAL, title_id="so_far", style=SeriesStyle.UNFINISHED)
    return Panel(
        id=f"manager_course_{letter}",
        panel_type=PanelType.COLUMNS,
        query=query("trend"),
        columns=(time, own, so_far, *references),
    )


_COURSE_B = Panel(
    id="manager_course_b",
    panel_type=PanelType.LINES,
    query=query("trend"),
    columns=held_against("calls_per_organisation", Unit.DECIMAL, "team_calls_per_organisation"),
)

NOVELTY_COLUMNS = (
    column("time", Unit.TIME),
    column("new_organisations"),
    column("new_so_far", title_id="so_far", style=SeriesStyle.UNFINISHED),
    column("reactivated"),
    column("new_to_manager"),
    column("repeats"),
    column("repeats_so_far", style=SeriesStyle.UNFINISHED),
)

_NOVELTY = Panel(
    id="manager_novelty",
    panel_type=PanelType.COLUMNS,
    query=query("novelty"),
    columns=NOVELTY_COLUMNS,
    width=12,
    height=8,
)

_DEPTH = Panel(
    id="manager_depth",
    panel_type=PanelType.STAT,
    query=query("calls_per_organisation"),
    columns=(
        column("calls_per_organisation", Unit.DECIMAL),
        column("median_calls", Unit.DECIMAL),
        column("called_once", Unit.RATIO),
        column("most_calls"),
    ),
    width=5,
    height=8,
)

_DISTRIBUTION = Panel(
    id="manager_distribution",
    panel_type=PanelType.BARS,
    query=query("calls_per_organisation_distribution"),
    columns=(column("calls_each", Unit.TEXT), column("organisations")),
    width=7,
    height=8,
)

_SUMS = Panel(
    id="manager_sums",
    panel_type=PanelType.TABLE,
    query=query("proposal_sums"),
    columns=(
        column("currency", Unit.TEXT, width=80),
        column("individual_proposals"),
        column("amount", Unit.MONEY),
        column("median_amount", Unit.MONEY),
        column("withdrawn_proposals"),
    ),
    width=10,
    height=8,
)

_PROPOSALS = Panel(
    id="manager_proposals",
    panel_type=PanelType.TABLE,
    query=query("proposals", limit=500),
    columns=(
        column("time", Unit.TIME, width=145),
        column("kind", Unit.TEXT, values="proposal"),
        column("organisation", Unit.TEXT, width=160),
        column("amount", Unit.MONEY),
        column("currency", Unit.TEXT, width=80),
        column("revision"),
        column("withdrawn", Unit.FLAG),
    ),
    width=14,
    height=8,
)

_LEGS_OF = PanelLink(
    board="manager",
    title_id="legs",
    variables=(("source_of_call", "source"), ("call", "call_id"), ("manager", "manager_id")),
)
_RECORDING = PanelLink(title_id="recording", url="${recordings:raw}${__value.raw}")

_CALLS = Panel(
    id="manager_calls",
    panel_type=PanelType.TABLE,
    query=query("calls", organisations=(), contacts=(), limit=1000),
    columns=(
        column("time", Unit.TIME_S, width=170),
        column("manager_id", Unit.TEXT, hidden=True),
        column("source", Unit.TEXT, hidden=True),
        column("call_id", Unit.TEXT, link=_LEGS_OF, width=150),
        column("direction", Unit.TEXT, values="direction"),
        column("disposition", Unit.TEXT, values="disposition"),
        column("contact", Unit.TEXT, width=125),
        column("organisation_id", Unit.TEXT, width=100),
        column("stage", Unit.TEXT, values="stage"),
        column("talk_s", Unit.SECONDS),
        column("wait_s", Unit.SECONDS),
        column("legs"),
        column("recording", Unit.TEXT, link=_RECORDING),
    ),
    width=24,
    height=11,
)

_LEGS = Panel(
    id="manager_legs",
    panel_type=PanelType.TABLE,
    query=query("legs"),
    columns=(
        column("time", Unit.TIME_S, width=170),
        column("direction", Unit.TEXT, values="direction"),
        column("disposition", Unit.TEXT, values="disposition"),
        column("extension", Unit.TEXT),
        column("peer_extension", Unit.TEXT),
        column("contact", Unit.TEXT, width=125),
        column("duration_s", Unit.SECONDS),
        column("billsec_s", Unit.SECONDS),
        column("queue", Unit.TEXT),
        column("application", Unit.TEXT),
        column("recording", Unit.TEXT, link=_RECORDING),
        column("origin", Unit.TEXT, width=150),
    ),
    width=24,
    height=7,
)

MANAGER = Board(
    id="manager",
    panels=(
        _NUMBERS,
        _course("a", "calls_to_potential"),
        _COURSE_B,
        _course("c", "general_proposals"),
        _course("d", "individual_proposals"),
        _NOVELTY,
        _DEPTH,
        _DISTRIBUTION,
        _SUMS,
        _PROPOSALS,
        _CALLS,
        _LEGS,
    ),
    variables=("team", "manager", "conversation_s", "of", "source_of_call", "call", "recordings"),
    single=("manager",),
    start="now-30d/d",
    refresh="5m",
)

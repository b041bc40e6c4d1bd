"""The page beside the files: what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_FILES = {
    "managers": "id; name; team; extensions; valid_from; valid_to (exclusive)",
    "organisations": "id; name; phones; manager_id (who looks after it now)",
    "stages": "organisation_id; stage; changed_at; manager_id; recorded_at (later than changed_at: back-dated)",
    "proposals": (
        "proposal_id; organisation_id; manager_id; kind (general, individual); sent_at; amount; currency; revision;"
        " status (sent, withdrawn)"
    ),
    "plan": (
        "month; manager_id; working_days; calls_to_potential (indicator A); general_proposals; individual_proposals;"
        " amount; currency"
    ),
    "calendar": "day; kind (working, short, moved: a worked Saturday, weekend, holiday); hours; title",
    "absences": "manager_id; first; last (both included); kind (leave, sick)",
    "calls": "an export of the exchange",
}
"""Kind of file -> its columns."""
_TRUTH = {
    "knobs": "what was asked for; the same again gives the same bytes",
    "time_zone, region, currency, conversation_s": "what to read and count with",
    "files": "kind and file, in the order to load them: of two versions of a row the later file has the right one",
    "totals": "calls and legs that were recorded; lost: calls of the dead feed, by day",
    "managers": "with the periods of their teams and extensions",
    "planted": "anomalies hidden in the department: kind, manager_id, first and last day",
    "activity": "every number of `callfunnel activity --by manager,day`",
    "nobody": "the same of calls without a manager (`--unassigned`)",
    "calls": "ids of the calls behind a row, in order of time",
    "funnel_cohort, funnel_flow, funnel_snapshot": '`callfunnel funnel` by month; manager_id "" is the department',
    "funnel_window": "working days of the cohort's window",
}


def readme(files: Iterable[tuple[str, str]], title: str) -> Iterator[str]:
    """Lines of a README.md."""
    yield f"# {title}\n"
    yield "Generated: nobody in it exists, and nobody has these numbers. Tables have semicolons and a header; times are"
    yield "local, without an offset. `callfunnel.toml` has the settings to load it with."
    yield "\n| file | what is in it |\n|---|---|"
    yield from (f"| {file} | {_FILES[kind]} |" for kind, file in files)
    yield "\n## truth.json\nThe right answers, counted from the simulation that the files were written from.\n"
    yield from (f"- **{part}** {text}" for part, text in _TRUTH.items())

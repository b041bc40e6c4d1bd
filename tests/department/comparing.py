"""Rows of the product against truth.json, exactly. For whoever has loaded a generated folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

COUNTS = (
    *("calls", "attempts", "answered", "conversations", "talk_s", "contacts", "organisations", "calls_to_potential"),
    *("general_proposals", "individual_proposals", "unknown_calls"),
)
_HALF = Fraction(1, 20_000) + Fraction(1, 10**9)
"""Half of the last of four decimals: whichever way halves are rounded."""


def activity_differences(rows: Iterable[Mapping[str, Any]], truth: Mapping[str, Any]) -> list[str]:
    """What `callfunnel activity --by manager,day --json` says otherwise than the truth: one line a number.

    Rows of nobody (`--unassigned`) are held against the truth when there are any. No row is a row of zeros.
    """
    got = {(str(row["manager_id"]), str(row["day"])): row for row in rows}
    wanted = {(row["manager_id"], row["day"]): row for row in truth["activity"]}
    if any(manager_id == "" for manager_id, _ in got):
        wanted |= {(row["manager_id"], row["day"]): row for row in truth["nobody"]}
    found = []
    for key in sorted(got.keys() | wanted.keys()):
        where = f"{key[0] or 'nobody'} {key[1]}"
        found += [f"{where} {line}" for line in _row_differences(got.get(key, {}), wanted.get(key, {}))]
    return found


def _row_differences(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterable[str]:
    for name in COUNTS:
        if got.get(name, 0) != wanted.get(name, 0):
            yield f"{name}: {got.get(name, 0)}, true is {wanted.get(name, 0)}"
    calls, unknown = wanted.get("calls", 0), wanted.get("unknown_calls", 0)
    for name, of in (("calls_per_organisation", wanted.get("organisations", 0)), ("match_coverage", calls)):
        said, true = got.get(name), Fraction(calls - unknown, of) if of else None
        if (said is None) != (true is None):
            yield f"{name}: {said}, true is {true}"
        elif said is not None and true is not None and abs(Fraction(str(said)) - true) > _HALF:
            yield f"{name}: {said}, true is {float(true):.6f}"
    sums, true_sums = (_cents(row.get("individual_amount") or {}) for row in (got, wanted))
    if sums != true_sums:
        yield f"individual_amount: {sums}, true is {true_sums} (hundredths)"


def _cents(amounts: Mapping[str, Any]) -> dict[str, int]:
    """Sums in hundredths; a currency whose sum is zero says nothing."""
    cents = {currency: Fraction(str(amount)) * 100 for currency, amount in amounts.items()}
    return {currency: int(amount) for currency, amount in sorted(cents.items()) if amount}


def calls_differences(rows: Iterable[Mapping[str, Any]], truth: Mapping[str, Any]) -> list[str]:
    """What `callfunnel calls --json` says otherwise than the truth about whose a call is: one line a call.

    `local_time` of a row is in the truth's zone. Calls of nobody (`--of unassigned`) are held against the truth when
    there are any among the rows.
    """
    got = {str(row["call_id"]): (str(row["manager_id"]), str(row["local_time"])[:10]) for row in rows}
    of_nobody = any(manager_id == "" for manager_id, _ in got.values())
    wanted = {
        call: (row["manager_id"], row["day"])
        for row in truth["calls"]
        if of_nobody or row["manager_id"]
        for call in row["ids"].split()
    }
    return [
        f"call {call}: {got.get(call, 'missing')}, true is {wanted.get(call, 'no such call')}"
        for call in sorted(got.keys() | wanted.keys())
        if got.get(call) != wanted.get(call)
    ]


def funnel_differences(
    rows: Iterable[Mapping[str, Any]], truth: Mapping[str, Any], clock: str, month: str
) -> list[str]:
    """What `callfunnel funnel --clock CLOCK --json` of a month says otherwise: cohort, flow or snapshot.

    With `--by manager` rows have a manager_id; without it they are of the whole department. A snapshot is taken at the
    end of the month.
    """
    rows = list(rows)
    by_manager = any("manager_id" in row for row in rows)
    wanted = {
        (step["manager_id"], step["stage"]): step
        for step in truth[f"funnel_{clock}"]
        if step["month"] == month and (step["manager_id"] != "") == by_manager
    }
    got = {(str(row.get("manager_id", "")), str(row["stage"])): row for row in rows}
    found = []
    for key in sorted(got.keys() | wanted.keys()):
        row, true = got.get(key, {}), wanted.get(key, {})
        for name in ("entered", "reached"):
            if row.get(name, 0) != true.get(name, 0):
                found.append(f"{month} {key} {name}: {row.get(name, 0)}, true is {true.get(name, 0)}")
        for name in ("step_conversion", "overall_conversion"):
            said, ratio = row.get(name), true.get(name)
            if (said is None) != (ratio is None) or (said is not None and abs(said - ratio) > 1e-9):
                found.append(f"{month} {key} {name}: {said}, true is {ratio}")
    return found

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
_STEP_COUNTS, _STEP_RATIOS = ("entered", "reached"), ("step_conversion", "overall_conversion")
Row = Mapping[str, Any]


class Comparison:
    """What was held against one truth: how many numbers, and which differ, a line each."""

    def __init__(self, truth: Row) -> None:
        self._truth = truth
        self.numbers = 0
        self.differences: list[str] = []

    def activity(self, rows: Iterable[Row]) -> None:
        """What `callfunnel activity --by manager,day --json` says.

        Rows without a manager (`--unassigned`) are held against the truth when there are any. No row is a row of zeros.
        """
        got = {(str(row["manager_id"]), str(row["day"])): row for row in rows}
        wanted = {(row["manager_id"], row["day"]): row for row in self._truth["activity"]}
        if any(manager_id == "" for manager_id, _ in got):
            wanted |= {(row["manager_id"], row["day"]): row for row in self._truth["nobody"]}
        for key in sorted(got.keys() | wanted.keys()):
            self._row(f"{key[0] or 'nobody'} {key[1]}", got.get(key, {}), wanted.get(key, {}))

    def calls(self, rows: Iterable[Row]) -> None:
        """What `callfunnel calls --json` says about whose a call is.

        `local_time` of a row is in the truth's zone. Calls without a manager (`--of unassigned`) are held
        against the truth when there are any among the rows.
        """
        got = {str(row["call_id"]): (str(row["manager_id"]), str(row["local_time"])[:10]) for row in rows}
        of_nobody = any(manager_id == "" for manager_id, _ in got.values())
        wanted = {
            call: (row["manager_id"], row["day"])
            for row in self._truth["calls"]
            if of_nobody or row["manager_id"]
            for call in row["ids"].split()
        }
        for call in sorted(got.keys() | wanted.keys()):
            actual, true = got.get(call, "missing"), wanted.get(call, "no such call")
            self._held(actual == true, f"call {call}: {actual}, true is {true}")

    def funnel(self, rows: Iterable[Row], clock: str, month: str) -> None:
        """What `callfunnel funnel --clock CLOCK --json` of a month says: cohort, flow or snapshot.

        With `--by manager` rows have a manager_id; without it they are of the whole department. A snapshot is taken at
        the end of the month.
        """
        rows = list(rows)
        by_manager = any("manager_id" in row for row in rows)
        wanted = {
            (step["manager_id"], step["stage"]): step
            for step in self._truth[f"funnel_{clock}"]
            if step["month"] == month and (step["manager_id"] != "") == by_manager
        }
        got = {(str(row.get("manager_id", "")), str(row["stage"])): row for row in rows}
        for key in sorted(got.keys() | wanted.keys()):
            row, true = got.get(key, {}), wanted.get(key, {})
            where = f"{month} {clock} {' '.join(filter(None, key))}"
            for name in _STEP_COUNTS:
                self._count(where, name, row, true)
            for name in _STEP_RATIOS:
                actual, ratio = row.get(name), true.get(name)
                equal = actual == ratio if actual is None or ratio is None else abs(actual - ratio) <= 1e-9
                self._held(equal, f"{where} {name}: {actual}, true is {ratio}")

    def _row(self, where: str, got: Row, wanted: Row) -> None:
        for name in COUNTS:
            self._count(where, name, got, wanted)
        calls, unknown = wanted.get("calls", 0), wanted.get("unknown_calls", 0)
        for name, of in (("calls_per_organisation", wanted.get("organisations", 0)), ("match_coverage", calls)):
            actual, true = got.get(name), Fraction(calls - unknown, of) if of else None
            if actual is None or true is None:
                self._held(actual is None and true is None, f"{where} {name}: {actual}, true is {true}")
            else:
                equal = abs(Fraction(str(actual)) - true) <= _HALF
                self._held(equal, f"{where} {name}: {actual}, true is {float(true):.6f}")
        sums, true_sums = (_cents(row.get("individual_amount") or {}) for row in (got, wanted))
        self._held(sums == true_sums, f"{where} individual_amount: {sums}, true is {true_sums} (hundredths)")

    def _count(self, where: str, name: str, got: Row, wanted: Row) -> None:
        actual, true = got.get(name, 0), wanted.get(name, 0)
        self._held(actual == true, f"{where} {name}: {actual}, true is {true}")

    def _held(self, equal: bool, message: str) -> None:
        self.numbers += 1
        if not equal:
            self.differences.append(message)


def _cents(amounts: Mapping[str, Any]) -> dict[str, int]:
    """Sums in hundredths; a currency whose sum is zero says nothing."""
    cents = {currency: Fraction(str(amount)) * 100 for currency, amount in amounts.items()}
    return {currency: int(amount) for currency, amount in sorted(cents.items()) if amount}

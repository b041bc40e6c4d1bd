"""The department at a glance, from its truth: calls a day and manager, the hours of the day, the funnel. Plain SVG."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.errors import Terminal
from schemas.stages import default_stages

_RENDERER = "rsvg-convert"
_WIDE = 1_200
_LEFT = 200
_ROW = 20
_MOST_PEOPLE = 60
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}.q{fill:#6e7781;font-size:11px}"
    ".a{font-size:11px;fill:#c2410c;stroke:#fff;stroke-width:3px;paint-order:stroke}"
)
_SHADES = ("#eef3fb", "#d6e4f5", "#b0cdec", "#7fafdd", "#4f8fcb", "#2a6db0", "#174f8a", "#0b3566")
_OFF, _ALARM, _BAR = "#f0f0f0", "#c2410c", "#4f8fcb"


def drawable(target: Path) -> None:
    """Raises Terminal for an ending that does not name a picture format, and for .png where nothing can render it."""
    if target.suffix not in (".svg", ".html", ".png"):
        raise Terminal(f"{target}: a picture is an .svg, .html or .png")
    if target.suffix == ".png" and shutil.which(_RENDERER) is None:
        raise Terminal(f"{target}: {_RENDERER}, which makes a PNG, is not installed; give .svg or .html")


def draw(truth: Path, target: Path) -> None:
    """Write the picture of a truth.json. Raises Terminal when it cannot be written."""
    drawable(target)
    svg = "\n".join(_plot(msgspec.json.decode(truth.read_bytes())))
    try:
        if target.suffix == ".png":
            subprocess.run([_RENDERER, "-o", str(target)], input=svg.encode(), check=True)
        elif target.suffix == ".html":
            page = '<!doctype html><meta charset="utf-8"><title>callfunnel: a department</title><body>'
            target.write_text(f"{page}{svg}</body>\n", encoding="utf-8")
        else:
            target.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise Terminal(f"{target}: {error.strerror}; give another --plot") from None


def _plot(truth: dict[str, Any]) -> Iterator[str]:
    options = truth["knobs"]
    people = truth["managers"][:_MOST_PEOPLE]
    height = 150 + len(people) * _ROW + 250
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{height}" viewBox="0 0 {_WIDE} {height}">'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
    )
    rows = truth["activity"]
    proposals = sum(row["general_proposals"] + row["individual_proposals"] for row in rows)
    yield _text(20, 28, f"{len(truth['managers'])} managers, {options['days']} days from {options['first']}", "t")
    yield _text(
        *(20, 46),
        f"{sum(row['calls'] for row in rows):,} calls of managers, {sum(row['conversations'] for row in rows):,}"
        f" conversations of {truth['conversation_s']} s and more, {proposals:,} proposals; seed {options['seed']},"
        f" {truth['time_zone']}",
        "q",
    )
    yield from _heat_map(truth, people, 80)
    below = 120 + len(people) * _ROW
    yield from _hours(truth, below)
    yield from _funnel(truth, below)
    yield "</svg>"


def _heat_map(truth: dict[str, Any], people: Sequence[dict[str, Any]], top: int) -> Iterator[str]:
    """One square a day and manager; frames around what is hidden in the department."""
    first, days = date.fromisoformat(truth["knobs"]["first"]), truth["knobs"]["days"]
    wide = (_WIDE - _LEFT - 20) / days
    calls = {(row["manager_id"], row["day"]): row["calls"] for row in truth["activity"]}
    usual = sorted(calls.values())[-1 - len(calls) // 50] if calls else 1
    yield _text(20, top - 10, f"Calls a day (darkest: {usual} and more)", "t")
    for n in range(days):
        day = first + timedelta(days=n)
        if day.day == 1 or n == 0:
            yield _text(_LEFT + n * wide, top + 4, f"{day:%d.%m}", "q")
    for line, manager in enumerate(people):
        y = top + 10 + line * _ROW
        yield _text(20, y + 14, f"{manager['name']} ({manager['manager_id']})")
        for n in range(days):
            count = calls.get((manager["manager_id"], (first + timedelta(days=n)).isoformat()), 0)
            shade = _SHADES[min(len(_SHADES) - 1, count * len(_SHADES) // (usual + 1))] if count else _OFF
            square = f'x="{_LEFT + n * wide:.1f}" y="{y}" width="{wide - 0.6:.1f}" height="{_ROW - 3}"'
            yield f'<rect {square} fill="{shade}"/>'
    for n, event in enumerate(truth["planted"]):
        yield from _frame(event, n, people, first, days, top + 10)


def _frame(
    event: dict[str, Any], n: int, people: Sequence[dict[str, Any]], first: date, days: int, top: int
) -> Iterator[str]:
    """A frame around the days of an anomaly, with its name: in the manager's line, or below when it is everybody's."""
    lines = [i for i, manager in enumerate(people) if event["manager_id"] in ("", manager["manager_id"])]
    if not lines:
        return
    begins, ends = (date.fromisoformat(event[key]) for key in ("first", "last"))
    wide = (_WIDE - _LEFT - 20) / days
    x, width = _LEFT + (begins - first).days * wide, ((ends - begins).days + 1) * wide
    y, tall = top + lines[0] * _ROW, len(lines) * _ROW - 3
    name = escape(event["kind"].replace("_", " "))
    frame = f'x="{x:.1f}" y="{y - 1}" width="{min(width, _WIDE - 20 - x):.1f}" height="{tall + 2}"'
    yield f'<rect {frame} fill="none" stroke="{_ALARM}" stroke-width="1.4"><title>{name}</title></rect>'
    below = event["manager_id"] == ""
    side = ' text-anchor="end"' if below and n % 2 else ""
    where = f'x="{x + (-3 if side else 3):.1f}" y="{y + tall + 13 if below else y + 13}"{side}'
    yield f'<text {where} class="a">{name}</text>'


def _hours(truth: dict[str, Any], top: int) -> Iterator[str]:
    """Calls by quarter of an hour: each id begins with the second of its call."""
    zone = ZoneInfo(truth["time_zone"])
    quarters = [0] * 96
    for row in truth["calls"]:
        for name in row["ids"].split():
            at = datetime.fromtimestamp(int(name.partition(".")[0]), zone)
            quarters[at.hour * 4 + at.minute // 15] += 1
    most, bottom, wide = max([*quarters, 1]), top + 220, 6.6
    yield _text(20, top, "Calls by the hour", "t")
    for n in range(28, 84):
        tall = 190 * quarters[n] / most
        x = 20 + (n - 28) * (wide + 2)
        yield f'<rect x="{x:.1f}" y="{bottom - tall:.1f}" width="{wide}" height="{tall:.1f}" fill="{_BAR}"/>'
        if n % 8 == 0:
            yield _text(x, bottom + 16, f"{n // 4}:00", "q")


def _funnel(truth: dict[str, Any], top: int) -> Iterator[str]:
    """Whoever first entered the funnel in the period: how far they have come."""
    steps = [step for step in truth["funnel_cohort"] if not step["manager_id"]]
    since = truth["knobs"]["first"][:7]
    x, y = 560, top + 26
    titles = [(stage.code, stage.title.en) for stage in default_stages().stages if not stage.terminal]
    reached = [sum(s["reached"] for s in steps if s["stage"] == code and s["month"] >= since) for code, _ in titles]
    yield _text(x, top, f"Organisations new since {since}, by how far they have come", "t")
    for n, ((_, title), count) in enumerate(zip(titles, reached, strict=True)):
        wide = 420 * count / max(reached[0], 1)
        share = f", {count / reached[n - 1]:.0%} of the step before" if n and reached[n - 1] else ""
        yield f'<rect x="{x + 100}" y="{y}" width="{wide:.1f}" height="26" fill="{_SHADES[6 - n]}"/>'
        yield _text(x, y + 17, title)
        yield _text(x + 108 + wide, y + 17, f"{count}{share}", "q")
        y += 38


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'

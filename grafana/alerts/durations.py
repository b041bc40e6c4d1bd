"""Durations as Grafana's alert rules have them (Prometheus' form): `1w`, `1h30m`.

https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations
"""

from __future__ import annotations

import re

_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WHOLE = ("y", "w")
"""Units that are written only where nothing is left beside them."""
_DURATION = re.compile(r"(?:\d+[ywdhms])+")


def duration(seconds: int) -> str:
    """As Grafana gives it back."""
    left, parts = seconds, []
    for unit, size in _SECONDS.items():
        if left >= size and not (unit in _WHOLE and left % size):
            parts.append(f"{left // size}{unit}")
            left %= size
    return "".join(parts) or "0s"


def seconds_of(text: object) -> int | None:
    """Of `7d`, `1w` and `168h` alike; None for what is not a duration of whole seconds."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return None
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([ywdhms])", text))

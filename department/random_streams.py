"""The dice: one stream for each purpose, the same for a seed, so that one more draw here moves nothing there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from statistics import NormalDist

TABLE = 4_096


def stream(seed: int, purpose: str) -> Random:
    """The dice of a purpose."""
    return Random(f"{seed}/{purpose}")  # noqa: S311  # dice, no secrets


def poisson(dice: Random, mu: float) -> int:
    """A Poisson count: the sum of exponential gaps for a small mean, else in halves (Ahrens and Dieter, 1974)."""
    count = 0
    while mu > 30:
        halfway = int(mu * 7 / 8)
        reached = dice.gammavariate(halfway, 1.0)
        if reached > mu:
            return count + sum(dice.random() < mu / reached for _ in range(halfway - 1))
        count += halfway
        mu -= reached
    limit, product = math.exp(-mu), dice.random()
    while product > limit:
        count += 1
        product *= dice.random()
    return count


def over_dispersed(dice: Random, mu: float, size: float) -> int:
    """A negative binomial count: mean `mu`, variance mu + mu²/size. A manager's days differ more than chance does."""
    return poisson(dice, dice.gammavariate(size, mu / size)) if mu > 0 else 0


def lognormal_table(median: float, sigma: float, least: int, most: int) -> list[int]:
    """Quantiles of a log-normal duration in seconds: `table[int(dice.random() * TABLE)]` draws one."""
    normal = NormalDist()
    spread = (math.exp(sigma * normal.inv_cdf((i + 0.5) / TABLE)) for i in range(TABLE))
    return [min(most, max(least, round(median * factor))) for factor in spread]


def curve_table(points: Sequence[tuple[float, float]]) -> list[int]:
    """Quantiles of a density given by (hour, height) points with straight lines between: seconds of the day."""
    step = 60
    heights = []
    for second in range(0, 86_400, step):
        hour = second / 3_600
        height = 0.0
        for (x0, y0), (x1, y1) in pairwise(points):
            if x0 <= hour < x1:
                height = y0 + (y1 - y0) * (hour - x0) / (x1 - x0)
        heights.append(height)
    total, reached, minute = sum(heights), 0.0, 0
    table = []
    for i in range(TABLE):
        wanted = (i + 0.5) / TABLE * total
        while reached + heights[minute] < wanted:
            reached += heights[minute]
            minute += 1
        table.append(minute * step + int((wanted - reached) / heights[minute] * step))
    return table

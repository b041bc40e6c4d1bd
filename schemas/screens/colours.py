"""Colours that people with any colour vision tell apart: Okabe and Ito's (https://jfly.uni-koeln.de/color/)."""

from __future__ import annotations

BLUE = "#0072B2"
ORANGE = "#E69F00"
SKY = "#56B4E9"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#8C8C8C"

SERIES = (BLUE, ORANGE, SKY, PURPLE, VERMILION)
"""Of the series of one chart, in order. Lines differ in their dashes too."""

STATE = {"good": BLUE, "notice": ORANGE, "bad": VERMILION}
"""Blue, orange, vermilion: not red against green. Numbers and words stand beside the colour."""

HEAT = ("#F7FBFF", "#C6DBEF", "#6BAED6", "#2171B5", "#08306B")
"""From nothing to most: it darkens, so it works without any colour too."""

"""Scripts and styles of what is drawn as HTML."""

from __future__ import annotations

from importlib.resources import files


def plotly_script() -> bytes:
    """Plotly's own script, as its package ships it."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


def page_file(name: str) -> bytes:
    return (files("pipeline.drawing.page") / name).read_bytes()


def report_file(name: str) -> bytes:
    return (files("pipeline.drawing.report") / name).read_bytes()
